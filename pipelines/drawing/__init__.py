"""Drawing motions: moving figures for pages, GIFs, and strips of poses.

`figure_data` makes plain data of a clip; everything else draws it:

    data = figure_data(joints, skeleton, facts)         # small: whole millimetres, base64
    page("A clip", figure_html(data))                   # one self-contained page
    figure_html(data, clock="ladder", controls="none")  # one of several that play together
    gif_bytes(data), strip_bytes(data)                  # pictures without a browser

A page of one's own holds `figure_style()` in a style element and `figure_script()` in a script element,
once, and any number of `figure_html`. Left limbs are blue and right limbs orange everywhere.
"""

from pipelines.drawing.figure import figure_data, joints_of
from pipelines.drawing.gif import gif_bytes
from pipelines.drawing.html import figure_html, figure_script, figure_style, page, script_json
from pipelines.drawing.strip import strip_bytes

__all__ = [
    "figure_data",
    "figure_html",
    "figure_script",
    "figure_style",
    "gif_bytes",
    "joints_of",
    "page",
    "script_json",
    "strip_bytes",
]
