"""Results of an evaluation as tables: every number is there, marks are right, names stay names."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from evaluation_results import (
    HOSTILE,
    SETS,
    embedder,
    evaluation,
    metrics,
    set_row,
    shown_numbers,
    single,
)
from hypothesis import given
from hypothesis import strategies as st

from pipelines.evaluate_rows import ABSENT, BEST, HIGHER, LOWER, NEAREST, SECOND, marks, number, p_value
from pipelines.evaluate_summary import main_table, notices, set_names, tables
from pipelines.evaluate_tables import latex_tables, markdown_tables, text_tables

Results = dict[str, Any]
FORMS = [text_tables, markdown_tables, latex_tables]
SPECIAL = "\\`*_{}[]()#|<>&$%~^\"'!-+.:@ab 1é中\u202e\x1b\n"


@pytest.mark.parametrize("form", FORMS)
def test_every_number_is_in_every_form(form: Callable[[Results], str]) -> None:
    for results in (evaluation(), single()):
        text = form(results)
        wanted = shown_numbers(results)
        assert len(wanted) > 20
        assert [one for one in wanted if one not in text] == []


finite = st.floats(-1e4, 1e4) | st.none()


@given(st.lists(st.dictionaries(st.sampled_from(["fid", "r_precision_1", "diversity"]), finite), max_size=4))
def test_cells_are_the_values_in_their_places(values: list[dict[str, float | None]]) -> None:
    ids = [f"m{place}" for place in range(len(values))]
    score = [{name: {"mean": v, "interval": 0.5} for name, v in row.items()} for row in values]
    one = {"name": "e", "sets": {key: {"metrics": row} for key, row in zip(ids, score, strict=True)}}
    results = {"sets": [{"id": key, "model": key, "mode": "direct"} for key in ids], "embedders": [one]}
    made = main_table(results, one)
    real = {
        key: row for key, row in zip(ids, values, strict=True) if any(v is not None for v in row.values())
    }
    if not real:
        assert made is None
        return
    assert made is not None
    assert [row.labels for row in made.rows] == [(key,) for key in real]
    order = ["r_precision_1", "fid", "diversity"]
    used = [name for name in order if any(row.get(name) is not None for row in real.values())]
    for row in made.rows:
        wanted = [number(real[row.key].get(name)) for name in used]
        assert [cell.text for cell in row.cells] == wanted
        assert [cell.spread for cell in row.cells] == ["" if t == ABSENT else "0.500" for t in wanted]
    cells = [line.split(" | ") for line in markdown_tables(results).splitlines() if line.startswith("| m")]
    assert [len(line) for line in cells] == [1 + len(used)] * len(real)


@given(st.lists(st.integers(0, 5)), st.sampled_from([HIGHER, LOWER, NEAREST]))
def test_marks_go_to_the_best_and_those_that_look_like_it(values: list[int], better: str) -> None:
    shown = [f"{value}.000" for value in values]
    found = marks(shown, better, "2.000")
    ranks = {HIGHER: [-v for v in values], LOWER: values, NEAREST: [abs(v - 2) for v in values]}[better]
    if len(values) < 2:
        assert found == [""] * len(values)
        return
    assert [mark == BEST for mark in found] == [rank == min(ranks) for rank in ranks]
    rest = sorted(set(ranks))[1:2] if len(values) > 2 else []
    assert [mark == SECOND for mark in found] == [rank in rest for rank in ranks]


@pytest.mark.parametrize(
    ("shown", "better", "target", "wanted"),
    [
        (["0.5", ABSENT], HIGHER, ABSENT, ["", ""]),
        (["0.5", "0.5", ABSENT], HIGHER, ABSENT, [BEST, BEST, ""]),
        (["0.3", "0.1", "0.2"], NEAREST, ABSENT, ["", "", ""]),
        (["0.30", "0.10"], NEAREST, "0.20", [BEST, BEST]),
        (["0.3", "0.1"], "", ABSENT, ["", ""]),
        (["1.0", "2.0"], LOWER, ABSENT, [BEST, ""]),
    ],
)
def test_nobody_is_best_alone_or_without_a_measure(shown, better, target, wanted) -> None:
    assert marks(shown, better, target) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, ABSENT),
        (math.nan, ABSENT),
        (math.inf, ABSENT),
        (True, ABSENT),
        ("5", ABSENT),
        (-0.0001, "0.000"),
        (-0.0006, "-0.001"),
        (3, "3.000"),
    ],
)
def test_numbers_are_shown_or_a_dash(value, wanted) -> None:
    assert number(value) == wanted


def test_small_p_values_are_bounds() -> None:
    assert [p_value(value) for value in (0.0002, 0.0312, 1, None)] == ["< 0.001", "0.031", "1.000", ABSENT]


def test_one_model_has_no_mark_and_no_column_that_nobody_fills() -> None:
    results = single()
    for table in tables(results):
        assert not table.marked
        assert all(any(row.cells[p].text != ABSENT for row in table.rows) for p in range(len(table.columns)))
    assert [table.key for table in tables(results)] == ["main-1", "body"]
    assert r"\mathbf" not in latex_tables(results)
    assert "**" not in markdown_tables(results)
    assert "best" not in text_tables(results)


def test_captions_do_not_compete_with_motions() -> None:
    made = {table.key: table for table in tables(evaluation())}
    assert "captioner_1" not in {row.labels[0] for row in made["main-1"].rows}
    assert [row.labels[0] for row in made["captions-1"].rows] == ["Ground truth", "captioner_1"]


def test_the_mode_is_told_where_modes_differ_and_names_differ_always() -> None:
    results = evaluation()
    assert main_table(results, results["embedders"][0]).heads == ("Model", "Mode")
    assert main_table(single(), single()["embedders"][0]).heads == ("Model",)
    same = {"model": "m", "mode": "chain", "path": "out/m"}
    sets = [
        {"id": "a", **same},
        {"id": "b", **same, "path": "out/n"},
        {"id": "c", **same},
        {"id": "d", **same, "mode": "refine"},
    ]
    names = set_names({"sets": sets})
    assert names == {"a": "m (chain, m, a)", "b": "m (chain, n)", "c": "m (chain, m, c)", "d": "m (refine)"}
    told = set_names({"sets": sets}, mode_is_told=True)
    assert told == {"a": "m (m, a)", "b": "m (n)", "c": "m (m, c)", "d": "m"}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_wrong_is_told_with_the_tables(form) -> None:
    bad = evaluation(partial={"goals": 100, "of": 342}, embedders=[embedder("e", 0.0, "outside")])
    assert [notice.status for notice in notices(bad)] == ["partial", "outside"]
    assert "only 100 of 342 goals" in form(bad)
    assert "does not score what is recorded" in form(bad)
    assert "Partial" not in form(evaluation())
    unchecked = evaluation(embedders=[embedder("e", 0.0, "no such status")])
    assert [notice.status for notice in notices(unchecked)] == ["unknown"]
    assert "unchecked" in form(unchecked)


def test_results_without_anything_give_no_table() -> None:
    for form in FORMS:
        assert form({"sets": [], "embedders": []})
    assert tables({}) == []


# Text


def test_text_is_aligned_and_fits_the_terminal() -> None:
    results = single()
    results["sets"][0]["model"] = "模型 né"
    blocks = text_tables(results, 80).split("\n\n")
    assert all(len(line) <= 80 for line in blocks[1].splitlines())
    rows = [line for line in blocks[1].splitlines() if "±" in line and not line.startswith("±")]
    ends = [[match.end() for match in re.finditer(r"± \d\.\d{3}", line)] for line in rows]
    wide = 2  # the Chinese signs take two places each
    assert ends[0] == [end + wide for end in ends[1]]


def test_no_sign_of_a_name_acts_on_the_terminal() -> None:
    results = single()
    results["sets"][0]["model"] = "red\x1b[31m\nline\u202eback\ud800"
    for form in FORMS:
        text = form(results)
        text.encode()
        assert not {"\x1b", "\u202e", "\ud800"} & set(text)
    assert r"red\u001b[31m line\u202eback\ud800" in text_tables(results)


# Markdown


ONE = embedder("e", 0.0, "within")
ONE["sets"] = {key: ONE["sets"][key] for key in ("near", "far")}
ONE["comparisons"] = ONE["comparisons"][:1]
TWO = evaluation(sets=[set_row(key, *SETS[key]) for key in ("near", "far")], embedders=[ONE])


def named(model: str) -> Results:
    """Results of two models with a name, in every place that shows one."""
    return {
        **TWO,
        "sets": [one | {"model": model} for one in TWO["sets"]],
        "embedders": [ONE | {"name": model}],
    }


@given(st.text(st.sampled_from(SPECIAL), min_size=1).filter(lambda text: text.strip()))
def test_markdown_shows_a_name_as_it_is(model: str) -> None:
    markdown = pytest.importorskip("markdown_it").MarkdownIt("gfm-like", {"linkify": False})
    tokens = markdown.parse(markdown_tables(named(model)))
    made = tables(named(model))[0]
    start = next(place for place, token in enumerate(tokens) if token.type == "tbody_open")
    end = next(place for place, token in enumerate(tokens) if token.type == "tbody_close")
    cells = [token for token in tokens[start:end] if token.type == "inline"]
    wide = len(made.heads) + len(made.columns)
    assert len(cells) == wide * len(made.rows)
    for row, cell in zip(made.rows, cells[::wide], strict=True):
        assert "".join(child.content for child in cell.children or []) == row.labels[0].strip()
        assert {child.type for child in cell.children or []} <= {"text", "text_special"}
    html = [child for cell in cells for child in cell.children or [] if child.type.startswith("html")]
    assert {child.content for child in html} <= {"<ins>", "</ins>"}


# LaTeX


@given(st.text(st.sampled_from(SPECIAL)))
def test_latex_rows_hold_no_sign_that_acts(model: str) -> None:
    text = latex_tables(named(model))
    for table in text.split(r"\begin{table*}")[1:]:
        assert table.count("{") - table.count(r"\{") == table.count("}") - table.count(r"\}")
        columns = re.search(r"\\begin\{tabular\}\{([lc]+)\}", table)
        # A row of groups, with cells over several columns, has its own count.
        rows = [line for line in table.splitlines() if line.endswith(r"\\") and "multicolumn" not in line]
        assert columns is not None
        assert rows
        for row in rows:
            assert len(re.findall(r"(?<!\\)&", row)) == len(columns[1]) - 1
            assert not re.search(r"(?<!\\)[%#]|^[\[*]|---", row)
            assert len(re.findall(r"(?<!\\)\$", row)) % 2 == 0


def test_latex_can_be_set(tmp_path) -> None:
    if shutil.which("pdflatex") is None:
        pytest.skip("needs pdflatex on the PATH, to set the tables")
    results = evaluation(sets=evaluation()["sets"], partial={"goals": 3, "of": 9})
    head = "\\documentclass{article}\\usepackage{booktabs}\\begin{document}\n"
    (tmp_path / "t.tex").write_text(f"{head}{latex_tables(results)}\\end{{document}}\n", encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"], cwd=tmp_path, capture_output=True
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]


def test_best_is_bold_and_second_underlined() -> None:
    truth = metrics(1.0, ("fid",))
    one = {"name": "e", "ground_truth": {"metrics": truth}, "comparisons": []}
    values = {"a": 0.5, "b": 0.25, "c": 0.25, "d": 0.75}
    one["sets"] = {key: {"metrics": {"fid": {"mean": v, "interval": 0.01}}} for key, v in values.items()}
    sets = [{"id": key, "model": key, "mode": "direct"} for key in values]
    results = evaluation(sets=sets, embedders=[one], ground_truth={})
    latex, markdown, text = latex_tables(results), markdown_tables(results), text_tables(results)
    assert re.findall(r"(\w) & \$\\mathbf\{(.*?)\}", latex) == [("b", "0.250"), ("c", "0.250")]
    assert r"a & $\underline{0.500}^{\pm 0.010}$ \\" in latex
    assert "| b | **0.250** ± 0.010 |" in markdown
    assert "| a | <ins>0.500</ins> ± 0.010 |" in markdown
    assert re.findall(r"^(\w) .*0\.\d+ ± 0.010([*+]?)$", text, re.M) == [
        ("a", "+"),
        ("b", "*"),
        ("c", "*"),
        ("d", ""),
    ]


def test_hostile_names_are_told_whole() -> None:
    assert HOSTILE in text_tables(evaluation())
