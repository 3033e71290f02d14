"""Parts of the report page as HTML; whatever comes from data is escaped here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from pipelines.counts import counts_in_order, left_out, missing_rows
from pipelines.report_data import LETTERS, ReportData
from pipelines.report_figures import Picture
from schemas.tables import TABLES

Row = dict[str, Any]

_UNITS = {"captions": "caption lines"}


def text(value: object) -> str:
    """A value as text in HTML."""
    return escape(f"{value:,}" if isinstance(value, int) else str(value), quote=True)


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], counts: Sequence[int] = (), label: str = ""
) -> str:
    """A table out of HTML cells; `counts` are the columns that hold numbers."""

    def cell(tag: str, place: int, content: str, extra: str = "") -> str:
        numbers = ' class="count"' if place in counts else ""
        return f"<{tag}{extra}{numbers}>{content}</{tag}>"

    head = "".join(cell("th", place, text(name), ' scope="col"') for place, name in enumerate(heads))
    body = "\n".join(
        "<tr>" + "".join(cell("td", place, content) for place, content in enumerate(row)) + "</tr>"
        for row in rows
    )
    named = f' role="region" aria-label="{text(label)}"' if label else ""
    return (
        f'<div class="scroll" tabindex="0"{named}><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def mark(good: bool, yes: str, no: str) -> str:
    """A word of praise or blame that does not rely on its colour."""
    return (
        f'<span class="mark">✓ {text(yes)}</span>' if good else f'<span class="mark bad">✗ {text(no)}</span>'
    )


def verdict(manifest: Row) -> str:
    """The banner: whether this corpus may be used."""
    failed = failed_expectations(manifest)
    lost = missing_rows(manifest)
    if manifest["gate"]["passed"] and not lost:
        return (
            '<div class="card verdict" role="status"><strong>✓ This corpus is good.</strong><br>'
            "Every expectation of its quality gate holds and every row is accounted for.</div>"
        )
    reasons = [f"expectations of the quality gate that do not hold: {failed:,}"] if failed else []
    if not manifest["gate"]["passed"] and not failed:
        reasons.append("the quality gate did not pass")
    if lost:
        reasons.append(f"rows that are not accounted for: {lost:,}")
    return (
        '<div class="card verdict bad" role="status"><strong>✗ This corpus must not be used.</strong><br>'
        f"{text('; '.join(reasons).capitalize())}. What fails is listed under "
        '<a href="#gate">quality gate</a>.</div>'
    )


def failed_expectations(manifest: Row) -> int:
    """How many expectations of the gate do not hold."""
    return sum(len(suite["failed"]) for suite in manifest["gate"]["suites"].values())


def promises(manifest: Row, data: ReportData) -> str:
    """What the engine promises and whether it is kept, then the corpus' size."""
    suites = manifest["gate"]["suites"].values()
    total = sum(suite["expectations"] for suite in suites)
    failed = failed_expectations(manifest)
    lost = missing_rows(manifest)
    letters = manifest["tables"]["dead_letters"]["rows"]
    shards = sum(len(listed["shards"]) for listed in manifest["tables"].values())
    contradicted, judged = data.verdicts["contradicted"], data.verdicts.total()
    kept = (
        (
            "Nothing disappears",
            mark(lost == 0, "kept", f"{lost:,} rows missing"),
            f"Rows in = rows out + left out, in every step. {letters:,} rows were left out, each with a "
            "reason.",
        ),
        (
            "The gate decides",
            mark(manifest["gate"]["passed"], "passed", f"{failed:,} of {total:,} fail"),
            f"{total:,} expectations about {len(suites)} sets of rows were checked.",
        ),
        (
            "Words agree with the motion",
            mark(contradicted == 0, "no contradiction", f"{contradicted:,} contradicted"),
            f"{judged:,} statements of assessments were judged: {data.verdicts['supported']:,} are measured "
            f"or recorded, {data.verdicts['unverifiable']:,} can neither be shown nor refuted.",
        ),
        (
            "Bytes can be checked",
            mark(True, f"{shards:,} digests", ""),
            "The manifest names the SHA-256 of every shard; irmogen validate compares them.",
        ),
    )
    cards = "\n".join(
        f'<div class="card"><h3>{text(title)}</h3><p>{shown}</p><p class="muted small">{text(why)}</p></div>'
        for title, shown, why in kept
    )
    return f'<div class="grid">\n{cards}\n</div>\n{_sizes(manifest)}'


