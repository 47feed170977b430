import os
import signal
import subprocess
import sys
import time

import pytest

from efficient_ai.measure.background import background_load


def gone(pid, within_s=10.0):
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        with open(f"/proc/{pid}/stat") as file:  # a zombie that nobody has waited for has ended too
            if file.read().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        time.sleep(0.02)
    return False


def worked_s(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")


@needs_proc
@pytest.mark.parametrize("kind", ["arithmetic", "memory"])
def test_the_load_works_while_the_block_lasts_and_is_gone_after_it(kind):
    with background_load(kind=kind) as pids:
        before, end = worked_s(pids[0]), time.monotonic() + 10
        while worked_s(pids[0]) < before + 0.1 and time.monotonic() < end:
            time.sleep(0.02)
        assert worked_s(pids[0]) >= before + 0.1
    assert all(gone(pid) for pid in pids)


@needs_proc
def test_the_load_is_gone_when_the_block_ends_with_an_error():
    with pytest.raises(KeyError), background_load(processes=2) as pids:
        raise KeyError("a mistake")
    assert len(set(pids)) == 2
    assert all(gone(pid) for pid in pids)


@needs_proc
def test_the_load_is_gone_when_its_parent_is_killed():
    code = (
        "from efficient_ai.measure.background import background_load\n"
        "import time\n"
        "with background_load() as pids:\n"
        "    print(pids[0], flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        assert not gone(pid, within_s=0.1)
        parent.send_signal(signal.SIGKILL)
    assert gone(pid)


@needs_proc
def test_the_load_ends_by_itself_when_its_time_is_over():
    with background_load(limit_s=0.2) as pids:
        assert gone(pids[0])


def test_bad_arguments_are_named():
    for wrong, said in (
        ({"processes": 0}, r"processes must be at least 1"),
        ({"limit_s": 0}, r"limit_s above 0"),
        ({"kind": "disk"}, r"kind must be one of arithmetic, memory, got 'disk'"),
    ):
        with pytest.raises(ValueError, match=said), background_load(**wrong):
            pass
