import pytest

from efficient_ai import plots


def test_a_table_escapes_what_html_and_markdown_would_read():
    table = plots.Table([{"a|b": "<x>", "n": "1.5"}, {"a|b": "p|q", "n": "−2"}])
    assert "&lt;x&gt;" in table._repr_html_()
    assert "p\\|q" in table._repr_markdown_()


def test_numbers_stand_to_the_right_and_words_to_the_left():
    markdown = plots.Table([{"name": "one", "size": "1,234"}, {"name": "2nd", "size": "–"}])._repr_markdown_()
    assert markdown.splitlines()[1] == "| :--- | ---: |"


def test_rows_with_other_headings_are_refused():
    with pytest.raises(ValueError, match="got \\['b'\\]"):
        plots.Table([{"a": 1}, {"b": 2}])
    with pytest.raises(ValueError, match="at least one row"):
        plots.Table([])


def test_a_difference_is_printed_with_its_sign_and_a_real_minus():
    assert plots.signed(-1.88) == "−1.9"
    assert plots.signed(0.25, 2) == "+0.25"
    assert plots.signed(-0.004, 2) == plots.signed(0.0, 2) == "0.00"
