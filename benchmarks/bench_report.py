"""The report: what it costs to write, how large it is, and how soon a page of 5,000 goals shows.

The goals of a corpus (`--corpus`, out/demo) are repeated under other ids until there are `--goals` of
them; the pages are opened from disk in headless chromium. Times in the browser are from the start of the
navigation to the first picture with content, medians of `--opens` fresh loads.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from common import report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browser import Page, browser

from pipelines.report.site import write_site
from schemas.corpus import open_corpus
from transforms.report_data import CLOSE, SAMPLE

_SCRIPT = re.compile(r"(irmogen\.\w+\((?:\d+, )?)(.*)\);\n")
# The list is filled, and two frames have passed: it has been painted.
_SHOWN = """new Promise(async (done) => {
  while (!READY) await new Promise((next) => setTimeout(next, 1));
  requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
})"""
_LISTED = "document.querySelectorAll('#goals li').length"
_HEADED = "document.querySelector('h1')"
_DRAWN = "view.figures.length && view.figures.every((figure) => figure.dataset.frame !== undefined)"


def main() -> None:
    """Write, repeat, open."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("out/demo"))
    parser.add_argument("--goals", type=int, default=5000)
    parser.add_argument("--opens", type=int, default=7)
    args = parser.parse_args()
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _written(args.corpus, root / "site", 0, True)  # libraries are imported
        for count, close in ((CLOSE, True), (SAMPLE, False), (None, False)):
            rows += _written(args.corpus, root / "site", count, close)
        goals = repeat(root / "site", args.goals)
        rows.append({"what": f"site of {goals} goals, MB", "value": _size(root / "site") / 1e6})
        rows.append({"what": "its index, MB", "value": (root / "site/goals/index.js").stat().st_size / 1e6})
        chunks = [path.stat().st_size for path in (root / "site/goals").glob("0*.js")]
        rows.append({"what": f"largest of its {len(chunks)} chunks, MB", "value": max(chunks) / 1e6})
        with browser(root / "profile") as tab:
            rows += _opened(tab, root / "site", args.opens)
    report("report", rows)


def _written(corpus: Path, site: Path, count: int | None, close: bool) -> list[dict[str, object]]:
    opened, manifest = open_corpus(corpus)
    shutil.rmtree(site, ignore_errors=True)
    started = time.perf_counter(), time.process_time()
    write_site(opened.root, manifest, site, goals=count, close=close)
    seconds, own = time.perf_counter() - started[0], time.process_time() - started[1]
    shown = f"writing {'all' if count is None else count} goals ({_size(site) / 1e6:.1f} MB)"
    return [{"what": f"{shown}, s", "value": seconds}, {"what": f"{shown}, s of a core", "value": own}]


def _size(site: Path) -> int:
    return sum(path.stat().st_size for path in site.rglob("*") if path.is_file())


def repeat(site: Path, wanted: int) -> int:
    """Repeat the goals of a site, chunk by chunk under other ids, until there are so many."""
    index_path = site / "goals" / "index.js"
    index = _values(index_path)[1]
    files = sorted((site / "goals").glob("0*.js"))
    goals = list(index["goals"])
    number, copy = len(files), 0
    while len(goals) < wanted:
        copy += 1
        for path in files:
            if len(goals) >= wanted:
                break
            _, chunk = _values(path)
            old = {goal["id"] for goal in chunk["goals"]}
            for goal in chunk["goals"]:
                goal["id"] += f"~{copy}"
            mine = [row for row in index["goals"] if row[0] in old]
            goals += [[f"{row[0]}~{copy}", *row[1:-1], number] for row in mine]
            _write(site / "goals" / f"{number:04d}.js", f"irmogen.chunk({number}, ", chunk)
            number += 1
    index["goals"] = goals[:wanted]
    _write(index_path, "irmogen.index(", index)
    return len(index["goals"])


def _values(path: Path) -> tuple[str, Any]:
    found = _SCRIPT.fullmatch(path.read_text("utf-8"))
    if found is None:
        raise ValueError(f"{path}: is no script of a report's data")
    return found[1], json.loads(found[2])


def _write(path: Path, head: str, values: Any) -> None:
    told = json.dumps(values, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    path.write_text(f"{head}{told});\n", "utf-8")


def _opened(tab: Page, site: Path, opens: int) -> list[dict[str, object]]:
    def median(name: str, ready: str) -> float:
        times = []
        for _ in range(opens):
            tab.open(site / name)
            times.append(float(tab.run(_SHOWN.replace("READY", ready))))
        return statistics.median(times)

    rows = [
        {"what": "first page (summary) shown, ms", "value": median("index.html", _HEADED)},
        {"what": "list of goals shown, ms", "value": median("goals.html", _LISTED)},
    ]
    times = []
    for place in range(opens):
        tab.open(site / "goals.html")
        tab.run(_SHOWN.replace("READY", _LISTED))
        goal = f"store.index.goals[{place} * 311 + 40].id"
        tab.run(f"globalThis.begun = performance.now(); location.hash = goalLink({goal})")
        times.append(float(tab.run(_SHOWN.replace("READY", _DRAWN))) - float(tab.run("begun")))
    rows.append({"what": "a goal opened, its figures drawn, ms", "value": statistics.median(times)})
    tab.run("location.hash = ''")
    search = """(() => {
      const words = document.getElementById("by-words");
      words.value = "left hand";
      const begun = performance.now();
      words.dispatchEvent(new Event("input"));
      return performance.now() - begun;
    })()"""
    found = statistics.median(float(tab.run(search)) for _ in range(opens))
    rows.append({"what": "a search, ms", "value": found})
    return rows


if __name__ == "__main__":
    main()
