"""A report's document, made up: small, and with something in every part of it."""

from efficient_ai.report import verdicts


def _interval(value):
    return {"value": value, "low": value - 0.01, "high": value + 0.01, "confidence": 0.95}


def _layer(name, operator, macs):
    sizes = {"params": macs // 10, "macs": macs, "weight_bytes": macs, "input_bytes": 64, "output_bytes": 64}
    return {"name": name, "operator": operator, "output_shape": [1, 4, 4, 1], **sizes}


def _variant(name, size, change, *, technique="", precision="float32"):
    device = {"name": "Board", "memory_bytes": 65_536, "storage_bytes": 1_048_576, "fits": True, "short_of": []}
    return {
        "name": name,
        "technique": technique,
        "precision": precision,
        "macs": 1_000,
        "params": 100,
        "weight_bytes": 1_000,
        "peak_activation_bytes": 128,
        "unknown_operators": [],
        "operators": {"CONV_2D": 1},
        "custom_operators": [],
        "size_bytes": size,
        "deflate_bytes": size // 2,
        "stored_bytes": size // 4 if technique else None,
        "treated_params": 90 if technique else None,
        "quality": {
            "examples": 40,
            "sqnr_db": [30.0],
            "agreement": _interval(0.99),
            "accuracy": _interval(0.9 + change),
            "accuracy_change": _interval(change),
        },
        "plan": {"planned_bytes": 192, "lower_bound_bytes": 128},
        "arena": {"arena_bytes": 2_048, "head_bytes": 192, "tail_bytes": 1_856},
        "vela": {"reason": "Vela compiles operators on integers"},
        "energy": {
            "precision": "float32",
            "compute_uj": 0.1,
            "memory_uj": 0.2,
            "total_uj": 0.3,
            "lower_bound": False,
        },
        "devices": [device],
    }


def _timed(variant, p50):
    how = {"delegate": "XNNPACK", "threads": 1, "runs": 50, "warmup": 10, "rounds": 10, "cpu": "a processor"}
    times = None if variant == "float32" else _interval(0.5)
    row = {"variant": variant, "engine": "litert", "p50_ms": p50, "p90_ms": 1.2 * p50, "p99_ms": 2 * p50}
    return {**row, **how, "times_float32": times}


def _budget():
    limit = {"key": "flash_kib", "side": "at most", "limit": 8.0, "unit": "KiB", "lower_bound": False}
    limit |= {"kind": "computed", "kind_wanted": "computed"}
    verdicts_of = {
        "float32": limit | {"value": 9.8, "excess": 1.8, "outcome": "missed", "reason": "over", "method": "size"},
        "dynamic_int8": limit | {"value": 3.9, "excess": -4.1, "outcome": "met", "reason": "fits", "method": ""},
    }
    return {
        "name": "button",
        "why": "It is small.",
        "device": "Board",
        "winner": "dynamic_int8",
        "rule": "the lowest flash_kib of those that keep every limit",
        "losses": [{"variant": "float32", "reason": "flash_kib missed: over"}],
        "open_limits": [],
        "advice": {
            "variant": "dynamic_int8",
            "first": [{"try": "fewer channels", "for": ["flash_kib"], "since": "2 times fewer bytes"}],
            "not_to_try": [{"name": "a second thread", "since": "no gain"}],
            "unanswered": ["price_usd"],
        },
        "variants": [
            {"variant": name, "met": one["outcome"] == "met", "missed": one["outcome"] == "missed", "not_evaluated": 0}
            | {"verdicts": [one]}
            for name, one in verdicts_of.items()
        ],
    }


def document():
    """A whole document; each call gives another."""
    found = {
        "schema": 1,
        "model": {
            "name": "net",
            "file": "net.keras",
            "kind": "keras",
            "size_bytes": 12_000,
            "sha256": "ab",
            "params": 100,
        },
        "made": {
            "date": "2026-01-02T03:04:05+00:00",
            "seconds": 12.3,
            "seed": 0,
            "data": "data.npz",
            "cpu": "a processor",
            "cores": 2,
            "memory_bytes": 1_000,
            "system": "Linux",
            "python": "3.11.7",
            "versions": {"tensorflow": "2.21.0"},
        },
        "inputs": [{"name": "picture", "key": "picture", "shape": [1, 4, 4, 1], "dtype": "float32"}],
        "outputs": [{"name": "kind", "shape": [1, 10], "dtype": "float32"}],
        "cost": {
            "basis": "the source's layers, in float32",
            "reason": None,
            "params": 100,
            "macs": 1_000,
            "weight_bytes": 1_000,
            "peak_activation_bytes": 128,
            "unknown_operators": [],
            "layers": [_layer("conv", "Conv2D", 900), _layer("logits", "Dense", 100)],
        },
        "variants": [
            _variant("float32", 10_000, 0.0),
            _variant("dynamic_int8", 4_000, -0.005, precision="dynamic_int8"),
            _variant("pruned float32", 10_000, -0.1, technique="pruned") | {"sparsity": 0.5},
            {"name": "int8", "technique": "", "precision": "int8", "reason": "left out: it needs data"},
        ],
        "quality": {
            "basis": "labels",
            "examples": 40,
            "calibration_examples": 20,
            "reference": "the source itself",
            "reason": None,
        },
        "latency": [
            _timed("float32", 1.0),
            _timed("dynamic_int8", 0.5),
            {"engine": "tflite-runtime", "install_command": "pip install tflite-runtime"},
        ],
        "memory_plan": {
            "variant": "dynamic_int8",
            "steps": ["0 CONV_2D", "1 FULLY_CONNECTED"],
            "tensors": [[0, 0, 0, 64], [0, 1, 64, 64], [1, 1, 128, 64]],
            "lower_bound_bytes": 128,
            "alignment_bytes": 16,
        },
        "budget": _budget(),
    }
    found["choice"] = verdicts.choice(found)
    found["summary"] = verdicts.summary(found)
    return found
