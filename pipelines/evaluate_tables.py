"""Results of an evaluation as tables for the terminal, for Markdown and for LaTeX.

Each shows the same tables (pipelines/evaluate_summary.py). Names come from data and are escaped for the form.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import groupby

from evaluators.ground_truth import WITHIN
from pipelines.evaluate_rows import ABSENT, BEST, SECOND, Cell, Column, Line, Table
from pipelines.evaluate_summary import Notice, Results, lead, notices, tables

_TEXT_MARKS = {BEST: "*", SECOND: "+"}
_HEAD = 14  # letters of a head before it takes another line
_GAP = "  "


def text_tables(results: Results, width: int = 0) -> str:
    """The tables as text; with a `width` in letters, wide ones are continued below."""
    told = [", ".join(lead(results)), *(line for notice in notices(results) for line in _told(notice))]
    return "\n\n".join(["\n".join(told), *(_text(table, width) for table in tables(results))]) + "\n"


def markdown_tables(results: Results) -> str:
    """The tables in GitHub's Markdown: best bold, second underlined."""
    told = [f"- {_markdown_notice(notice)}" for notice in notices(results)]
    parts = [_escaped_markdown("; ".join(lead(results))), "\n".join(told)]
    return (
        "\n\n".join([part for part in parts if part] + [_markdown(table) for table in tables(results)]) + "\n"
    )


def latex_tables(results: Results) -> str:
    """The tables in LaTeX with booktabs, to be put into a paper: best bold, second underlined."""
    head = [
        r"% needs \usepackage{booktabs}",
        f"% {'; '.join(lead(results))}",
        *(f"% {line}" for notice in notices(results) for line in _told(notice)),
    ]
    marked = "".join(f" {notice.text}" for notice in notices(results) if notice.status != WITHIN)
    return "\n\n".join(["\n".join(head), *(_latex(table, marked) for table in tables(results))]) + "\n"


def _told(notice: Notice) -> Iterator[str]:
    """A notice as lines; details only where something is wrong."""
    yield notice.text if notice.status == WITHIN else f"! {notice.text}"
    if notice.status != WITHIN:
        yield from (f"    {line}" for line in notice.lines)


def _legend(table: Table, best: str, second: str) -> list[str]:
    """What the marks mean, where they occur, then the table's notes."""
    said = [f"{best} best"] * (BEST in table.marked) + [f"{second} second best"] * (SECOND in table.marked)
    return [", ".join(said)] * bool(said) + list(table.notes)


# Text


def _text(table: Table, width: int) -> str:
    labels = [list(table.heads), *(list(row.labels) for row in table.rows)]
    left = _padded([_GAP.join(parts) for parts in _columns_padded(labels)])
    columns = [_text_column(table, place) for place in range(len(table.columns))]
    blocks = [_block(left, block) for block in _split(columns, width - _wide(left[0]) if width else 0)]
    legend = "; ".join(_legend(table, _TEXT_MARKS[BEST], _TEXT_MARKS[SECOND]))
    return "\n".join([table.title, "\n\n".join(blocks), *([legend] if legend else [])])


def _text_column(table: Table, place: int) -> list[str]:
    """A column's head lines, joined by line ends, and its cells, all of one width."""
    cells = [row.cells[place] for row in table.rows]
    marked = any(cell.mark for cell in cells)
    shown = [_text_cell(cell) + (_TEXT_MARKS.get(cell.mark, " ") if marked else "") for cell in cells]
    title = re.sub(r" (?=[↑↓→]$)", "\u00a0", table.columns[place].title)  # no arrow on a line of its own
    head = textwrap.wrap(title, max(_HEAD, *map(_wide, shown)))
    head = [line.replace("\u00a0", " ") + (" " if marked else "") for line in head]
    wide = max(map(_wide, [*head, *shown]))
    return ["\n".join(_right(line, wide) for line in head), *(_right(text, wide) for text in shown)]


def _text_cell(cell: Cell) -> str:
    if cell.bounds:
        return f"{cell.text} [{', '.join(cell.bounds)}]"
    return f"{cell.text} ± {cell.spread}" if cell.spread else cell.text


def _split(columns: Sequence[list[str]], room: int) -> Iterator[list[list[str]]]:
    """Columns in blocks that fit a width; 0 for any width."""
    block: list[list[str]] = []
    used = 0
    for column in columns:
        needed = len(_GAP) + max(map(_wide, column[0].splitlines()))
        if block and room and used + needed > room:
            yield block
            block, used = [], 0
        block.append(column)
        used += needed
    yield block


def _block(left: Sequence[str], columns: Sequence[list[str]]) -> str:
    heads = [column[0].splitlines() for column in columns]
    height = max(map(len, heads))
    blank = " " * _wide(left[0])
    lines = []
    for place in range(height):
        # Heads stand on the line above the rows.
        parts = [
            " " * _wide(head[0]) if place < height - len(head) else head[place - height + len(head)]
            for head in heads
        ]
        lines.append(_GAP.join([left[0] if place == height - 1 else blank, *parts]).rstrip())
    lines.append("-" * max(map(_wide, lines)))
    for place, label in enumerate(left[1:], 1):
        lines.append(_GAP.join([label, *(column[place] for column in columns)]).rstrip())
    return "\n".join(lines)


def _columns_padded(rows: Sequence[list[str]]) -> list[tuple[str, ...]]:
    return list(zip(*(_padded(column) for column in zip(*rows, strict=True)), strict=True))


