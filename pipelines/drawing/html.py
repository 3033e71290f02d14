"""Figures in HTML pages: script and style once a page, then any number of figures.

    page("Two clips", figure_html(one, clock="both") + figure_html(other, clock="both"))

A figure mounts itself wherever it stands in the page. Only figures that can be seen are drawn, and the
joints of one are unpacked when it is first seen.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from string import Template
from typing import Any

CONTROLS = ("full", "compact", "none")
# One script out of these, in this order; each has one subject.
_SCRIPTS = ("clock.js", "camera.js", "scene.js", "timeline.js", "figure.js", "controls.js")


def figure_html(
    data: Mapping[str, Any],
    *,
    clock: str = "",
    controls: str = "full",
    timeline: bool = True,
    events: bool = True,
    autoplay: bool = True,
    heading: bool = False,
) -> str:
    """An element that shows the figure of `figure_data`.

    Figures with the same `clock` play together, and the controls of each move all of them. `controls`:
    "full", "compact" (play and scrub only) or "none". `timeline` and `events` show the bars, and the
    sentences beside the figure. `autoplay` does not play for people who asked for less motion.
    `heading` writes the figure's title over it.
    """
    if controls not in CONTROLS:
        raise ValueError(f"controls {controls!r}: choose one of {', '.join(CONTROLS)}")
    options = {
        "clock": clock,
        "controls": controls,
        "timeline": timeline,
        "events": events,
        "autoplay": autoplay,
        "heading": heading,
    }
    title = html.escape(str(data.get("title") or "motion"))
    return (
        f'<motion-figure><script type="application/json">{script_json({"data": data, "options": options})}'
        f"</script><noscript>The moving figure of {title} needs JavaScript.</noscript></motion-figure>"
    )


def script_json(value: Any) -> str:
    """JSON that can stand in a script element: no text of it can end the element or open a comment."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


@cache
def figure_script() -> str:
    """The JavaScript that mounts figures; once a page, anywhere in it."""
    parts = "\n".join(_file(name) for name in _SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}\n}})();\n'


@cache
def figure_style() -> str:
    """The style of figures; once a page. Colours are variables, for light and for dark."""
    return _file("figure.css")


def page(title: str, body: str, *, style: str = "") -> str:
    """A whole page around `body` (HTML) with the figures' script and style; it needs no network.

    Only the figures' own script may run, by its hash: a text that slipped through as a script would not.
    """
    script = figure_script()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return Template(_file("page.html")).substitute(
        title=html.escape(title),
        policy=f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{digest}'",
        style=figure_style() + _file("page.css") + style,
        body=body,
        script=script,
    )


def _file(name: str) -> str:
    return resources.files("pipelines.drawing").joinpath(name).read_text(encoding="utf-8")
