import pytest

from efficient_ai import cost
from efficient_ai.data import silicon_labs
from efficient_ai.data.silicon_labs import ARCHIVES
from efficient_ai.errors import DataUnavailable, EfficientAIError
from efficient_ai.measure.mlperf_tiny import TASKS
from efficient_ai.measure.tiny_runner import reference_net


def test_there_is_a_model_for_each_task_of_the_benchmark():
    assert set(ARCHIVES) == set(TASKS)


@pytest.mark.parametrize("task", TASKS)
def test_a_makers_model_is_the_reference_architecture_in_int8(task):
    found = silicon_labs(task)
    counted = cost.count_file(found.content)
    ours = cost.count(reference_net(TASKS[task])).macs
    assert counted.macs == ours  # the keyword net hears one frame more, and has as many rows
    assert counted.weight_bytes < 2 * counted.params
    assert 0.5 < found.reported < 1


def test_another_task_is_refused_by_name():
    with pytest.raises(EfficientAIError, match="no model for 'sww'"):
        silicon_labs("sww")


def test_another_content_is_not_taken_for_the_archive(monkeypatch):
    name, _, data, asked = ARCHIVES["kws"]
    monkeypatch.setitem(ARCHIVES, "kws", (name, "0" * 64, data, asked))
    with pytest.raises(DataUnavailable):
        silicon_labs("kws")
