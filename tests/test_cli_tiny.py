import json

from efficient_ai import cli


def test_a_short_run_prints_the_rules_lines_and_says_that_it_is_not_valid(capsys):
    assert cli.main(["mlperf-tiny", "--task", "ad", "--window", "0.01"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("ad: anomaly detection, autoencoder int8, litert")
    assert "Performance results for window 5" in out
    assert "Runtime requirements have not been met." in out
    assert "Median throughput is" in out
    assert "unofficial" in out
    assert "shortened, not valid under the rules" in out
    assert "not evaluated quality: auc at least 0.85" in out


def test_json_has_windows_checks_and_the_note(capsys):
    assert cli.main(["mlperf-tiny", "--task", "ad", "--window", "0.01", "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert len(found["windows"]) == 5
    assert found["valid"] is False
    assert found["quality"] is None
    assert "unofficial" in found["note"]
    assert {check["verdict"] for check in found["checks"]} == {"met", "missed", "not evaluated"}


def test_mistakes_are_one_line_and_exit_code_2(capsys):
    for arguments, said in (
        (["--task", "sww"], "there is no MLPerf Tiny task 'sww'"),
        (["--task", "ad", "--window", "-1"], "window_s must be above 0"),
        (["--task", "ad", "--engine", "abacus"], "abacus"),
    ):
        assert cli.main(["mlperf-tiny", *arguments]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert said in error
