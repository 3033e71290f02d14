"""Curves of a training as a picture: loss, accuracy, rewards over steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from schemas.storage import temporary

Row = Mapping[str, Any]
_SFT = (("loss", "loss"), ("mean_token_accuracy", "share of tokens right"))
_GRPO = (
    ("reward", "total reward"),
    ("rewards/", "rewards by name"),
    ("kl", "divergence from the model before"),
    ("completions/mean_length", "tokens of a completion"),
)


def curves(runs: Mapping[str, Sequence[Row]], path: Path) -> None:
    """Draw the logs of one or several trainings, a row of panels each; the file is written whole."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    drawn = {name: panels(rows) for name, rows in runs.items()}
    columns = max((len(found) for found in drawn.values()), default=1) or 1
    figure = Figure(figsize=(3.6 * columns, 2.6 * max(1, len(runs))), layout="constrained")
    FigureCanvasAgg(figure)
    for row, (name, found) in enumerate(drawn.items()):
        for column, (title, lines) in enumerate(found):
            axes = figure.add_subplot(len(runs), columns, row * columns + column + 1)
            axes.set_title(f"{name}: {title}", fontsize=9)
            for label, steps, values in lines:
                axes.plot(steps, values, label=label, linewidth=1.2)
            if len(lines) > 1:
                axes.legend(fontsize=7)
            axes.set_xlabel("step", fontsize=8)
            axes.tick_params(labelsize=7)
            axes.grid(alpha=0.3)
    part = temporary(path)
    figure.savefig(part, format="png", dpi=110)
    part.replace(path)


def panels(rows: Sequence[Row]) -> list[tuple[str, list[tuple[str, list[int], list[float]]]]]:
    """Panels that these rows have values for: a title, and lines with label, steps and values."""
    names = sorted({name for row in rows for name in row})
    wanted = _GRPO if "reward" in names else _SFT
    found = []
    for start, title in wanted:
        if start.endswith("/"):
            chosen = [name for name in names if name.startswith(start) and name.endswith("/mean")]
        else:
            chosen = [start] if start in names else []
        lines = [_line(name, start, rows) for name in chosen]
        if lines:
            found.append((title, lines))
    return found


def _line(name: str, start: str, rows: Sequence[Row]) -> tuple[str, list[int], list[float]]:
    points = [(row["step"], row[name]) for row in rows if name in row]
    label = name.removeprefix("rewards/").removesuffix("/mean") if start.endswith("/") else name
    return label, [step for step, _ in points], [value for _, value in points]
