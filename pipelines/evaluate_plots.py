"""Sections of the evaluation page that draw: rounds, robustness, comparisons, judging."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from evaluators.evaluation import METRICS
from pipelines import evaluate_charts as charts
from pipelines import evaluate_summary as told
from pipelines.evaluate_rows import ABSENT, Column, Entry, Line, Measure, Table, number, plain, table_of
from pipelines.evaluate_sections import Plots, card, table, text

Results = Mapping[str, Any]
CURVES = ("r_precision_3", "mm_distance", "fid")
_CURVES_NOTE = (
    '<p class="muted small">n: completions that have the round; one that ended before counts with its last '
    "motion. Bands are 95% intervals.</p>"
)


def numbers_of(results: Results) -> dict[str, int]:
    """The number of each set: its colour and shape in every chart."""
    return {one["id"]: place for place, one in enumerate(results.get("sets", []))}


def rounds(results: Results, embedder: Results, place: int) -> str:
    """Curves over the rounds of the sets that have several, their numbers, and what they come to."""
    names, numbers = told.set_names(results), numbers_of(results)
    runs = {
        key: scores["rounds"]
        for key, scores in embedder.get("sets", {}).items()
        if len(scores.get("rounds") or []) > 1 and key in names
    }
    summary = told.rounds_table(results, embedder, place)
    if not runs:
        return card(table(summary)) if summary else ""
    truth = told.truth_of(embedder)
    series = {
        metric: [charts.Series(names[key], numbers[key], _points(run, metric)) for key, run in runs.items()]
        for metric in CURVES
    }
    drawn = [_chart(metric, found, _mean(truth.get(metric))) for metric, found in series.items()]
    samples = [(numbers[key], names[key]) for key in runs]
    return card(
        f'<h3 class="lead">By embedder {text(embedder["name"])}</h3>{legend([*samples, (None, told.TRUTH)])}'
        f'<div class="charts">{"".join(drawn)}</div>{_CURVES_NOTE}'
        + _numbers(results, runs, names, place)
        + (table(summary) if summary else "")
    )


def legend(entries: Iterable[tuple[int | None, str]]) -> str:
    """Names with the line and the mark of each."""
    items = "".join(f"<li>{charts.sample(number)} {text(name)}</li>" for number, name in entries)
    return f'<ul class="legend">{items}</ul>'


def _points(run: Sequence[Results], metric: str) -> tuple[charts.Point, ...]:
    """Rounds are counted from 1 for people."""
    found = [(one, (one.get("metrics") or {}).get(metric)) for one in run]
    return tuple(
        charts.Point(
            one["round"] + 1, score["mean"], score.get("interval") or 0.0, one.get("completions") or 0
        )
        for one, score in found
        if score and _mean(score) is not None
    )


def _mean(score: Results | None) -> float | None:
    return None if not score or number(score.get("mean")) == ABSENT else score["mean"]


def _chart(metric: str, series: Sequence[charts.Series], truth: float | None) -> str:
    kept = [one for one in series if one.points]
    if not kept:
        return ""
    points = [point for one in kept for point in one.points]
    values = [p.value + sign * p.interval for p in points for sign in (-1, 1)]
    shares = metric.startswith("r_precision")
    scale = charts.scale_of(
        values + ([] if truth is None else [truth]), least=0, most=1 if shares else float("inf")
    )
    title = told.metric_column(metric).title
    drawn = charts.curves(plain(told.metric_name(metric)), kept, truth, scale)
    return (
        f'<figure><figcaption>{text(title)} <span class="muted">by round</span></figcaption>{drawn}</figure>'
    )


def _numbers(
    results: Results, runs: Mapping[str, Sequence[Results]], names: Mapping[str, str], place: int
) -> str:
    """The numbers of the curves as a table, folded."""
    measures = [Measure(metric, replace(told.metric_column(metric), better="")) for metric in CURVES]
    measures.append(Measure("completions", Column("Completions"), 0))
    entries = [
        Entry(
            (names[key], str(one["round"] + 1)),
            {**(one.get("metrics") or {}), "completions": one.get("completions")},
        )
        for key, run in runs.items()
        for one in run
    ]
    made = table_of(f"curves-{place + 1}", "Metrics by round", ("Model", "Round"), measures, entries)
    return f"<details><summary>Numbers of these curves</summary>{table(made)}</details>" if made else ""


def robustness(results: Results, embedder: Results, place: int) -> str:
    """The way from a motion that was put in the model's mouth back to the truth."""
    made = told.robustness_table(results, embedder, place)
    if not made:
        return ""
    numbers = numbers_of(results)
    found = [embedder["sets"][row.key]["robust"] for row in made.rows]
    ends = [
        value
        for one in found
        for value in map(one.get, ("floor", "final", "ground_truth"))
        if value is not None
    ]
    scale = charts.scale_of(ends or [0, 1])
    rows = [
        charts.way(scale, numbers[row.key], one["floor"], one["final"], one.get("ground_truth"))
        if one.get("floor") is not None and one.get("final") is not None
        else ""
        for row, one in zip(made.rows, found, strict=True)
    ]
    head = "MM-Dist ↓ <span>hollow: floor, filled: final, dashed: ground truth</span>"
    return card(table(made, Plots(head, rows, charts.axis(scale))))


