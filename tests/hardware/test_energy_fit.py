import pytest
from hypothesis import given
from hypothesis import strategies as st

from efficient_ai.hardware import energy_fit
from efficient_ai.hardware.energy_fit import BoardTask, fit_energy
from efficient_ai.published import UnknownFigure

L4R5 = "mlperf_tiny_v1_3.stm32l4r5"
MACS = {"kws": 2_656_768, "ic": 12_501_632, "vww": 7_489_664, "ad": 264_192}


@given(st.floats(0.1, 1e3), st.lists(st.floats(1e-3, 10.0), min_size=1, max_size=6))
def test_a_board_of_constant_power_is_fitted_exactly(power_mw, times):
    points = [BoardTask("board", str(i), seconds, 1e3 * power_mw * seconds) for i, seconds in enumerate(times)]
    assert fit_energy(points).power_mw == pytest.approx(power_mw)


def test_the_fit_has_the_least_squares_of_relative_errors():
    points = energy_fit.board_tasks(L4R5)
    best = fit_energy(points).slope

    def squares(slope):
        return sum((slope * point.time_s / point.energy_uj - 1) ** 2 for point in points)

    assert squares(best) < squares(best * 1.001)
    assert squares(best) < squares(best * 0.999)


def test_on_the_m4_energy_is_time_times_33_milliwatts_and_hundreds_of_picojoules_a_mac():
    points = energy_fit.board_tasks(L4R5)
    assert round(fit_energy(points).power_mw) == 33
    assert 400 < fit_energy(points, macs=MACS).pj_per_mac < 650


def test_time_predicts_the_task_that_was_left_out_and_better_than_macs_do():
    assert len(energy_fit.boards()) >= 3
    for board in energy_fit.boards():
        by_time, by_macs = energy_fit.leave_one_out(board), energy_fit.leave_one_out(board, macs=MACS)
        assert [one.task for one in by_time] == list(energy_fit.TASKS)
        assert energy_fit.mean_error(by_time) < 0.10
        assert energy_fit.mean_error(by_time) < energy_fit.mean_error(by_macs)


def test_a_prediction_does_not_see_what_it_predicts(monkeypatch):
    before = energy_fit.leave_one_out(L4R5)[0].modelled_uj
    points = list(energy_fit.board_tasks(L4R5))
    changed = [BoardTask(points[0].board, points[0].task, points[0].time_s, 7.0), *points[1:]]
    monkeypatch.setattr(energy_fit, "board_tasks", lambda board: tuple(changed))
    found = energy_fit.leave_one_out(L4R5)[0]
    assert found.modelled_uj == before
    assert found.published_uj == 7.0


def test_bad_arguments_are_named():
    points = energy_fit.board_tasks(L4R5)
    with pytest.raises(ValueError, match=r"points must be of one board"):
        fit_energy([])
    with pytest.raises(ValueError, match=r"macs lacks kws"):
        fit_energy(points, macs={})
    with pytest.raises(ValueError, match=r"this fit is per time, not per macs"):
        _ = fit_energy(points).pj_per_mac
    with pytest.raises(ValueError, match=r"at least one prediction, got none"):
        energy_fit.mean_error([])
    with pytest.raises(UnknownFigure):
        energy_fit.leave_one_out("abacus")
