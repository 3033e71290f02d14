"""The page of `irmogen diff` in a real browser: it opens from disk, quietly, and can be read."""

from __future__ import annotations

from browser import browser
from diff_corpus import renamed
from report_corpus import HOSTILE, write_report_corpus
from small_corpus import write_corpus
from test_report_browser import CONTRAST

from pipelines.diff.comparison import compare
from pipelines.diff.page import page


def test_the_page_opens_from_disk_quietly_in_light_and_dark(tmp_path) -> None:
    before = write_corpus(tmp_path / "a")[0].root
    after = write_report_corpus(tmp_path / "b", code_version="<i>9</i>")[0].root
    # Its shards were written again after the manifest was.
    renamed(after)
    file = tmp_path / "page.html"
    file.write_text(page(compare(before, after, 30)), "utf-8")
    with browser(tmp_path / "profile") as tab:
        for scheme in ("light", "dark"):
            tab.open(file, prefers_color_scheme=scheme)
            assert tab.run(CONTRAST) == []
            assert tab.run("window.hacked ?? null") is None
            assert tab.run("document.scripts.length + document.images.length") == 0
            assert tab.told == []
            assert set(tab.asked) == {file.as_uri()}
        shown = tab.run("document.body.innerText")
        assert HOSTILE.split("<img")[1][:8] in shown
        assert tab.run("[...document.querySelectorAll('ins, del')].every((one) => one.textContent)")
        lines = "getComputedStyle(document.querySelector('{}')).textDecorationLine"
        assert tab.run(lines.format("td ins")) == "underline"
        assert tab.run(lines.format("td del")) == "line-through"
        assert tab.run("document.querySelectorAll('figure svg[aria-label]').length") > 2
        for width in (1280, 390):
            tab.call(
                "Emulation.setDeviceMetricsOverride",
                width=width,
                height=800,
                deviceScaleFactor=1,
                mobile=False,
            )
            assert tab.run("document.documentElement.scrollWidth <= innerWidth"), width
