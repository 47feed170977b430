import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai.decide import QUANTITIES, Figure, Row, as_data, explore


def row(name, latency, accuracy, size=10.0, *, bound=False):
    figures = {
        "latency_p50_ms": Figure(latency, "measured", "here"),
        "accuracy": Figure(accuracy, "measured", "here"),
        "flash_kib": Figure(size, "computed", "the file", bound),
    }
    return Row(name, "int8", figures)


ROWS = (row("small", 1.0, 0.8, 5), row("middle", 2.0, 0.9, 50), row("large", 4.0, 0.95, 500), row("worse", 3.0, 0.85))


def test_the_front_is_of_those_that_keep_every_limit():
    free = explore(ROWS, x="latency_p50_ms", y="accuracy")
    assert [r.name for r in free.front()] == ["small", "middle", "large"]
    bound = explore(ROWS, x="latency_p50_ms", y="accuracy", limits={"flash_kib": 20, "accuracy": 0.82})
    assert [r.name for r in bound.front()] == ["worse"]
    assert bound.missed(ROWS[0]) == ("accuracy",)
    assert bound.missed(ROWS[1]) == ("flash_kib",)


def test_a_limit_on_the_value_itself_is_kept():
    found = explore(ROWS, x="latency_p50_ms", y="accuracy", limits={"flash_kib": 500, "accuracy": 0.8})
    assert not any(found.missed(r) for r in ROWS)


def test_a_limit_that_is_not_set_is_kept_by_all_and_by_what_has_no_figure():
    lost = Row("lost", "int8", {k: v for k, v in ROWS[0].figures.items() if k != "flash_kib"})
    found = explore((*ROWS, lost), x="latency_p50_ms", y="accuracy", limits={"flash_kib": None})
    assert not any(found.missed(r) for r in found.rows)


def test_a_missing_figure_and_a_lower_bound_keep_no_limit():
    lost = Row("lost", "int8", {k: v for k, v in ROWS[0].figures.items() if k != "flash_kib"})
    lower = row("lower", 1.5, 0.9, 1, bound=True)
    found = explore((*ROWS, lost, lower), x="latency_p50_ms", y="accuracy", limits={"flash_kib": 1000})
    assert found.missed(lost) == found.missed(lower) == ("flash_kib",)
    assert found.missed(ROWS[2]) == ()


def test_variants_without_a_figure_on_an_axis_are_not_shown():
    unknown = Row("unknown", "int8", {"accuracy": Figure(0.99, "measured", "here")})
    found = explore((*ROWS, unknown), x="latency_p50_ms", y="accuracy")
    assert unknown not in found.shown()
    assert unknown in found.rows


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 10)), min_size=2, max_size=12))
def test_no_variant_beats_one_of_the_front_and_each_other_is_beaten_or_equalled(points):
    rows = [row(str(i), float(x), y / 10) for i, (x, y) in enumerate(points)]
    front = explore(rows, x="latency_p50_ms", y="accuracy").front()

    def place(r):
        return r.figures["latency_p50_ms"].value, r.figures["accuracy"].value

    for one in front:
        (x, y) = place(one)
        assert not any(a <= x and b >= y and (a, b) != (x, y) for a, b in map(place, rows))
    for other in rows:
        assert any(a <= place(other)[0] and b >= place(other)[1] for a, b in map(place, front))


def test_data_carry_value_kind_and_bound_of_each_figure():
    found = as_data(explore(ROWS, x="flash_kib", y="accuracy"), {"int8": ("#000", "circle")})
    assert found["rows"][0]["figures"] == {"flash_kib": [5, "computed", False], "accuracy": [0.8, "measured", False]}
    assert found["quantities"]["accuracy"]["factor"] == 100
    assert found["quantities"]["flash_kib"]["log"]
    assert not found["quantities"]["accuracy"]["log"]
    assert found["quantities"]["flash_kib"]["side"] == QUANTITIES["flash_kib"].side


def test_numpys_numbers_become_plain_ones():
    rows = [row(str(i), np.float64(i + 1), np.float32(i / 10), np.int64(5 * i)) for i in range(3)]
    found = as_data(
        explore(rows, x="latency_p50_ms", y="flash_kib", limits={"flash_kib": None}), {"int8": ("#0", "up")}
    )
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rows": ROWS[:1]}, "at least two"),
        ({"rows": (ROWS[0], ROWS[0])}, "names of their own"),
        ({"x": "speed"}, "unknown key 'speed'"),
        ({"axes": ("speed",)}, "unknown key 'speed'"),
        ({"limits": {"size": 1}}, "unknown key 'size'"),
        ({"x": "accuracy"}, "got accuracy twice"),
        ({"axes": ("price_usd",)}, "price_usd has a value for fewer than two"),
        ({"limits": {"accuracy": math.nan}}, "must be finite, got nan"),
    ],
)
def test_bad_requests_say_what_was_given(options, message):
    asked = {"rows": ROWS, "x": "latency_p50_ms", "y": "accuracy", **options}
    with pytest.raises(ValueError, match=message):
        explore(asked.pop("rows"), **asked)
