from small_nets import tflite

from efficient_ai import cli, cost, engines


def test_memory_prints_plan_bound_and_arena(capsys, tmp_path):
    file = tmp_path / "net.tflite"
    file.write_bytes(tflite("int8"))
    assert cli.main(["memory", str(file)]) == 0
    out = capsys.readouterr().out
    plan = cost.plan_memory(file)
    assert f"{plan.planned_bytes:,} bytes planned; no plan can do with less than {plan.lower_bound_bytes:,}" in out
    assert len(out.splitlines()) == len(plan.tensors) + 3
    if engines.available()["tflm"]:
        assert f"{engines.arena(tflite('int8')).arena_bytes:,} bytes of arena" in out


def test_memory_says_why_there_is_no_arena(capsys, tmp_path):
    file = tmp_path / "net.tflite"
    file.write_bytes(tflite("dynamic_int8"))
    assert cli.main(["memory", str(file)]) == 0
    assert "arena: " in capsys.readouterr().out.splitlines()[-1]


def test_a_file_that_is_none_is_one_line_and_exit_code_2(capsys, tmp_path):
    (tmp_path / "notes.tflite").write_text("not a model")
    for name in ("notes.tflite", "nothing.tflite"):
        assert cli.main(["memory", str(tmp_path / name)]) == 2
        err = capsys.readouterr().err
        assert err.startswith("efficient-ai: ")
        assert err.count("\n") == 1
