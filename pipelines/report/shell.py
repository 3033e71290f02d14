"""The shell of pages for people: head, navigation, footer, and one style in light and dark.

A site has its style and scripts in files beside its pages (`page`); a page that stands alone carries its
style within (`standalone`). Either opens from disk and asks no network for anything.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import cache
from importlib import resources

ASSETS = "assets"
STYLE = f"{ASSETS}/style.css"
# Scripts of a site are files beside it. On file: addresses browsers differ in what 'self' holds.
_POLICY = (
    "default-src 'none'; style-src 'self' file: 'unsafe-inline'; script-src 'self' file:; "
    "img-src 'self' file: data:"
)
_ALONE = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(
    title: str,
    body: str,
    *,
    name: str,
    pages: Sequence[tuple[str, str]] = (),
    current: str = "",
    scripts: Sequence[str] = (),
    footer: str = "",
    kind: str = "",
) -> str:
    """A page of a site: `name` stands over all of them, `pages` are (file, what it is called).

    `body` and `footer` are HTML; `scripts` are files of the site, run in their order when the page is
    read; `kind` is a class for the page's own style.
    """
    links = "".join(
        f'<a href="{file}"{" aria-current=page" if file == current else ""}>{html.escape(called)}</a>'
        for file, called in pages
    )
    head = f'<link rel="stylesheet" href="{STYLE}">' + "".join(
        f'<script defer src="{script}"></script>' for script in scripts
    )
    return _document(title, head, _POLICY, _bar(name, links), body, footer, kind)


def standalone(title: str, body: str, *, name: str, footer: str = "") -> str:
    """One page without scripts, with its style within it."""
    return _document(title, f"<style>{style()}</style>", _ALONE, _bar(name, ""), body, footer, "")


def _bar(name: str, links: str) -> str:
    nav = f'<nav aria-label="Pages">{links}</nav>' if links else ""
    named = f'<span class="brand">irmogen</span><span class="of">{html.escape(name)}</span>'
    return f'<div class="bar-inner">{named}{nav}</div>'


def _document(title: str, head: str, policy: str, bar: str, body: str, footer: str, kind: str) -> str:
    classes = f' class="{kind}"' if kind else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{html.escape(title)}</title>
{head}
</head>
<body{classes}>
<a class="skip" href="#main">Skip to the content</a>
<header class="bar">{bar}</header>
<main id="main" tabindex="-1">
{body}
</main>
<footer>{footer}</footer>
</body>
</html>
"""


@cache
def style() -> str:
    """The style of every page: colours for light and dark, type, cards, tables, print."""
    return resources.files("pipelines.report").joinpath("style.css").read_text("utf-8")
