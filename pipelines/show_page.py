"""The page of one motion: its figure, its caption, what it does, how a candidate differs from its goal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from pipelines.drawing import figure_html, page
from pipelines.show import figure_of
from pipelines.shown import Shown
from prompts.sentences import difference_text, summary_sentences

if TYPE_CHECKING:
    from motion.facts import Facts

# What the names of the summary leave out.
_SUMMARY_UNITS = {
    "speed": " m/s",
    "jitter": " m/s³",
    "hand_travel_left": " arms",
    "hand_travel_right": " arms",
}
# Units behind the names of measured values, as people read them.
_UNITS = {
    "_metres": " m",
    "_degrees": "°",
    "_seconds": " s",
    "_cm_s": " cm/s",
    "_cm": " cm",
}


def show_page(shown: Shown, facts: Facts, goal_facts: Facts | None = None) -> str:
    """The HTML page of a motion and its facts; beside a candidate plays the goal that it departs from."""
    clip = shown.clip
    seconds = len(clip.joints) / clip.fps
    lead = (
        f"{shown.kind}, {len(clip.joints)} frames, {seconds:.1f} s at {clip.fps:g} frames a second, "
        f"skeleton {clip.skeleton.name}"
    )
    values = facts.as_dict()
    body = [
        f'<h1>{escape(clip.id)}</h1><p class="muted small">{escape(lead)}</p>',
        _captions(shown.captions),
        _figures(shown, facts, goal_facts),
        _card("What differs from the goal", _points([difference_text(d) for d in shown.differences])),
        _card("What was changed", _points(shown.edits)),
        _card("What the motion does", _summary(values["summary"])),
        *(_details(name, value) for name, value in values.items() if _is_table(value) and name != "summary"),
    ]
    return page(clip.id, f"<main>{''.join(part for part in body if part)}</main>")


def _figures(shown: Shown, facts: Facts, goal_facts: Facts | None) -> str:
    if shown.goal is None or goal_facts is None:
        return f'<div class="card">{figure_html(figure_of(shown.clip, facts, shown))}</div>'
    pair = (
        figure_of(shown.goal, goal_facts, title=f"Goal: {shown.goal.id}"),
        figure_of(shown.clip, facts, shown, f"{shown.kind.capitalize()}: {shown.clip.id}"),
    )
    cards = (
        f'<div class="card">{figure_html(data, clock="pair", events=False, heading=True)}</div>'
        for data in pair
    )
    return f'<div class="pair">{"".join(cards)}</div>'


def _captions(captions: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(caption)}</li>" for caption in captions)
    return f'<ul class="captions" aria-label="Captions">{items}</ul>' if items else ""


def _card(title: str, content: str) -> str:
    return f'<section class="card"><h2>{escape(title)}</h2>{content}</section>' if content else ""


def _points(texts: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(text)}</li>" for text in dict.fromkeys(texts))
    return f'<ul class="plain">{items}</ul>' if items else ""


def _summary(summary: Mapping[str, Any]) -> str:
    said = escape(" ".join(summary_sentences(summary)))
    return f"<p>{said}</p>{_table(summary, _SUMMARY_UNITS)}"


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value)


def _details(name: str, values: Mapping[str, Any]) -> str:
    heading = f"All {name.replace('_', ' ')}"
    return f'<details class="card"><summary>{escape(heading)}</summary>{_table(values)}</details>'


def _table(values: Mapping[str, Any], units: Mapping[str, str] | None = None) -> str:
    """Every measured value with its name and unit, whatever there is."""
    rows = []
    for name, value in values.items():
        unit = next((end for end in _UNITS if name.endswith(end)), "")
        shown = escape(_value(value) + (_UNITS[unit] if unit else (units or {}).get(name, "")))
        rows.append(
            f"<div><dt>{escape(name.removesuffix(unit).replace('_', ' '))}</dt><dd>{shown}</dd></div>"
        )
    return f'<dl class="columns">{"".join(rows)}</dl>'


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value) if value not in ("", None) else "–"
