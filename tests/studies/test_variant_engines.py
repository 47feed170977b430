from efficient_ai import studies
from efficient_ai.studies import variant_engines


def test_every_picture_file_was_timed_on_litert():
    names = set(studies.variants.entries("fashion_mnist"))
    (entry,) = studies.record("variant_engines").entries
    assert set(entry["p50_ms"]["litert"]) == names
    assert set(entry["p50_ms"]["tflite-runtime"]) <= names
    assert set(entry["p50_ms"]) == set(variant_engines.ENGINES)
    assert all(ms > 0 for by in entry["p50_ms"].values() for ms in by.values())
