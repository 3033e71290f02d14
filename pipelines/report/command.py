"""`irmogen report`: the report of a corpus, with what was trained on it, for people."""

from __future__ import annotations

import argparse

from pipelines.flag_values import a_place
from pipelines.streams import printable

_OWN = "report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `irmogen report`."""
    parser.add_argument("corpus", metavar="CORPUS", type=a_place, help="folder that `irmogen build` wrote")
    parser.add_argument(
        "--output", metavar="FOLDER", type=a_place, help="where the site goes (default: CORPUS/report)"
    )
    parser.add_argument(
        "--goals",
        metavar="N|all",
        type=_goals,
        default=None,
        help="goals to look at, with their motions; those with something wrong come first (default: 200)",
    )
    for name, what in (("training", "trainings"), ("evaluation", "evaluations")):
        parser.add_argument(
            f"--{name}",
            metavar="FOLDER",
            type=a_place,
            nargs="+",
            help=f"folders of {what} of this corpus, or of several (default: those beside the corpus)",
        )


def _goals(told: str) -> int:
    """A number of goals; -1 for all."""
    if told == "all":
        return -1
    try:
        value = int(told)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{told!r} is no whole number; give 0 or more, or all") from None
    if value < 0:
        raise argparse.ArgumentTypeError(f"{value} is less than 0; give 0 or more, or all")
    return value


def run(args: argparse.Namespace) -> int:
    """Write the site; 0 whatever it tells, for the verdict is that of `irmogen validate`."""
    from pipelines.report.data_page import audited
    from pipelines.report.runs import runs_of
    from pipelines.report.site import FILES, write_site
    from schemas.corpus import read_manifest
    from schemas.storage import check_output, check_own_folder
    from transforms.report_data import SAMPLE

    manifest = read_manifest(args.corpus)
    folder = args.output or args.corpus / _OWN
    if "gate" not in manifest:
        raise ValueError(f"{args.corpus}: its manifest has no verdict; `irmogen validate` gives it one")
    check_own_folder(folder, FILES, "a report")
    folder.mkdir(parents=True, exist_ok=True)
    check_output(folder / FILES[0])
    runs = runs_of(args.corpus, manifest, args.training, args.evaluation)
    goals = SAMPLE if args.goals is None else args.goals
    first = write_site(
        args.corpus,
        manifest,
        folder,
        goals=None if goals < 0 else goals,
        runs=runs,
        found=audited(args.corpus),
    )
    print(f"report: {printable(first)}")
    return 0
