"""The page of the data: distributions as pictures, and captions that their motion contradicts."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipelines.report.annotations_page import goal_link
from pipelines.report.marks import Span, marked
from pipelines.report.markup import card, percent, section, text
from pipelines.report.pictures import Picture
from transforms.report_data import LEFT_OUT, ReportData

Row = dict[str, Any]

_SHOWN = LEFT_OUT


@dataclass
class Audited:
    """Captions that their motion contradicts, and pairs of captions that contradict each other.

    `claims` counts the judged claims by verdict; it is empty where only what left the corpus is known.
    `more` captions of the same kind are not among those held.
    """

    captions: list[Row] = field(default_factory=list)
    disputes: list[Row] = field(default_factory=list)
    claims: dict[str, int] = field(default_factory=dict)
    told: int = 0
    more: int = 0


def audited(root: Path) -> Audited:
    """Every caption of a corpus judged again, by the code of `irmogen audit`."""
    from pipelines.audit import audit
    from pipelines.audit_sources import source

    found = audit(source(root), progress=True)
    return Audited(found.captions, found.disputes, dict(found.claims), found.told)


def data_page(pictures: Sequence[Picture], data: ReportData, found: Audited, linked: Container[str]) -> str:
    """The body of the page; `linked` are the goals that the browser of goals shows."""
    drawn = "\n".join(_picture(one) for one in pictures)
    return "\n".join(
        (
            f'<h1>Data</h1><p class="lead">{data.lengths.total():,} clips, and what was made of them.</p>',
            *_unread(data),
            section("pictures", "Distributions", f'<div class="pictures">{drawn}</div>'),
            section(
                "audit",
                "Captions against their motion",
                _audit(found, linked),
                "Every claim of a caption (action, side, direction, count, order) is judged by what "
                "is measured on "
                "its motion. The most certain contradictions come first.",
            ),
        )
    )


def _unread(data: ReportData) -> list[str]:
    """What is not counted, where something is not: rows without sense, which the gate refuses."""
    if not data.unread:
        return []
    told = "".join(f"<li>{text(why)}</li>" for why in data.unread)
    return [card(f"<p>Not counted on these pages, for rows that hold no sense:</p><ul>{told}</ul>")]


def _picture(drawn: Picture) -> str:
    return (
        f'<figure class="card"><figcaption><strong>{text(drawn.title)}</strong>'
        f'<span class="muted small">{text(drawn.summary)}</span></figcaption>\n{drawn.svg}</figure>'
    )


def _audit(found: Audited, linked: Container[str]) -> str:
    parts = []
    judged = sum(found.claims.values())
    if judged:
        shares = ", ".join(
            f"{percent(found.claims.get(name, 0) / judged)} {name}"
            for name in ("supported", "contradicted", "unverifiable")
        )
        parts.append(f"<p>{judged:,} claims of {found.told:,} captions were judged: {text(shares)}.</p>")
    if not found.captions:
        parts.append(
            '<p><span class="mark good"><span aria-hidden="true">✓</span> None</span> '
            "No caption is contradicted by its motion.</p>"
        )
    else:
        more = len(found.captions) - _SHOWN + found.more
        parts += [_caption(row, linked) for row in found.captions[:_SHOWN]]
        if more > 0:
            parts.append(f'<p class="muted small">and {more:,} more; irmogen audit lists them all</p>')
    made = card("\n".join(parts))
    if found.disputes:
        pairs = "".join(_dispute(row, linked) for row in found.disputes[:_SHOWN])
        more = len(found.disputes) - _SHOWN
        few = (
            f'<p class="muted small">and {more:,} more; irmogen audit lists them all</p>' if more > 0 else ""
        )
        made += card(f"<h3>Captions of one motion that contradict each other</h3>{pairs}{few}")
    return made


def _caption(row: Row, linked: Container[str]) -> str:
    at = row["caption"].find(row["words"]) if row["words"] else -1
    spans = [Span(at, at + len(row["words"]), 0, "contradicted")] if at >= 0 else []
    kept = "left out of the corpus" if row["left_out"] else "still in the corpus"
    return (
        f'<div class="finding"><p class="quote">{marked(row["caption"], spans)}</p>'
        f'<p class="small"><span class="mark bad"><span aria-hidden="true">✗</span></span> '
        f"claims {text(row['claim'])}; {text(row['measured'])} "
        f'<span class="muted">(frames {row["start"]} to {row["end"]})</span></p>'
        f'<p class="muted small">{goal_link(row["caption_id"], linked)} · certainty {row["certainty"]:.2f} · '
        f"{kept}</p></div>"
    )


def _dispute(row: Row, linked: Container[str]) -> str:
    held = {"first": 0, "second": 1}.get(row["supported"])
    said = "".join(
        f'<p class="quote">{text(caption)} <span class="muted small">{goal_link(name, linked)}'
        f"{' · the motion supports this one' if held == place else ''}</span></p>"
        for place, (name, caption) in enumerate(zip(row["caption_ids"], row["captions"], strict=True))
    )
    return f'<div class="finding">{said}<p class="small">{text(row["measured"][0])}</p></div>'
