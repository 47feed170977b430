import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from report import sandboxed

from efficient_ai.errors import BadModel, EfficientAIError
from efficient_ai.report.sandbox import Limits, Sandbox

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="a sandbox forks")
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's own locks")


@pytest.fixture(scope="module")
def box():
    limits = Limits(seconds=60, memory_bytes=2**30, file_bytes=8 * 2**20)
    with pytest.MonkeyPatch.context() as patch, Sandbox(limits) as box:
        patch.setenv("WORDS_API_KEY", "hidden")
        patch.setenv("KEYBOARD", "plain")
        yield box


def call(box, name, *arguments, **named):
    return box.call(f"{sandboxed.__name__}:{name}", *arguments, **named)


def gone(process: int) -> bool:
    for _ in range(100):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        if "\nState:\tZ" in Path(f"/proc/{process}/status").read_text():
            return True
        time.sleep(0.05)
    return False


def line_of(box, name, *arguments) -> str:
    """The message with which a call fails, after which the next one works."""
    with pytest.raises(BadModel) as caught:
        call(box, name, *arguments)
    assert "\n" not in str(caught.value)
    assert call(box, "echo", 1)["arguments"] == [1]
    return str(caught.value)


def test_arguments_and_results_are_plain_values(box):
    value = {"a": [1, 2.5, None, True, "é\x00"], "b": {}}
    found = call(box, "echo", value, "text", named=[])
    assert found == {"arguments": [value, "text"], "named": {"named": []}, "folder": str(box.folder)}


def test_tensorflow_computes_in_a_fork_of_a_process_that_only_imported_it(box):
    assert [call(box, "computes") for _ in range(2)] == [512.0, 512.0]


def test_a_call_sees_no_input_and_no_secret_and_has_its_homes_in_the_sandbox(box):
    found = call(box, "surroundings")
    variables = found["variables"]
    assert found["input"] == ""
    assert "WORDS_API_KEY" not in variables
    assert variables["KEYBOARD"] == "plain"
    for name in ("HOME", "TMPDIR", "EFFICIENT_AI_CACHE"):
        assert Path(variables[name]).is_relative_to(box.folder.parent)


def test_an_exception_becomes_its_first_line_without_what_a_terminal_obeys(box):
    assert line_of(box, "raises") == r"KeyError: 'first line\x1b[31m\nsecond line'"
    assert line_of(box, "leaves") == "SystemExit: 3"
    assert "has no attribute 'nothing'" in line_of(box, "nothing")


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGILL", "SIGFPE", "SIGBUS", "SIGKILL", "SIG40"])
def test_a_crash_becomes_a_line_that_names_the_signal(box, name):
    line = line_of(box, "crashes", name)
    assert f"({name})" in line
    assert line.endswith("last words: last words")


def test_native_code_that_reads_nowhere_becomes_a_line(box):
    assert "(SIGSEGV)" in line_of(box, "reads_nowhere")


def test_a_process_that_leaves_without_an_answer_becomes_a_line(box):
    assert "exit code 7; the last that it wrote: I had enough" in line_of(box, "ends_at_once")


def test_a_result_that_is_no_json_becomes_a_line(box):
    assert "can't be written as JSON" in line_of(box, "answers_an_array")
    assert "can't be written as JSON" in line_of(box, "answers_not_a_number")


@pytest.mark.parametrize(
    "text", ["not JSON", "[1]", '{"result": NaN}', "[" * 100_000, '{"result": ' + "9" * 5000 + "}", "{}", ""]
)
def test_a_child_that_answers_nonsense_becomes_a_line(box, text):
    assert "answer" in line_of(box, "answers_itself", text)


@pytest.mark.parametrize("length", [10**6, 2**40, 2**64 - 1])
def test_a_child_that_promises_more_than_it_sends_becomes_a_line(box, length):
    assert "answer" in line_of(box, "answers_itself", "{}", length)


def test_too_much_memory_becomes_a_line(box):
    assert line_of(box, "hogs").startswith("working with it needs more than 1 GiB of memory")


def test_a_file_that_grows_too_large_becomes_a_line(box):
    assert call(box, "writes", "small", 4) == 4 * 2**20
    assert "too large" in line_of(box, "writes", "large", 16)


def test_processor_time_becomes_a_line():
    with Sandbox(Limits(cpu_seconds=1), preload=False) as box:
        assert line_of(box, "spins") == "working with it took more than 1 s of the processor and was stopped"


