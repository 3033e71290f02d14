"""The first page: may the corpus be used, what is promised, what became of every row, what it cost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pipelines.counts import counts_in_order, left_out, missing_rows
from pipelines.report.flow import flow
from pipelines.report.markup import card, counted, details, facts, mark, section, table, text
from schemas.tables import TABLES
from transforms.report_data import ReportData

Row = dict[str, Any]

_UNITS = {"captions": "caption lines"}
_SIZES = {
    "motions": "clips",
    "goals": "goals",
    "candidates": "intermediate motions",
    "annotations": "annotations",
    "stage1": "stage 1 examples",
    "stage2": "stage 2 chains",
    "stage3": "stage 3 goals",
}


def summary(manifest: Row, data: ReportData) -> str:
    """The body of the page."""
    parts = [
        verdict(manifest),
        _failures(manifest),
        section("promises", "What is promised, and whether it is kept", _promises(manifest, data)),
        section(
            "flow",
            "What became of every row",
            card(flow(manifest)) + card(details("The same as a table", _steps(manifest))),
            "Captions become goals, and goals go from step to step. What is left out has its reason, "
            "and a row "
            "in the table of dead letters.",
        ),
        section(
            "gate",
            "Quality gate",
            card(_suites(manifest)) + _advice(manifest),
            "Expectations about each table and about the whole corpus.",
        ),
        section(
            "cost",
            "Time and cost",
            card(
                '<div id="run"><p class="muted">Told by run.js, which a build writes beside this '
                "page.</p></div>"
            ),
            "Of the last run of the build; a run that goes on after a stop counts from there.",
        ),
        section(
            "origin", "Digests and versions", _origin(manifest), "What makes this corpus the one that it is."
        ),
    ]
    return "\n".join(parts)


def verdict(manifest: Row) -> str:
    """The banner: whether this corpus may be used, what it is, and how large."""
    failed, lost = failed_expectations(manifest), missing_rows(manifest)
    good = bool(manifest["gate"]["passed"]) and not lost
    if good:
        said = "Every expectation of its quality gate holds, and every row is accounted for."
    else:
        those = "expectation" if failed == 1 else "expectations"
        reasons = [f"{those} of the quality gate that fail: {failed:,}"] if failed else []
        if not manifest["gate"]["passed"] and not failed:
            reasons.append("the quality gate did not pass")
        if lost:
            reasons.append(f"rows that are not accounted for: {lost:,}")
        said = f"{'; '.join(reasons).capitalize()}. Training refuses it until it passes."
    title = "This corpus is good" if good else "This corpus must not be used"
    config = manifest["config"]
    about = " · ".join(
        (
            f"dataset {text(config['dataset'])}",
            f"skeleton {text(config['skeleton'])}",
            f"annotator {text(config.get('annotator', 'not named'))}",
            f"fingerprint <code>{text(manifest['fingerprint'])}</code>",
        )
    )
    sizes = "".join(
        f"<div><dt>{text(shown)}</dt><dd>{manifest['tables'][name]['rows']:,}</dd></div>"
        for name, shown in _SIZES.items()
    )
    sign = "✓" if good else "✗"
    return (
        f'<div class="card verdict{"" if good else " bad"}"><span class="sign" '
        f'aria-hidden="true">{sign}</span>'
        f'<div><h1>{title}</h1><p>{text(said)}</p><p class="muted small">{about}</p></div></div>\n'
        f'<dl class="sizes">{sizes}</dl>'
    )


def failed_expectations(manifest: Row) -> int:
    """How many expectations of the gate do not hold."""
    return sum(len(suite["failed"]) for suite in manifest["gate"]["suites"].values())


def _failures(manifest: Row) -> str:
    """Every expectation that fails, in words where the gate has them, with what was seen and examples."""
    shown = [
        _failure(name, failure)
        for name, suite in sorted(manifest["gate"]["suites"].items())
        for failure in suite["failed"]
    ]
    return section("failures", "What fails", "\n".join(shown)) if shown else ""


def _advice(manifest: Row) -> str:
    """Expectations that do not hold and refuse nothing, where the gate has such."""
    rows = [
        [
            text(told.get("meaning") or told["expectation"]),
            text(name),
            text(f"{_example(told.get('observed', ''))} {told.get('bounds', '')}") + _opened(_examples(told)),
        ]
        for name, suite in sorted(manifest["gate"]["suites"].items())
        for told in suite.get("advice") or ()
    ]
    if not rows:
        return ""
    told = table(["What is unusual", "About", "Observed"], rows, label="Advice")
    return card(f"<h3>Advice, which refuses nothing</h3>{told}")


def _failure(name: str, failure: Row) -> str:
    column = failure.get("column") or ""
    where = f"{name}, {column}" if column else name
    title = failure.get("meaning") or f"{failure['expectation'].replace('_', ' ')} ({where})"
    count = failure.get("count") or 0
    about = [f"<code>{text(failure['expectation'])}</code>", text(where)]
    if failure.get("observed") not in (None, ""):
        seen = f"{_example(failure['observed'])} {failure.get('bounds', '')}"
        about.append(f"observed {text(seen.strip())}")
    if count and name != "corpus":
        about.append(counted(count, "row"))
    return card(
        f'<h3><span class="mark bad" aria-hidden="true">✗</span> {text(title)}</h3>'
        f'<p class="muted small">{" · ".join(about)}</p>{_examples(failure)}',
        "failure",
    )


def _examples(told: Row) -> str:
    shown = "".join(f"<li><code>{text(_example(one))}</code></li>" for one in told.get("examples") or ())
    return f"<ul>{shown}</ul>" if shown else ""


def _opened(examples: str) -> str:
    return details("Examples", examples) if examples else ""


def _example(shown: Any) -> str:
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False, sort_keys=True)


def _promises(manifest: Row, data: ReportData) -> str:
    suites = manifest["gate"]["suites"].values()
    total = sum(suite["expectations"] for suite in suites)
    failed, lost = failed_expectations(manifest), missing_rows(manifest)
    letters = manifest["tables"]["dead_letters"]["rows"]
    shards = sum(len(listed["shards"]) for listed in manifest["tables"].values())
    contradicted, judged = data.verdicts["contradicted"], data.verdicts.total()
    rows = [
        (
            "Nothing disappears",
            mark(lost == 0, "kept", f"{lost:,} rows missing"),
            f"Rows in = rows out + left out, in every step. {letters:,} rows were left out, each with "
            "a reason.",
        ),
        (
            "The gate decides",
            mark(bool(manifest["gate"]["passed"]), "passed", f"{failed:,} of {total:,} fail"),
            f"{total:,} expectations about {len(suites)} sets of rows; the verdict is part of the manifest.",
        ),
        (
            "Words agree with the motion",
            mark(contradicted == 0, "no contradiction", f"{contradicted:,} contradicted"),
            f"{judged:,} statements of annotations were judged: {data.verdicts['supported']:,} are "
            "measured or "
            f"recorded, {data.verdicts['unverifiable']:,} can neither be shown nor refuted.",
        ),
        (
            "Bytes can be checked",
            mark(True, f"{shards:,} digests", ""),
            "The manifest names the SHA-256 of every shard; irmogen validate compares them.",
        ),
    ]
    cells = [(text(title), shown, f'<span class="muted">{text(why)}</span>') for title, shown, why in rows]
    return card(table(["Promise", "Verdict", "How one knows"], cells, label="Promises"), "stacked")


def _steps(manifest: Row) -> str:
    rows = []
    for step, unit, counts in counts_in_order(manifest):
        lost = counts["rows_in"] - counts["rows_out"] - left_out(counts)
        rows.append(
            [
                text(step),
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
    return table(heads, rows, numbers=(2, 3), label="Rows of every step")


def _reasons(counts: Mapping[str, int]) -> str:
    if not counts:
        return '<span class="muted">none</span>'
    return "<br>".join(f"{text(reason)} {number:,}" for reason, number in sorted(counts.items()))


def _suites(manifest: Row) -> str:
    suites = sorted(manifest["gate"]["suites"].items(), key=lambda item: (item[1]["passed"], item[0]))
    rows = [
        [
            text(name),
            text(suite.get("rows", "")),
            text(suite["expectations"]),
            text(len(suite["failed"])),
            mark(suite["passed"], "passed", "failed"),
        ]
        for name, suite in suites
    ]
    heads = ["About", "Rows", "Expectations", "Failed", "Verdict"]
    return table(heads, rows, numbers=(1, 2, 3), label="Gate by table")


def _origin(manifest: Row) -> str:
    known = [
        ("irmogen", text(manifest["code_version"])),
        ("fingerprint of the build", f"<code>{text(manifest['fingerprint'])}</code>"),
    ]
    if manifest["gate"].get("digest"):
        known.append(("digest of the gate", f"<code>{text(manifest['gate']['digest'])}</code>"))
    rows = [
        [
            text(name),
            text(manifest["schema_versions"][name]),
            text(listed["rows"]),
            text(len(listed["shards"])),
            f"<code>{text(listed['digest'])}</code>",
        ]
        for name, listed in ((name, manifest["tables"][name]) for name in TABLES)
    ]
    heads = ["Table", "Schema", "Rows", "Shards", "Digest of its shards"]
    settings = [
        [text(name), f"<code>{text(_example(value))}</code>"]
        for name, value in sorted(manifest["config"].items())
    ]
    return card(
        facts(known)
        + details("Tables and their digests", table(heads, rows, numbers=(1, 2, 3), label="Tables"))
        + details("Settings that count", table(["Setting", "Value"], settings, label="Settings"))
    )