def _sizes(manifest: Row) -> str:
    names = {
        "motions": "clips",
        "goals": "goals read",
        "candidates": "intermediate motions",
        "perturbed": "of them perturbed",
        "annotations": "annotations",
        "stage1": "stage 1 examples",
        "stage2": "stage 2 chains",
        "stage3": "stage 3 goals",
    }
    cards = "\n".join(
        f'<div class="card"><div class="number">{manifest["tables"][name]["rows"]:,}</div>'
        f'<div class="muted">{text(shown)}</div></div>'
        for name, shown in names.items()
    )
    return f'<div class="grid below">\n{cards}\n</div>'


def steps(manifest: Row) -> str:
    """Rows in, rows out and rows left out by reason, of every step."""
    rows = []
    for step, unit, counts in counts_in_order(manifest):
        lost = counts["rows_in"] - counts["rows_out"] - left_out(counts)
        rows.append(
            [
                f"<strong>{text(step)}</strong>",
                text(_UNITS.get(unit, unit)),
                text(counts["rows_in"]),
                text(counts["rows_out"]),
                _reasons(counts["filtered"]),
                _reasons(counts["failed"]),
                mark(lost == 0, "adds up", f"{lost:,} missing"),
            ]
        )
    heads = [
        "Step",
        "Counted",
        "In",
        "Out",
        "Filtered, by reason",
        "Failed, by reason",
        "In = out + left out",
    ]
    return f'<div class="card">{table(heads, rows, counts=(2, 3), label="Rows of every step")}</div>'


def _reasons(counts: Mapping[str, int]) -> str:
    if not counts:
        return '<span class="muted">none</span>'
    return "<br>".join(f"{text(reason)} {number:,}" for reason, number in sorted(counts.items()))


def gate(manifest: Row) -> str:
    """The verdict for each table, then every expectation that fails, with examples."""
    suites = sorted(manifest["gate"]["suites"].items())
    rows = [
        [
            f"<strong>{text(name)}</strong>",
            text(suite["expectations"]),
            text(len(suite["failed"])),
            mark(suite["passed"], "passed", "failed"),
        ]
        for name, suite in suites
    ]
    heads = ["Rows of", "Expectations", "Failed", "Verdict"]
    parts = [f'<div class="card">{table(heads, rows, counts=(1, 2), label="Gate by table")}</div>']
    failures = [(name, failure) for name, suite in suites for failure in suite["failed"]]
    if not failures:
        return parts[0] + '<p class="muted below">No expectation fails.</p>'
    parts.append('<div class="card below"><h3>Expectations that fail</h3>')
    for name, failure in failures:
        examples = "".join(f"<li><code>{text(_example(shown))}</code></li>" for shown in failure["examples"])
        parts.append(
            f"<details open><summary>{text(name)}, {text(failure['column'])}: "
            f"{text(failure['expectation'])} ({text(failure['count'])} rows)</summary>"
            f"<ul>{examples}</ul></details>"
        )
    return "\n".join([*parts, "</div>"])


def _example(shown: Any) -> str:
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False, sort_keys=True)


def picture(drawn: Picture) -> str:
    """A picture with its title and what it shows."""
    return (
        f'<figure class="card"><figcaption><strong>{text(drawn.title)}</strong>'
        f'<span class="muted small">{text(drawn.summary)}</span></figcaption>\n{drawn.svg}</figure>'
    )


def dead_letters(data: ReportData) -> str:
    """Everything that was left out, by step and reason, with examples."""
    if not data.letters:
        return '<div class="card">Nothing was left out.</div>'
    parts = []
    for (step, kind, reason), found in sorted(data.letters.items()):
        shown = found.examples.values
        rows = [[f'<span class="id">{text(row["input_id"])}</span>', text(row["detail"])] for row in shown]
        few = f", {LETTERS} shown" if found.count > LETTERS else ""
        parts.append(
            f"<details><summary>{text(reason)} "
            f'<span class="muted">({text(step)}, {text(kind)}: {found.count:,}{few})</span></summary>\n'
            f"{table(['Id', 'Detail'], rows, label=f'{reason} in step {step}')}</details>"
        )
    return '<div class="card">' + "\n".join(parts) + "</div>"