def test_time_becomes_a_line_and_nothing_that_the_call_started_stays(tmp_path):
    with Sandbox(Limits(seconds=4), preload=False) as box:
        note = box.folder / "note"
        assert line_of(box, "never_ends", str(note)).startswith("working with it took more than 4 s and was stopped")
        processes = json.loads(box.content("note"))
        assert len(processes) == 2
        assert all(gone(process) for process in processes)


@linux
def test_a_call_writes_only_in_its_folder_and_talks_to_nobody(box, tmp_path):
    held = box.call("efficient_ai.report.confine:held")
    assert {"limits", "no new privileges"} <= set(held)
    if "writes in its folders only" in held:
        assert "PermissionError" in line_of(box, "writes", str(tmp_path / "outside"))
        assert "PermissionError" in line_of(box, "kills", os.getpid())
    if "no network" in held:
        with socket.create_server(("127.0.0.1", 0)) as server:
            assert "Error" in line_of(box, "talks", *server.getsockname())
    assert not list(tmp_path.iterdir())


def test_what_a_call_left_is_read_without_following_its_links(box, tmp_path):
    (tmp_path / "own").write_text("own")
    for name in ("link", "kept", "pipe"):
        (box.folder / name).unlink(missing_ok=True)
    call(box, "links", str(tmp_path / "own"))
    assert box.content("kept") == b"kept"
    for name in ("link", "pipe", "missing", "../home", str(tmp_path / "own")):
        with pytest.raises(BadModel):
            box.content(name)
    with pytest.raises(BadModel, match="up to 2 bytes"):
        box.content("kept", limit_bytes=2)


def test_what_is_put_in_replaces_links_and_does_not_follow_them(box, tmp_path):
    (tmp_path / "own").write_text("own")
    for name in ("link", "kept", "pipe"):
        (box.folder / name).unlink(missing_ok=True)
    call(box, "links", str(tmp_path / "own"))
    for name in ("link", "kept", "pipe"):
        box.put(name, b"new")
        assert box.content(name) == b"new"
    assert (tmp_path / "own").read_text() == "own"
    with pytest.raises(ValueError, match="without folders"):
        box.put("../own", b"")


@linux
def test_a_call_cannot_put_another_folder_in_place_of_its_own(box, tmp_path):
    if "writes in its folders only" in box.call("efficient_ai.report.confine:held"):
        assert "PermissionError" in line_of(box, "swaps", str(tmp_path))


def test_nothing_is_left_behind_and_a_closed_sandbox_says_so():
    with Sandbox(preload=False) as box:
        found = call(box, "surroundings")
        assert box.folder.is_dir()
    assert gone(found["server"])
    assert gone(found["child"])
    assert not box.folder.parent.exists()
    box.close()
    with pytest.raises(EfficientAIError, match="closed"):
        call(box, "echo")


def test_a_sandbox_that_was_not_used_starts_nothing():
    with Sandbox(preload=False) as box:
        assert box._server is None


def test_an_interrupt_ends_everything():
    box, main = Sandbox(preload=False), threading.main_thread().ident
    note, processes = box.folder / "note", []

    def interrupt():
        while not note.exists() or not note.read_text():
            time.sleep(0.05)
        processes.extend(json.loads(note.read_text()))
        signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background may ignore it
    with box:
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            call(box, "never_ends", str(note))
        thread.join()
        assert len(processes) == 2
        assert all(gone(process) for process in processes)
        assert call(box, "echo", 1)["arguments"] == [1]
    signal.signal(signal.SIGINT, before)
    assert not box.folder.parent.exists()


@linux
def test_a_killed_parent_leaves_neither_processes_nor_a_folder(tmp_path):
    code = f"""
import sys
sys.path[:] = {sys.path!r}
from efficient_ai.report.sandbox import Sandbox
with Sandbox(preload=False) as box:
    print(box.folder, flush=True)
    box.call("{sandboxed.__name__}:never_ends", str(box.folder / "note"))
"""
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    folder = Path(parent.stdout.readline().strip())
    note = folder / "note"
    while not note.exists() or not note.read_text():
        assert parent.poll() is None
        time.sleep(0.1)
    processes = json.loads(note.read_text())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert all(gone(process) for process in processes)
    for _ in range(100):
        if not folder.parent.exists():
            break
        time.sleep(0.05)
    assert not folder.parent.exists()


def test_a_server_that_preloads_nothing_works_too():
    with Sandbox(preload=False) as box:
        assert call(box, "computes") == 512.0


def test_limits_must_be_positive():
    with pytest.raises(ValueError, match="seconds must be positive, got 0"):
        Limits(seconds=0)
