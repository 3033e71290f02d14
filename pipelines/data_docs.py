"""Great Expectations' own Data Docs of a verdict, made to open from disk: nothing is asked of a network."""

from __future__ import annotations

import datetime
import re
import tempfile
from importlib import resources
from pathlib import Path

from pipelines.judging import Judge
from schemas.places import StorePath
from schemas.storage import check_own_folder, copy_tree, remove_tree

FOLDER = "data-docs"  # in a corpus' quality/
_OWN = ("data_docs.css", "data_docs.js")
_PARTS = ("index.html", "static", "validations", "expectations")
_STYLE = re.compile(r'<link rel="stylesheet"[^>]*href="https?://[^>]*>')
_SCRIPT = re.compile(r'<script src="https?://[^>]*></script>')
_LOGO = re.compile(r'src="https?://[^"]*/logo-long\.png[^"]*"')
_BACKGROUND = re.compile(r"background: url\('https?://[^']*'\) 0 0 no-repeat;")
_HIDDEN_LOGO = re.compile(r"\.navbar-brand a img \{\s*visibility:\s*hidden\s*\}")
_ICON = re.compile(r'href="[^"]*static/images/favicon\.ico"')
_FOOTER = re.compile(r"<footer>.*?</footer>", re.S)


def write_data_docs(judge: Judge, folder: Path) -> Path:
    """Write the pages of what a judge found, in place of older ones; returns the first page's path."""
    check_own_folder(folder, _PARTS, "Data Docs")
    remove_tree(folder)
    if isinstance(folder, StorePath):
        with tempfile.TemporaryDirectory(prefix="irmogen-data-docs-") as scratch:
            _write(judge, Path(scratch))
            copy_tree(Path(scratch), folder)
    else:
        _write(judge, folder)
    return folder / "index.html"


def _write(judge: Judge, folder: Path) -> None:
    _build(judge, folder)
    for name in _OWN:
        (folder / "static" / name).write_text(
            resources.files("pipelines").joinpath(name).read_text("utf-8"), "utf-8"
        )
    for page in sorted(folder.rglob("*.html")):
        up = "../" * (len(page.relative_to(folder).parts) - 1) or "./"
        page.write_text(offline(page.read_text("utf-8"), f"{up}static/"), "utf-8")


def _build(judge: Judge, folder: Path) -> None:
    """Let Great Expectations write its pages."""
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(folder.resolve()),
        },
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    context = judge.context
    context.add_data_docs_site("corpus", site)
    run = RunIdentifier(run_name="gate", run_time=datetime.datetime.now(datetime.UTC))
    for name, result in judge.results.items():
        result.meta["run_id"] = run
        context.suites.add(judge.suites[name])
        suite = ExpectationSuiteIdentifier(name)
        key = ValidationResultIdentifier(suite, run, "statistics")
        context.validation_results_store.set(key, result)
    context.build_data_docs(site_names=["corpus"])
    context.delete_data_docs_site("corpus")


def offline(page: str, static: str) -> str:
    """A page of Great Expectations with styles, scripts and pictures from `static`, beside the pages."""
    style = f'<link rel="stylesheet" href="{static}data_docs.css">'
    script = f'<script src="{static}data_docs.js"></script>'
    page = _SCRIPT.sub("", _STYLE.sub("", page))
    page = _BACKGROUND.sub("", _HIDDEN_LOGO.sub("", page))
    page = _LOGO.sub(f'src="{static}images/logo-long.png"', page)
    page = _FOOTER.sub("", page)
    page = _ICON.sub(f'href="{static}images/favicon.ico"', page)
    # Behind the page's own style, whose few rules for colours suit Bootstrap alone.
    return page.replace("</head>", f"{style}\n{script}\n</head>", 1)
