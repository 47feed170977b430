"""What `make constraints` writes down of what pip chose for each Python."""

import datetime

import constraints


def test_what_all_pythons_share_is_one_line():
    assert constraints.merge({"3.11": {"a": "1", "B_c": "2"}, "3.12": {"a": "1", "b-c": "2"}}) == ["a==1", "b-c==2"]


def test_a_package_that_some_pythons_need_has_no_marker():
    assert constraints.merge({"3.11": {"a": "1"}, "3.12": {}, "3.13": {"a": "1"}}) == ["a==1"]


def test_versions_that_differ_are_marked_and_the_newest_holds_for_what_comes():
    found = {"3.11": {"numpy": "1"}, "3.12": {"numpy": "2"}, "3.13": {"numpy": "2"}}
    assert constraints.merge(found) == ["numpy==1; python_version < '3.12'", "numpy==2; python_version >= '3.12'"]
    found = {"3.11": {"a": "1"}, "3.12": {"a": "2"}, "3.13": {"a": "3"}}
    assert constraints.merge(found)[1] == "a==2; python_version >= '3.12' and python_version < '3.13'"
    found = {"3.11": {"a": "1"}, "3.12": {"a": "2"}, "3.13": {"a": "1"}}
    assert constraints.merge(found)[0] == "a==1; python_version == '3.11' or python_version == '3.13'"


def test_the_file_says_when_and_for_what():
    text = constraints.text({"3.11": {"a": "1"}, "3.12": {"a": "1"}}, datetime.date(2026, 11, 28))
    first, second, *rest = text.splitlines()
    assert "on Python 3.11 and 3.12, with" in first
    assert "2026-11-28" in second
    assert rest == ["a==1"]
