"""The page of an evaluation: what was measured, tables, charts, examples with moving figures, and how.

One file that needs no network. The figures' script is its only one; tables and charts show without it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from typing import Any

from evaluators.ground_truth import WITHIN
from pipelines import evaluate_plots as plots
from pipelines import evaluate_summary as told
from pipelines.drawing import page
from pipelines.evaluate_examples import Figures, examples
from pipelines.evaluate_rows import Table, plain
from pipelines.evaluate_sections import banner, card, table, text
from pipelines.evaluate_words import definitions, protocol_words

Results = Mapping[str, Any]


def evaluation_page(results: Results, figures: Figures) -> str:
    """The HTML page of the results of an evaluation.

    `figures` are those of the examples (pipelines.drawing.figure_data): of a goal's own motion as
    "goal/GOAL_ID", of a round of a completion as "SET_ID/GOAL_ID/ROUND". Examples may lack theirs.
    """
    sections = {
        "results": ("Results", _of_each(results, _main)),
        "rounds": ("Rounds", _of_each(results, plots.rounds)),
        "robustness": ("Robustness", _of_each(results, plots.robustness)),
        "comparisons": ("Pairwise comparisons", _of_each(results, plots.comparisons)),
        "captioning": ("Motion captioning", _captioning(results)),
        "judging": ("Judging", plots.judging(results)),
        "body": ("Format, facts and plausibility", _boxed(told.body_table(results))),
        "examples": ("Examples", examples(results, figures)),
    }
    shown = {key: section for key, section in sections.items() if section[1]}
    shown["measured"] = ("How this was measured", _measured(results, list(shown)))
    links = " ".join(f'<a href="#{key}">{title}</a>' for key, (title, _) in shown.items())
    body = "\n".join(
        f'<section aria-labelledby="{key}"><h2 id="{key}">{title}</h2>\n{content}</section>'
        for key, (title, content) in shown.items()
    )
    title = f"Evaluation of {_value(results, 'dataset')}, {_value(results, 'split')} split"
    style = resources.files("pipelines").joinpath("evaluate_page.css").read_text("utf-8")
    head = f"<header><h1>{text(title)}</h1>{_facts(results)}{_banners(results)}</header>"
    nav = f'<nav aria-label="Sections">{links}</nav>'
    return page(plain(title), f'<main class="evaluation">\n{head}\n{nav}\n{body}\n</main>', style=style)


def _of_each(results: Results, make: Callable[[Results, Results, int], str]) -> str:
    """A part for each embedder."""
    return "".join(
        make(results, embedder, place) for place, embedder in enumerate(results.get("embedders", []))
    )


def _facts(results: Results) -> str:
    items = "".join(f"<li>{text(part)}</li>" for part in told.lead(results)[1:])
    return f'<ul class="facts">{items}</ul>'


def _banners(results: Results) -> str:
    """What is wrong first."""
    found = sorted(told.notices(results), key=lambda notice: notice.status == WITHIN)
    return "".join(map(banner, found))


def _boxed(made: Table | None) -> str:
    # These stand under a heading of the same words.
    return card(table(made, heading=made.title)) if made else ""


def _main(results: Results, embedder: Results, place: int) -> str:
    made = told.main_table(results, embedder, place)
    return card(table(made)) if made else ""


def _captioning(results: Results) -> str:
    return _boxed(told.captions_table(results)) + _of_each(results, _retrieval)


def _retrieval(results: Results, embedder: Results, place: int) -> str:
    made = told.caption_retrieval_table(results, embedder, place)
    return card(table(made)) if made else ""


def _measured(results: Results, sections: list[str]) -> str:
    """Protocol, embedders, sets, versions, and a line for every metric that is shown."""
    words = "".join(f"<p>{text(paragraph)}</p>" for paragraph in protocol_words(results))
    meanings = "".join(
        f"<h4>{text(title)}</h4><dl>{''.join(map(_meaning, lines))}</dl>"
        for key, (title, lines) in definitions(results).items()
        if key in sections
    )
    return (
        card(f"<h3>Protocol</h3>{words}")
        + card(f"{_embedders(results)}{_sets(results)}{_versions(results)}")
        + card(f'<h3>Every metric in a line</h3><div class="meanings">{meanings}</div>')
    )


def _meaning(line: tuple[str, str]) -> str:
    return f"<div><dt>{text(line[0])}</dt><dd>{text(line[1])}</dd></div>"


def _embedders(results: Results) -> str:
    rows = [
        [one["name"], one.get("dimensions", ""), one.get("fingerprint", ""), one.get("folder", "")]
        for one in results.get("embedders", [])
    ]
    return _listing("Embedders", ("Embedder", "Dimensions", "Fingerprint", "Folder"), rows)


def _sets(results: Results) -> str:
    sets = results.get("sets", [])
    names = told.set_names(results)
    heads = ["Set", "Mode", "Completions", "Samples", "Folder"]
    rows = [
        [names[one["id"]], *(one.get(name, "") for name in ("mode", "completions", "samples", "path"))]
        for one in sets
    ]
    if any(one.get("notes") for one in sets):
        heads.append("How it was made")
        for row, one in zip(rows, sets, strict=True):
            row.append(_notes(one.get("notes") or {}))
    return _listing("Sets", heads, rows)


def _notes(notes: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')} {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in notes.items()
        if value is not None
    )


def _listing(title: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table of texts."""
    head = "".join(f'<th scope="col">{text(name)}</th>' for name in heads)
    cells = ["".join(f"<td>{text(value)}</td>" for value in row[1:]) for row in rows]
    body = "".join(
        f'<tr><th scope="row">{text(row[0])}</th>{rest}</tr>' for row, rest in zip(rows, cells, strict=True)
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{title}"><table class="listing">'
        f"<caption>{title}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _versions(results: Results) -> str:
    corpus = results.get("corpus") or {}
    parts = [
        f"irmogen {_value(results, 'irmogen')}",
        f"results version {_value(results, 'version')}",
        f"skeleton {_value(results, 'skeleton')}",
        f"corpus {corpus.get('path', '?')}, goals {corpus.get('fingerprint', '?')}",
    ]
    return f'<p class="muted small">{text("; ".join(parts))}</p>'


def _value(results: Results, name: str) -> str:
    return str(results.get(name, "?"))
