import json

import pytest

from efficient_ai import cache


@pytest.fixture(autouse=True)
def own_root(tmp_path, monkeypatch):
    monkeypatch.setenv("EFFICIENT_AI_CACHE", str(tmp_path / "cache"))


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = cache.write_whole(tmp_path / "folder" / "file", b"old")

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        cache.write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_what_was_computed_is_not_computed_again():
    calls = []
    for _ in range(2):
        assert cache.recall("squares", {"n": 3}, lambda: calls.append(1) or 9) == 9
    assert len(calls) == 1
    assert cache.recall("squares", {"n": 4}, lambda: 16) == 16


def test_code_hash_sees_code_and_not_comments(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "PACKAGE", tmp_path)

    def hashed(text):
        (tmp_path / "room.py").write_text(text)
        cache.code_hash.cache_clear()
        return cache.code_hash("room")

    plain = hashed('def f(x):\n    """Doc."""\n    return x + 1\n')
    assert hashed('def f(x):\n    """Better doc."""\n    # why\n    return x + 1\n') == plain
    assert hashed('def f(x):\n    """Doc."""\n    return x + 2\n') != plain
    cache.code_hash.cache_clear()


def test_code_hash_of_a_room_that_does_not_exist_is_an_error():
    with pytest.raises(FileNotFoundError):
        cache.code_hash("no.such.room")


def test_results_store_gives_back_what_pages_entered_and_marks_what_is_stale():
    cache.record_result("models", "resnet8.int8", size_bytes=100.0)
    cache.record_result("models", "resnet8.int8", size_bytes=99.0)
    entry = cache.results("models")["resnet8.int8"]
    assert (entry["size_bytes"], entry["stale"]) == (99.0, False)
    path = cache.root() / "results" / "models.json"
    content = json.loads(path.read_text())
    content["resnet8.int8"]["code"] = "older"
    path.write_text(json.dumps(content))
    assert cache.results("models")["resnet8.int8"]["stale"]


def test_code_hash_of_all_leaves_out_rooms_that_only_show_and_what_the_book_found(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "PACKAGE", tmp_path)
    monkeypatch.setattr(cache, "SHIPPED", tmp_path / "results.json")

    def hashed(name, text):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        cache.code_hash.cache_clear()
        return cache.code_hash()

    plain = hashed("decide/budget.py", "limit = 1\n")
    for shown in ("book/render.py", "book/words.json", "commands/check.py", "report/own.py", "cli.py", "results.json"):
        assert hashed(shown, "1\n") == plain, shown
    assert hashed("decide/products.toml", "a = 1\n") != plain
    cache.code_hash.cache_clear()


def test_what_ships_is_read_by_page_and_marked_and_the_state_sees_both_stores(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "SHIPPED", tmp_path / "results.json")
    empty = cache.results_state()
    assert cache.shipped_results("models") == {}
    cache.record_result("models", "int8", size_bytes=1.0)
    entered = cache.results_state()
    cache.ship_results({"models": cache.results("models")})
    assert "stale" not in json.loads(cache.SHIPPED.read_text())["models"]["int8"]
    assert cache.shipped_results("models")["int8"]["stale"] is False
    assert len({empty, entered, cache.results_state()}) == 3
    assert cache.results_state() == cache.results_state()


def test_machine_names_a_cpu_and_its_memory():
    machine = cache.machine()
    assert machine.cpu
    assert machine.cores >= 1
    assert machine.memory_bytes > 2**28
    assert cache.fingerprint() == cache.fingerprint()
