"""Examples of the evaluation page: best and worst goals of each set, model and goal side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.drawing import figure_html
from pipelines.evaluate_rows import ABSENT, number
from pipelines.evaluate_sections import text
from pipelines.evaluate_summary import set_names

Results = Mapping[str, Any]
Rounds = Sequence[tuple[int, Mapping[str, Any]]]
Figures = Mapping[str, Mapping[str, Any]]
_KINDS = {"best": "Nearest to their captions", "worst": "Farthest from their captions"}
_LEGEND = (
    '<p class="muted small limbs"><span class="left"></span> left limbs <span class="right"></span> right '
    "limbs; the motions of an example play together; drag a picture to turn it</p>"
)


@dataclass(frozen=True)
class _Set:
    key: str
    name: str
    mode: str

    def titles(self, rounds: Rounds) -> list[str]:
        """What stands over the figures of a completion."""
        if len(rounds) < 2:
            return [self.name for _ in rounds]
        given = " (given)" if self.mode == "robust" else ""
        return [f"Round {place + 1}{'' if place else given}" for place, _ in rounds]


def examples(results: Results, figures: Figures) -> str:
    """The examples of every set; a goal that several embedders chose is drawn once."""
    parts: list[str] = []
    modes = {one["id"]: str(one.get("mode")) for one in results.get("sets", [])}
    for key, name in set_names(results).items():
        shown = _of_set(results, _Set(key, name, modes[key]), figures)
        if shown:
            state = "" if parts else " open"
            parts.append(
                f'<details class="card"{state}><summary><h3>{text(name)}</h3></summary>{shown}</details>'
            )
    return _LEGEND * bool(parts and figures) + "".join(parts)


def _of_set(results: Results, of: _Set, figures: Figures) -> str:
    drawn: set[str] = set()
    parts = []
    for embedder in results.get("embedders", []):
        for kind, title in _KINDS.items():
            found = embedder.get("sets", {}).get(of.key, {}).get(kind) or []
            if found:
                by = f"{title}, by embedder {embedder['name']}"
                items = "".join(_example(of, one, figures, drawn) for one in found)
                parts.append(f'<h4>{text(by)}</h4><div class="examples">{items}</div>')
    return "".join(parts)


def _example(of: _Set, one: Results, figures: Figures, drawn: set[str]) -> str:
    goal = str(one["goal_id"])
    rounds = _rounds(of.key, goal, figures)
    repeated = goal in drawn
    drawn.add(goal)
    shown = "" if repeated else _figures(of, goal, figures.get(f"goal/{goal}"), rounds)
    again = '<p class="muted small again">Its motions are drawn above.</p>' if repeated and rounds else ""
    wide = " wide" if shown and len(rounds) > 1 else ""
    return (
        f'<article class="example{wide}"><p class="said">{text(one.get("caption", ""))}</p>'
        f'<p class="muted small">{text(_facts(goal, one))}</p>{shown}{again}</article>'
    )


def _facts(goal: str, one: Results) -> str:
    parts = [f"Goal {goal}", f"distance to the caption {number(one.get('distance'))}"]
    found = number(one.get("found"), 0, 100)
    if found != ABSENT:
        parts.append(f"among the first 3 of its pool in {found}% of repeats")
    return ", ".join(parts)


def _rounds(key: str, goal: str, figures: Figures) -> Rounds:
    """The figures of a completion, in the order of its rounds."""
    prefix = f"{key}/{goal}/"
    numbers = (name.removeprefix(prefix) for name in figures if name.startswith(prefix))
    return [
        (place, figures[f"{prefix}{place}"]) for place in sorted(int(n) for n in numbers if n.isdecimal())
    ]


def _figures(of: _Set, goal: str, own: Mapping[str, Any] | None, rounds: Rounds) -> str:
    """The goal's own motion, then every round, from left to right, on one clock."""
    shown = [("Goal", own)] * (own is not None)
    shown += [(title, data) for title, (_, data) in zip(of.titles(rounds), rounds, strict=True)]
    if not shown:
        return ""
    many = len(shown) > 2
    # One set of controls moves all: in a row of many there is no room for more.
    drawn = "".join(
        figure_html(
            {**(data or {}), "title": title},
            clock=f"{of.key}/{goal}",
            controls="compact" if not many or not place else "none",
            timeline=not many,
            events=False,
            heading=True,
        )
        for place, (title, data) in enumerate(shown)
    )
    return f'<div class="motions{" many" if many else ""}">{drawn}</div>'
