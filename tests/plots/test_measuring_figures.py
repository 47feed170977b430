from drawn import drawn

from efficient_ai.hardware import energy_fit
from efficient_ai.measure import battery, eembc, queueing
from efficient_ai.plots import measuring


def texts(legend):
    return [text.get_text() for text in legend.get_texts()]


def test_a_queues_figure_names_each_stream_with_its_misses_and_marks_the_deadline():
    runs = [queueing.simulate_queue(s, hop_ms=20.0, arrivals=50, name=f"{s:g} ms") for s in (5.0, 43.4)]
    axes = drawn(lambda: measuring.plot_queue(runs)).axes[0]
    assert texts(axes.get_legend()) == ["5 ms: 0.0%", "43.4 ms: 100.0%"]
    assert [text.get_text() for text in axes.texts] == ["20 ms"]


def test_a_discharge_ends_at_nothing():
    duty = battery.Duty(first=battery.Net(name="n", energy_uj=1_000, basis="modelled"), decisions_per_s=1)
    trace = battery.discharge(battery.Battery(energy_j=8_600), duty)
    axes = drawn(lambda: measuring.plot_discharge({"one": trace})).axes[0]
    assert axes.lines[0].get_ydata()[-1] == 0
    assert texts(axes.get_legend()) == ["one: 100 days"]


def test_held_out_predictions_by_time_and_by_macs_have_markers_of_their_own():
    board = energy_fit.boards()[0]
    macs = dict.fromkeys(energy_fit.TASKS, 1_000_000)
    predictions = [*energy_fit.leave_one_out(board), *energy_fit.leave_one_out(board, macs=macs)]
    axes = drawn(lambda: measuring.plot_held_out(predictions)).axes[0]
    assert [line.get_marker() for line in axes.lines[1:]] == ["o", "s"]
    assert all(len(line.get_xdata()) == 4 for line in axes.lines[1:])


def test_each_rule_stands_at_what_it_reports():
    samples = [1.0 + 0.01 * (i % 50) for i in range(2_000)]
    scores = eembc.rule_scores(samples)
    axes = drawn(lambda: measuring.plot_rules(scores, samples)).axes[0]
    assert [line.get_xdata()[0] for line in axes.lines] == [score.latency_ms for score in scores]
