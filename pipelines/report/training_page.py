"""The page of what was trained on this corpus, on which shards, and how it scored."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from pipelines import evaluate_summary
from pipelines.evaluate_sections import banner
from pipelines.evaluate_sections import table as metric_table
from pipelines.report.markup import card, details, facts, mark, section, table, text
from pipelines.report.pictures import Picture, lines
from pipelines.report.runs import Evaluation, Runs, Training, linked

Row = dict[str, Any]

_MOST_LINES = 5  # of a picture: there are so many colours


def training(runs: Runs, manifest: Row, output: Path) -> str:
    """The body of the page; links go from the folder `output`."""
    parts = [
        "<h1>Training and evaluation</h1>",
        '<p class="lead">Checkpoints and evaluations that name this corpus by the fingerprint of its '
        "goals and "
        "motions.</p>",
    ]
    if runs.trainings:
        parts.append(section("shards", "What was trained on which shards", card(_shards(runs, manifest))))
        parts += [_trained(one) for one in runs.trainings]
    for number, one in enumerate(runs.evaluations):
        parts.append(_scored(one, number, output))
    return "\n".join(parts)


def _shards(runs: Runs, manifest: Row) -> str:
    rows = []
    for one in runs.trainings:
        record, figures = one.record, one.summary
        rows.append(
            [
                text(one.name),
                text(record.get("recipe", {}).get("name", "–")),
                mark(True, "finished", "") if one.finished else '<span class="muted">not finished</span>',
                _same(record, manifest),
                mark(bool(record.get("gate")), "passed", "had not passed"),
                *(_number(figures.get(name)) for name in ("examples", "tokens", "steps")),
                _time(figures.get("seconds")),
            ]
        )
    heads = ["Stage", "Recipe", "State", "Shards", "Gate then", "Examples", "Tokens", "Steps", "Time"]
    return table(heads, rows, numbers=(5, 6, 7, 8), label="Trainings on this corpus")


def _same(record: Row, manifest: Row) -> str:
    """Whether the shards that were read are the ones that the corpus holds now."""
    held = {shard["sha256"] for listed in manifest["tables"].values() for shard in listed["shards"]}
    read = record.get("shards") or []
    same = sum(shard.get("sha256") in held for shard in read)
    return mark(
        bool(read) and same == len(read),
        f"all {len(read)} of this corpus",
        f"{same} of {len(read)} are as now",
    )


def _number(value: Any) -> str:
    return text(int(value)) if isinstance(value, (int, float)) else "–"


def _time(seconds: Any) -> str:
    if not isinstance(seconds, (int, float)):
        return "–"
    return f"{seconds / 60:.1f} min" if seconds >= 100 else f"{seconds:.0f} s"


def _trained(one: Training) -> str:
    pictures = "".join(f'<div class="card">{_picture(drawn)}</div>' for drawn in curves_of(one))
    record = one.record
    known = [
        ("folder", f"<code>{text(one.folder.name)}</code>"),
        (
            "recipe",
            f"{text(record.get('recipe', {}).get('name', '–'))} "
            f"<code>{text(record.get('recipe_fingerprint', ''))}</code>",
        ),
        ("began from", f"<code>{text(record.get('source', '–'))}</code>"),
        ("motion tokenizer", f"<code>{text(record.get('motion_tokenizer', '–'))}</code>"),
    ]
    if record.get("embedder"):
        known.append(("embedder of the rewards", f"<code>{text(record['embedder'])}</code>"))
    code = ", ".join(f"{name} {value}" for name, value in sorted((record.get("code") or {}).items()))
    known.append(("code", text(code or "–")))
    shards = "".join(
        f'<li><code>{text(shard["file"])}</code> <code class="muted">{text(shard["sha256"])}</code></li>'
        for shard in record.get("shards") or []
    )
    told = facts(known) + details(
        f"{len(record.get('shards') or [])} shards that were read", f"<ul>{shards}</ul>"
    )
    drawn = (
        f'<div class="grid wide">{pictures}</div>'
        if pictures
        else card('<p class="muted">No step was logged yet.</p>')
    )
    return section(f"training-{text(one.name)}", _called(one.name), drawn + card(told))


def _called(stage: str) -> str:
    return {"base": "Base model", "stage1": "Stage 1", "stage2": "Stage 2", "stage3": "Stage 3 (GRPO)"}.get(
        stage, stage
    )


def curves_of(one: Training) -> list[Picture]:
    """The curves of a training's log."""
    from trainer.curves import panels

    found = []
    for title, drawn in panels(one.log):
        some = drawn[:_MOST_LINES]
        ends = ", ".join(f"{name} {values[0]:.3g} to {values[-1]:.3g}" for name, _, values in some if values)
        found.append(
            lines(f"{_called(one.name)}: {title}", ends, "step", {name: (x, y) for name, x, y in some})
        )
    return found


def _picture(drawn: Picture) -> str:
    return (
        f"<figure><figcaption><strong>{text(drawn.title.partition(': ')[2].capitalize())}</strong>"
        f'<span class="muted small">{text(drawn.summary)}</span></figcaption>\n{drawn.svg}</figure>'
    )


def _evaluated(one: Evaluation) -> str:
    name = one.folder.name
    return "Evaluation" if name == "evaluation" else f"Evaluation: {name}"


def _scored(one: Evaluation, number: int, output: Path) -> str:
    results = one.results
    notices = "".join(map(banner, evaluate_summary.notices(results)))
    tables = "".join(
        card(metric_table(made), "metrics")
        for place, embedder in enumerate(results.get("embedders", []))
        if (made := evaluate_summary.main_table(results, embedder, place))
    )
    others = [evaluate_summary.body_table(results), evaluate_summary.captions_table(results)]
    tables += "".join(card(metric_table(made), "metrics") for made in others if made)
    page = linked(one.folder, output, "index.html")
    link = f' · <a href="{quote(page)}">its own page, with examples</a>' if page else ""
    lead = ", ".join(evaluate_summary.lead(results))
    return section(f"evaluation-{number}", _evaluated(one), notices + tables, f"{text(lead)}{link}")