def _padded(texts: Sequence[str]) -> list[str]:
    wide = max(map(_wide, texts))
    return [text + " " * (wide - _wide(text)) for text in texts]


def _right(text: str, wide: int) -> str:
    return " " * (wide - _wide(text)) + text


def _wide(text: str) -> int:
    """How many places of a terminal a text takes: two for a Chinese sign, none for an accent."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


# Markdown


def _markdown_notice(notice: Notice) -> str:
    text = _escaped_markdown(notice.text)
    if notice.status == WITHIN:
        return text
    return "".join([f"**{text}**", *(f"\n  - {_escaped_markdown(line)}" for line in notice.lines)])


def _markdown(table: Table) -> str:
    heads = [*table.heads, *(column.title for column in table.columns)]
    rule = [":--"] * len(table.heads) + ["--:"] * len(table.columns)
    rows = [
        [*map(_escaped_markdown, row.labels), *(_markdown_cell(cell) for cell in row.cells)]
        for row in table.rows
    ]
    lines = [f"| {' | '.join(row)} |" for row in [[*map(_escaped_markdown, heads)], rule, *rows]]
    legend = "; ".join(_legend(table, "**bold**", "<ins>underlined</ins>"))
    return "\n".join([f"### {_escaped_markdown(table.title)}", "", *lines, *(["", legend] if legend else [])])


def _markdown_cell(cell: Cell) -> str:
    text = _escaped_markdown(cell.text)
    text = f"**{text}**" if cell.mark == BEST else f"<ins>{text}</ins>" if cell.mark == SECOND else text
    if cell.bounds:
        return f"{text} [{', '.join(cell.bounds)}]"
    return f"{text} ± {cell.spread}" if cell.spread else text


def _escaped_markdown(text: str) -> str:
    """Text that Markdown, its tables and its HTML take as it is."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"([\\`*_{}\[\]()#!|~$])", r"\\\1", text)
    # What would start a list at the beginning of a line.
    return re.sub(r"^(\d*)([-+=.)])(?=\s|$)", r"\1\\\2", text)


# LaTeX


_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"{\char34}",
    "`": r"\textasciigrave{}",
    ABSENT: "--",
    "−": "$-$",
    "±": r"$\pm$",
    "³": "$^3$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "→": r"$\rightarrow$",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def _escaped_latex(text: str) -> str:
    # Two hyphens would become a dash.
    return "".join(
        "-{}" if sign == after == "-" else _LATEX.get(sign, sign)
        for sign, after in zip(text, f"{text} "[1:], strict=True)
    )


def _latex(table: Table, warning: str) -> str:
    legend = "; ".join(_legend(table, "bold:", "underlined:"))
    caption = f"{table.title}.{warning}{f' {legend[0].upper()}{legend[1:]}.' if legend else ''}"
    body = [_latex_row(row) for row in table.rows]
    references = sum(row.reference for row in table.rows)
    if references:
        body.insert(references, r"\midrule")
    return "\n".join(
        [
            r"\begin{table*}[t]",
            r"\centering\footnotesize\setlength{\tabcolsep}{3pt}",
            rf"\caption{{{_escaped_latex(caption)}}}",
            rf"\label{{tab:irmogen-{table.key}}}",
            rf"\begin{{tabular}}{{{'l' * len(table.heads)}{'c' * len(table.columns)}}}",
            r"\toprule",
            *_latex_heads(table),
            r"\midrule",
            *body,
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table*}",
        ]
    )


def _latex_heads(table: Table) -> Iterator[str]:
    """The head, with a line above it for groups of columns where there are any."""
    if any(column.group for column in table.columns):
        parts, rules = [""] * len(table.heads), []
        place = len(table.heads) + 1
        for group, columns in _groups(table.columns):
            size = len(columns)
            if group:
                parts.append(rf"\multicolumn{{{size}}}{{c}}{{{_escaped_latex(group)}}}")
                rules.append(rf"\cmidrule(lr){{{place}-{place + size - 1}}}")
            else:
                parts += [""] * size
            place += size
        yield " & ".join(parts) + r" \\"
        yield " ".join(rules)
    yield " & ".join([*map(_escaped_latex, table.heads), *map(_latex_head, table.columns)]) + r" \\"


def _latex_head(column: Column) -> str:
    """The name of a column, its unit below it."""
    name, _, unit = Column(column.name, column.better).title.partition(" (")
    if not unit:
        return _escaped_latex(name)
    return rf"\shortstack{{{_escaped_latex(name)}\\{_escaped_latex('(' + unit)}}}"


def _groups(columns: Sequence[Column]) -> list[tuple[str, list[Column]]]:
    return [(group, list(found)) for group, found in groupby(columns, key=lambda column: column.group)]


def _latex_row(row: Line) -> str:
    shown = " & ".join([*map(_escaped_latex, row.labels), *map(_latex_cell, row.cells)])
    # The end of the row before would take these for its option.
    return ("{}" if shown[:1] in ("[", "*") else "") + shown + r" \\"


def _latex_cell(cell: Cell) -> str:
    if not re.fullmatch(r"-?\d+(\.\d+)?", cell.text):
        return _escaped_latex(cell.text)
    text = rf"\mathbf{{{cell.text}}}" if cell.mark == BEST else cell.text
    text = rf"\underline{{{text}}}" if cell.mark == SECOND else text
    ends = (
        f"\\ [{', '.join(cell.bounds)}]" if cell.bounds else f"^{{\\pm {cell.spread}}}" if cell.spread else ""
    )
    return f"${text}{ends}$"
