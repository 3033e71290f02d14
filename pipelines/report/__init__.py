"""The report of a corpus: a static site for people, that opens from disk and asks no network for anything.

    write_report(root, manifest)   # as a build ends: quick, with a few goals
    irmogen report CORPUS          # pipelines/report/command.py: more goals, trainings, evaluations

Other pages for people take the shell and the style: pipelines/report/shell.py, markup.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def write_report(root: Path, manifest: dict[str, Any]) -> Path:
    """Write CORPUS/report of a built corpus; returns its first page. The same corpus gives the same bytes.

    Of a corpus that has a verdict. Its goals come from few shards: the cost hardly grows with the motions.
    """
    from pipelines.report.site import write_site
    from transforms.report_data import CLOSE

    return write_site(root, manifest, root / "report", goals=CLOSE, close=True)
