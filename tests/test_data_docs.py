"""Great Expectations' Data Docs open from disk in a real browser: no error, no request to a network."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from browser import browser
from conftest import irmogen
from faults import Fault, copied, set_to, spoil


@pytest.fixture(scope="module")
def pages(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Data Docs of a corpus with one fault."""
    root = copied(corpus, tmp_path_factory.mktemp("docs") / "corpus")
    spoil(root, Fault("candidates", "alignment", "candidates", set_to("alignment", 1.5)))
    done = irmogen("validate", root, "--html", check=False)
    assert done.returncode == 3
    assert str(root / "quality" / "data-docs" / "index.html") in done.stdout
    return root / "quality" / "data-docs"


def test_every_page_names_only_files_that_lie_beside_it(pages: Path) -> None:
    found = sorted(pages.rglob("*.html"))
    assert len(found) == 27  # the first page, and two for each of the 13 suites
    for path in found:
        page = path.read_text()
        loaded = re.findall(r'<(?:link|script|img)[^>]*?(?:href|src)="([^"]+)"', page, re.S)
        assert loaded
        for name in loaded:
            assert (path.parent / name).is_file(), (path, name)
        assert not re.search(r"url\(.?https?:", page)


def test_pages_open_offline_and_show_what_fails_first(pages: Path, tmp_path: Path) -> None:
    with browser(tmp_path / "profile") as page:
        page.open(pages / "index.html")
        rows = page.run("[...document.querySelectorAll('.tab-pane.active tr')].map((r) => r.innerText)")
        assert "candidates" in rows[1]
        assert page.run("getComputedStyle(document.querySelector('tr .fas'), '::before').content").endswith(
            'fails"'
        )
        assert len(rows) == 14
        page.run("document.querySelectorAll('.tab-pane.active th button')[3].click()")
        names = page.run(
            "[...document.querySelectorAll('.tab-pane.active tr td:nth-child(4)')].map((c) => c.innerText)"
        )
        assert names == sorted(names)
        page.run("document.querySelectorAll('.nav-tabs .nav-link')[1].click()")
        assert page.run("document.querySelector('.tab-pane.active').id") != "Validation-Results"
        page.open(next(pages.glob("validations/candidates/*/*/*.html")))
        shown = "[...document.querySelectorAll('.ge-section')].filter((s) => s.offsetParent !== null).length"
        before = page.run(shown)
        page.run("document.querySelectorAll('.btn-group label')[1].click()")
        assert page.run(shown) < before
        assert "Alignment lies between 0 and 1." in page.run("document.body.innerText")
        page.run("document.querySelectorAll('.btn-group label')[0].click()")
        assert page.run(shown) == before
        for path in sorted(pages.rglob("*.html")):
            page.open(path, prefers_color_scheme="dark")
            assert page.run("document.documentElement.scrollWidth <= innerWidth"), path
        assert not page.told
        assert page.asked
        assert all(url.startswith("file:") for url in page.asked)


def test_a_folder_with_other_things_is_not_written_into(corpus: Path, tmp_path: Path) -> None:
    root = copied(corpus, tmp_path / "corpus")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    done = irmogen("validate", root, "--html", tmp_path / "mine", check=False)
    assert done.returncode == 2
    assert "thesis.txt" in done.stderr