def goals(data: ReportData) -> str:
    """Some goals whole: caption, analyses, ladder with assessments, refinements and edits."""
    if not data.goals.values:
        return '<div class="card">No goal came through.</div>'
    return "\n".join(_goal(*drawn) for drawn in data.goals.values)


def _goal(chain: Row, candidates: dict[str, Row], events: list[Row]) -> str:
    analyses = "".join(f"<li>{text(analysis['text'])}</li>" for analysis in chain["analyses"])
    rows = [
        [
            f'<strong>{rung["rank"]}</strong> <span class="tag">{text(rung["origin"])}</span>',
            f"{rung['alignment']:.2f}",
            f"{_motion(rung['motion'])}<br>{_origin(candidates.get(rung['candidate_id'], {}))}",
            text(rung["assessment"]),
            text(rung["refinement"]),
        ]
        for rung in chain["ladder"]
    ]
    rows.append(
        [
            '<strong>goal</strong> <span class="tag">dataset</span>',
            "",
            _motion(chain["motion"]),
            text(chain["assessment"]),
            text(chain["refinement"]),
        ]
    )
    heads = ["Rung", "Alignment", "Motion", "Assessment", "Refinement"]
    ladder = table(heads, rows, counts=(1,), label=f"Ladder of {chain['goal_id']}, far to near")
    return (
        f'<article class="card"><h3 class="id muted">{text(chain["goal_id"])} ({text(chain["split"])})</h3>'
        f"<blockquote>{text(chain['caption'])}</blockquote>"
        f'<p class="small"><span class="muted">Measured on the goal motion:</span> '
        f"{text('; '.join(_event(event) for event in events) or 'nothing')}</p>"
        f'<p class="muted small">Analyses</p><ol>{analyses}</ol>'
        f'<div class="ladder">{ladder}</div></article>'
    )


def _event(event: Row) -> str:
    words = [event["speed"], event["action"].replace("_", " "), event["side"], event["direction"]]
    times = f" × {event['count']}" if event["count"] > 1 else ""
    return f"{' '.join(word for word in words if word)}{times} ({event['start']} to {event['end']})"


def _motion(motion: Row) -> str:
    return (
        f'<span class="id">{text(motion["id"])}</span> '
        f'<span class="muted small">frames {motion["start"]} to {motion["end"]}</span>'
    )


def _origin(candidate: Row) -> str:
    edits = candidate.get("edits") or []
    if not edits:
        return f'<span class="muted small">{text(candidate.get("source_caption", ""))}</span>'
    return "<br>".join(_edit(edit) for edit in edits)


def _edit(edit: Row) -> str:
    values = json.loads(edit["parameters"])
    shown = ", ".join(f"{name} {_short(value)}" for name, value in sorted(values.items()))
    breaks = ", ".join(dict.fromkeys(broken["aspect"] for broken in edit["breaks"]))
    return (
        f'<span class="tag">{text(edit["operation"])}</span> <span class="muted small">{text(shown)}'
        f"{text(f'; breaks {breaks}') if breaks else ''}</span>"
    )


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def tables(manifest: Row) -> str:
    """Every table with its rows and digest, and the settings of the build."""
    rows = [
        [
            f"<strong>{text(name)}</strong>",
            text(manifest["schema_versions"][name]),
            text(listed["rows"]),
            text(len(listed["shards"])),
            f"<code>{text(listed['digest'])}</code>",
        ]
        for name, listed in ((name, manifest["tables"][name]) for name in TABLES)
    ]
    heads = ["Table", "Schema version", "Rows", "Shards", "Digest of its shards"]
    settings = [[text(name), f"<code>{text(_example(value))}</code>"] for name, value in _settings(manifest)]
    return (
        f'<div class="card">{table(heads, rows, counts=(1, 2, 3), label="Tables")}</div>\n'
        '<div class="card below"><h3>Settings that make this corpus what it is</h3>'
        f"{table(['Setting', 'Value'], settings, label='Settings')}</div>"
    )


def _settings(manifest: Row) -> list[tuple[str, Any]]:
    return [("fingerprint", manifest["fingerprint"]), *sorted(manifest["config"].items())]