def comparisons(results: Results, embedder: Results, place: int) -> str:
    """Differences of two models as a forest plot, a table a metric."""
    made = told.comparisons_table(results, embedder, place)
    if not made:
        return ""
    metrics = dict.fromkeys(one["metric"] for one in embedder["comparisons"])
    return card("".join(_forest(results, embedder, made, metric) for metric in metrics))


def _forest(results: Results, embedder: Results, made: Table, metric: str) -> str:
    every = embedder["comparisons"]
    rows = [row for row in made.rows if every[int(row.key)]["metric"] == metric]
    mine = [every[int(row.key)] for row in rows]
    ends = [one[end] for one in mine for end in ("low", "high", "difference") if one.get(end) is not None]
    reach = max(map(abs, ends), default=0) or 1
    scale = charts.scale_of([-reach, reach])
    numbers = numbers_of(results)
    drawn = [charts.spans(scale, _difference(one, numbers), 0.0) for one in mine]
    sides = ("second better", "first better")
    left, right = sides if METRICS.get(metric) else sides[::-1]
    head = f'<span class="sides"><span>← {left}</span><span>{right} →</span></span>'
    shown = replace(
        made,
        title=f"{told.metric_name(metric)}, by embedder {plain(embedder['name'])}",
        heads=made.heads[:1],
        rows=tuple(replace(row, labels=row.labels[:1]) for row in rows),
        notes=(*made.notes, "hollow: the interval holds 0"),
    )
    return table(shown, Plots(head, drawn, charts.axis(scale)))


def _difference(one: Results, numbers: Mapping[str, int]) -> list[charts.Span]:
    if one.get("difference") is None:
        return []
    hollow = told.better_of(one) is None
    number = numbers.get(one["one"], 0)
    return [charts.Span(number, one["difference"], one.get("low"), one.get("high"), hollow)]


def judging(results: Results) -> str:
    """AUC of each judge by operation, with intervals."""
    made = told.judging_table(results)
    if not made:
        return ""
    judges = [one for one in results["sets"] if one.get("judging")]
    numbers, names = numbers_of(results), told.set_names(results)
    scale = charts.Scale(0, 1, (0, 0.25, 0.5, 0.75, 1), 2)
    rows = [charts.spans(scale, _judges(judges, numbers, names, row), 0.5) for row in made.rows]
    counts = [_counted(names[one["id"]], _judged(one, "")) for one in judges]
    shown = replace(made, notes=(*made.notes, *(count for count in counts if count)))
    marks = legend((numbers[one["id"]], names[one["id"]]) for one in judges) if len(judges) > 1 else ""
    return card(marks + table(shown, Plots("AUC <span>dashed: guessing</span>", rows, charts.axis(scale))))


def _judges(
    judges: Sequence[Results], numbers: Mapping[str, int], names: Mapping[str, str], row: Line
) -> list[charts.Span]:
    """The mark of every judge in a row."""
    found = [(one["id"], _judged(one, row.key) or {}) for one in judges]
    return [
        charts.Span(
            numbers[key],
            auc["value"],
            auc.get("low"),
            auc.get("high"),
            title=f"{names[key]}: {auc['value']:.3f}",
        )
        for key, auc in found
        if auc.get("value") is not None
    ]


def _judged(one: Results, group: str) -> Any:
    found = one["judging"]
    return found.get("groups", {}).get(group) if group else found.get("overall")


def _counted(name: str, overall: Results | None) -> str:
    if not overall or overall.get("matching") is None:
        return ""
    return f"{name}: {overall['matching']:,} judgements of matching motions, {overall['other']:,} of others"
