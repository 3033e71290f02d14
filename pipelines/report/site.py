"""The report of a corpus as a static site, the same bytes for the same corpus.

index.html data.html annotations.html goals.html [training.html]
assets/    style and scripts
goals/     the index of the browser's goals, and their texts and motions in chunks
run.js     time and cost of the build's last run; like run.json no part of what a corpus is
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from motion.skeleton import skeleton
from pipelines.drawing import figure_script, figure_style, script_json
from pipelines.report import shell
from pipelines.report.annotations_page import annotations_page
from pipelines.report.data_page import Audited, data_page
from pipelines.report.distributions import all_pictures
from pipelines.report.gathering import gather
from pipelines.report.goal_choice import choose
from pipelines.report.goal_files import index_script, write_goals
from pipelines.report.goals_page import goals_page
from pipelines.report.markup import text
from pipelines.report.runs import Runs
from pipelines.report.summary_page import summary
from schemas.corpus import Corpus
from schemas.storage import read_json, write_whole
from transforms.report_data import ReportData

Row = dict[str, Any]

FILES = (
    "index.html",
    "data.html",
    "annotations.html",
    "goals.html",
    "training.html",
    "run.js",
    "assets",
    "goals",
)
_PAGES = (
    ("index.html", "Summary"),
    ("data.html", "Data"),
    ("annotations.html", "Annotations"),
    ("training.html", "Training"),
    ("goals.html", "Goals"),
)
_GOAL_SCRIPTS = (
    "figures.js",
    "goal-data.js",
    "goal-list.js",
    "goal-evidence.js",
    "goal-view.js",
    "goal-pages.js",
)


class Site:
    """The files of a site in one folder; what an earlier site left and this one lacks is removed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.written: set[str] = set()

    def write(self, name: str, told: str) -> None:
        """Write one file whole."""
        write_whole(self.folder / name, told.encode())
        self.written.add(name)

    def sweep(self) -> None:
        """Remove the pages, scripts and chunks of an earlier report, and nothing that is not such."""
        found = [self.folder / name for name in FILES]
        found += [*self.folder.glob("assets/*.js"), *self.folder.glob("goals/*.js")]
        for path in found:
            if path.is_file() and path.relative_to(self.folder).as_posix() not in self.written:
                path.unlink()


def write_site(
    root: Path,
    manifest: Row,
    folder: Path,
    *,
    goals: int | None,
    close: bool = False,
    runs: Runs | None = None,
    found: Audited | None = None,
) -> Path:
    """Write the report of a corpus into a folder; returns its first page.

    `goals` are shown in the browser, all for None; with `close` they come from few shards, for a report
    that must be quick. `runs` are what was trained on the corpus and scored
    with it; `found` is an audit of the captions, for None what the build itself left out is told.
    """
    corpus, body = Corpus(root, manifest["shards"]), skeleton(manifest["config"]["skeleton"])
    site, runs = Site(folder), runs or Runs()
    data = gather(corpus)
    choice = choose(corpus, data, goals, close=close)
    site.write("goals/index.js", index_script(write_goals(corpus, choice, body, site.write)))
    linked = {one.goal_id for one in choice.goals}
    bodies = {
        "index.html": ("Summary", summary(manifest, data)),
        "data.html": (
            "Data",
            data_page(all_pictures(data, body.fps), data, found or left_out_captions(data), linked),
        ),
        "annotations.html": ("Annotations", annotations_page(data, linked)),
        "goals.html": ("Goals", goals_page(choice)),
    }
    if runs:
        from pipelines.report.training_page import training

        bodies["training.html"] = ("Training and evaluation", training(runs, manifest, folder))
    _write_assets(site)
    site.write("run.js", _run_script(corpus))
    for name, (title, content) in bodies.items():
        site.write(name, _page(manifest, name, title, content, list(bodies)))
    site.sweep()
    return folder / "index.html"


def left_out_captions(data: ReportData) -> Audited:
    """What the build left out for what its motion contradicts, the most certain of it."""
    return Audited(data.left_out, more=data.contradicted - len(data.left_out))


def _page(manifest: Row, name: str, title: str, content: str, there: Sequence[str]) -> str:
    dataset = str(manifest["config"]["dataset"])
    scripts = {
        "index.html": ["assets/run.js", "run.js"],
        "goals.html": [*(f"assets/{script}" for script in _GOAL_SCRIPTS), "goals/index.js"],
    }
    return shell.page(
        f"{title} · {dataset} corpus",
        content,
        name=f"{dataset} corpus",
        pages=[(file, called) for file, called in _PAGES if file in there],
        current=name,
        scripts=scripts.get(name, ()),
        footer=f"Made by irmogen {text(manifest['code_version'])} from this corpus’ manifest and shards. "
        "Motions belong to the dataset that it was built from; its licence governs them and these texts.",
        kind=name.removesuffix(".html"),
    )


def _write_assets(site: Site) -> None:
    def held(name: str) -> str:
        return resources.files("pipelines.report").joinpath(name).read_text("utf-8")

    site.write(shell.STYLE, shell.style() + held("goals.css") + figure_style())
    site.write("assets/figures.js", figure_script())
    for name in ("run.js", *_GOAL_SCRIPTS[1:]):
        site.write(f"assets/{name}", held(name))


def _run_script(corpus: Corpus) -> str:
    """Time and cost of the last run, as a script: run.json is no part of what a corpus is, nor is this."""
    notes = read_json(corpus.run_path) or {}
    kept = {name: notes[name] for name in ("seconds", "goals_per_second", "llm") if name in notes}
    return f"irmogen.run({script_json(kept)});\n"
