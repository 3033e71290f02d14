"""The page of annotations: what the facts say of them, scores by operation, contradictions, dead letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from typing import Any
from urllib.parse import quote

from evaluators.scoring import OVERALL, Card
from pipelines.report.marks import Span, marked
from pipelines.report.markup import card, counted, details, percent, section, table, text
from transforms.report_data import CONTRADICTIONS, LETTERS, VERDICTS, ReportData

Row = dict[str, Any]

_KINDS = {
    "difference": "names a difference from the goal",
    "match": "says that something is as it should be",
    "shown": "says what the attempt does",
    "wanted": "says what the goal asks for",
}


def annotations_page(data: ReportData, linked: Container[str]) -> str:
    """The body of the page; `linked` are the goals that the browser of goals shows."""
    return "\n".join(
        (
            "<h1>Annotations</h1>"
            '<p class="lead">Each statement of a text is read and judged against the measured '
            "motion: supported, "
            "contradicted, or neither.</p>",
            section("statements", "What the facts say", card(_statements(data))),
            section(
                "scores",
                "Scores against the known edits",
                "\n".join(_scores(name, one) for name, one in sorted(data.cards.items()))
                or card("No assessments."),
                "A perturbed motion’s edits are recorded, so one knows what an assessment ought to "
                "name. Recall: "
                "recorded breaks that are named. Unrecorded: named differences that are no recorded "
                "break. False: "
                "of these, what is not measured either.",
            ),
            section("contradictions", "Contradictions", _contradictions(data, linked)),
            section(
                "left-out", "Dead letters", card(dead_letters(data)), "What was left out, by step and reason."
            ),
        )
    )


def _statements(data: ReportData) -> str:
    if not data.statements:
        return "No statements were read."
    rows = []
    for (name, kind), counts in sorted(data.statements.items()):
        rows.append(
            [
                text(name),
                text(_KINDS.get(kind, kind)),
                *(text(counts[verdict]) for verdict in VERDICTS),
                _share(counts),
            ]
        )
    heads = ["Annotator", "Statement", "Supported", "Contradicted", "Unverifiable", "Shares"]
    return table(heads, rows, numbers=(2, 3, 4), label="Statements by annotator and kind")


def _share(counts: Counter[str]) -> str:
    total = counts.total() or 1
    shown = ", ".join(f"{verdict} {percent(counts[verdict] / total)}" for verdict in VERDICTS)
    parts = "".join(
        f'<i class="{verdict}" style="width:{100 * counts[verdict] / total:.2f}%"></i>'
        for verdict in VERDICTS
        if counts[verdict]
    )
    return f'<span class="bars" role="img" aria-label="{shown}">{parts}</span>'


def _scores(name: str, one: Card) -> str:
    order = sorted(one.operations, key=lambda operation: (operation != OVERALL, operation))
    rows = []
    for operation in order:
        score = one.operations[operation]
        shares = score.as_dict()
        called = "all operations" if operation == OVERALL else operation.replace("_", " ")
        rows.append(
            [
                f"<strong>{called}</strong>" if operation == OVERALL else text(called),
                text(score.candidates),
                text(score.breaks),
                text(score.named),
                *(percent(shares[share]) for share in ("recall", "unrecorded_share", "false_share")),
            ]
        )
    heads = ["Operation", "Motions", "Breaks", "Named", "Recall", "Unrecorded", "False"]
    drawn = table(heads, rows, numbers=range(1, 7), label=f"Scores of {name} by operation") if rows else ""
    return card(f'<h3>{text(name)}</h3>{drawn}<p class="muted small">{_retrieved(one)}</p>')


def _retrieved(one: Card) -> str:
    """What is known of motions for which no truth is recorded."""
    retrieved, shares = one.retrieved, one.retrieved.as_dict()
    told = f"Of retrieved motions nothing is recorded: {counted(retrieved.candidates, 'assessment')}"
    if not retrieved.named:
        return f"{told}, which name no difference."
    return (
        f"{told}, which name {counted(retrieved.named, 'difference')}, {percent(shares['supported_share'])} "
        f"supported by the facts, {percent(shares['contradicted_share'])} contradicted."
    )


def _contradictions(data: ReportData, linked: Container[str]) -> str:
    total = sum(counts["contradicted"] for counts in data.statements.values())
    shown = data.contradictions.values
    if not shown:
        return card(
            '<p><span class="mark good"><span aria-hidden="true">✓</span> None</span> '
            "No statement of any annotation is contradicted by its motion.</p>"
        )
    few = (
        f" {CONTRADICTIONS} annotations with some of them are shown." if len(shown) == CONTRADICTIONS else ""
    )
    return f'<p class="lead">{counted(total, "statement")}.{few}</p>' + card(
        "".join(_contradicted(one, linked) for one in shown)
    )


def _contradicted(row: Row, linked: Container[str]) -> str:
    parts = []
    for field, name in (("text", row["kind"]), ("refinement", "refinement")):
        against = [
            one
            for one in row["statements"]
            if one["verdict"] == "contradicted" and (one["field"] == "refinement") == (field == "refinement")
        ]
        if not against:
            continue
        spans = [Span(s["span_start"], s["span_end"], n, s["verdict"]) for n, s in enumerate(against)]
        found = "".join(
            '<p class="small"><span class="mark bad"><span aria-hidden="true">✗</span></span> '
            f"{text(one['evidence'])} "
            f'<span class="muted">(frames {one["start"]} to {one["end"]})</span></p>'
            for one in against
        )
        parts.append(f'<p class="quote" aria-label="{text(name)}">{marked(row[field], spans)}</p>{found}')
    who = f"{row['annotator']} ({row['model']})" if row["model"] else row["annotator"]
    return (
        f'<div class="finding">{"".join(parts)}<p class="muted small">{goal_link(row["goal_id"], linked)} · '
        f"{text(row['candidate_id'] or 'the goal motion')} · {text(who)}</p></div>"
    )


def goal_link(goal_id: str, linked: Container[str]) -> str:
    """A goal's id, as a link where the browser of goals shows it."""
    shown = f'<span class="id">{text(goal_id)}</span>'
    return f'<a href="goals.html#goal={quote(goal_id, safe="")}">{shown}</a>' if goal_id in linked else shown


def dead_letters(data: ReportData) -> str:
    """Everything that was left out, by step and reason, with examples."""
    if not data.letters:
        return "Nothing was left out."
    parts = []
    for (step, kind, reason), found in sorted(
        data.letters.items(), key=lambda item: (-item[1].count, item[0])
    ):
        rows = [
            [f'<span class="id">{text(row["input_id"])}</span>', text(row["detail"])]
            for row in found.examples.values
        ]
        few = f", {LETTERS} shown" if found.count > LETTERS else ""
        parts.append(
            details(
                f'{text(reason.replace("_", " "))} <span class="muted small">{found.count:,}{few} · '
                f"{text(kind)} in step {text(step)}</span>",
                table(["Id", "Detail"], rows, label=f"{reason} in step {step}"),
            )
        )
    return "\n".join(parts)
