"""What a budget may limit: the unit in the name, the side on which the limit stands, and the figure it wants."""

from __future__ import annotations

from dataclasses import dataclass

AT_MOST, AT_LEAST = "at most", "at least"
KINDS = ("computed", "measured", "modelled")
# A limit that wants the first takes any of these: a measurement stands for a model, never the other way round.
ACCEPTED = {
    "computed": ("computed", "measured"),
    "measured": ("measured",),
    "modelled": ("modelled", "measured", "computed"),
}


@dataclass(frozen=True)
class Quantity:
    """One thing that can be limited; `fraction` bounds it to [0, 1]."""

    key: str
    unit: str
    side: str
    kind: str
    meaning: str
    fraction: bool = False


_ALL = (
    Quantity("flash_kib", "KiB", AT_MOST, "computed", "bytes of the model's file"),
    Quantity("download_kib", "KiB", AT_MOST, "computed", "the model's file through DEFLATE"),
    Quantity("ram_kib", "KiB", AT_MOST, "computed", "arena of the interpreter for microcontrollers"),
    Quantity("mega_macs", "million MACs", AT_MOST, "computed", "multiply-accumulates of an inference"),
    Quantity("latency_p50_ms", "ms", AT_MOST, "measured", "median time of an inference"),
    Quantity("latency_p90_ms", "ms", AT_MOST, "measured", "time that one inference in ten exceeds"),
    Quantity("latency_p99_ms", "ms", AT_MOST, "measured", "time that one inference in a hundred exceeds"),
    Quantity("energy_mj_per_inference", "mJ", AT_MOST, "modelled", "energy of an inference"),
    Quantity("battery_days", "days", AT_LEAST, "modelled", "life of the battery in [battery]"),
    Quantity("accuracy", "", AT_LEAST, "measured", "accuracy on the task's test set", fraction=True),
    Quantity("worst_class_accuracy", "", AT_LEAST, "measured", "accuracy of the worst class", fraction=True),
    Quantity("noisy_accuracy", "", AT_LEAST, "measured", "accuracy on corrupted inputs", fraction=True),
    Quantity("calibration_error", "", AT_MOST, "measured", "expected calibration error", fraction=True),
    Quantity("recall", "", AT_LEAST, "measured", "share of the keywords that are heard", fraction=True),
    Quantity("false_accepts_per_hour", "/h", AT_MOST, "measured", "alarms an hour without a keyword"),
    Quantity("price_usd", "USD", AT_MOST, "computed", "price of the device in the catalogue"),
)
QUANTITIES = {quantity.key: quantity for quantity in _ALL}
