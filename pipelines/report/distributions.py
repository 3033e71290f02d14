"""The distributions of a corpus as pictures, from the clips to the training tasks."""

from __future__ import annotations

from collections import Counter

from pipelines.report.markup import counted
from pipelines.report.pictures import Picture, bars, boxes, curves, histogram, median_of
from transforms.report_data import ASSESSMENTS, ReportData

_MOST_BARS = 32


def all_pictures(data: ReportData, fps: float) -> list[Picture]:
    """Every distribution; `fps` turns frames of clips into seconds."""
    return [
        _lengths(data, fps),
        _actions(data),
        _scores(data),
        _origins(data),
        _edits(data),
        _words(data),
        _distinct(data),
        _tasks(data),
    ]


def _lengths(data: ReportData, fps: float) -> Picture:
    seconds = Counter({frames / fps: count for frames, count in data.lengths.items()})
    summary = f"{data.lengths.total():,} clips"
    if seconds:
        middle = median_of(data.lengths) / fps
        summary += f", {min(seconds):.1f} to {max(seconds):.1f} s long, median {middle:.1f} s"
    return histogram("Length of clips", summary, "seconds", seconds, 32)


def _most(counts: Counter[str]) -> dict[str, int]:
    """The highest counts, equal ones by name: the same picture in every run."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_BARS])


def _actions(data: ReportData) -> Picture:
    shown = _most(data.actions)
    summary = f"Goals in whose motion an action is measured; {counted(len(data.actions), 'action')}"
    return bars("Actions measured in goals", summary, _single(shown, "goals"))


def _scores(data: ReportData) -> Picture:
    last = max(data.scores, default=0)
    ranks = {
        f"rank {rank}" + (", far" if rank == 0 else ", near" if rank == last else ""): data.scores[rank]
        for rank in sorted(data.scores)
    }
    summary = "Box: middle half; line: median; whiskers: 5 to 95% of the intermediate motions"
    return boxes("Alignment along the ladder", summary, "alignment with the goal", ranks)


def _origins(data: ReportData) -> Picture:
    names = sorted({origin for counts in data.origins.values() for origin in counts}, reverse=True)
    rows = {f"rank {rank}": {n: data.origins[rank][n] for n in names} for rank in sorted(data.origins)}
    totals = Counter[str]()
    for counts in data.origins.values():
        totals += counts
    shown = ", ".join(f"{totals[name]:,} {name}" for name in names) or "none"
    return bars("Where intermediate motions come from", shown, rows)


def _edits(data: ReportData) -> Picture:
    summary = (
        f"{data.edits.total():,} recorded edits of perturbed motions, {counted(len(data.edits), 'operation')}"
    )
    return bars("Edits by operation", summary, _single(_most(data.edits), "edits"))


def _words(data: ReportData) -> Picture:
    kinds = [kind for kind in ("analysis", "assessment", "refinement") if kind in data.words]
    medians = ", ".join(f"{kind} {median_of(data.words[kind])}" for kind in kinds)
    summary = f"Median words: {medians}" if kinds else "No texts"
    return curves("Length of texts", summary, "words", {kind: data.words[kind] for kind in kinds})


def _distinct(data: ReportData) -> Picture:
    shares = data.distinct()
    count = len(data.assessments.values)
    shown = ", ".join(f"distinct-{n} {share:.2f}" for n, share in enumerate(shares, 1))
    summary = f"{shown}: unique n-grams over all, in {count} assessments of different goals"
    if count < ASSESSMENTS:
        summary += f" (fewer than {ASSESSMENTS}: the share falls with their number)"
    rows = {f"distinct-{n}": {"%": round(100 * share)} for n, share in enumerate(shares, 1)}
    return bars("Variety of assessments, %", summary, rows)


def _tasks(data: ReportData) -> Picture:
    splits = [s for s in ("train", "val", "test") if any(counts[s] for counts in data.tasks.values())]
    rows = {task: {s: data.tasks[task][s] for s in splits} for task in sorted(data.tasks)}
    total = sum(counts.total() for counts in data.tasks.values())
    return bars("Stage 1 examples by task", f"{total:,} examples of {len(rows)} tasks", rows)


def _single(counts: dict[str, int], name: str) -> dict[str, dict[str, int]]:
    return {key.replace("_", " "): {name: count} for key, count in counts.items()}
