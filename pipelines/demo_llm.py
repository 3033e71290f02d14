"""`irmogen demo-llm`: a real language model annotates 20 goals; what it wrote, and what the checks let pass.

The model is that of `irmogen local-llm`. It is far too small for the work: the point is that the checks
say so. The corpus is built twice out of one ledger: once so that a goal without sound annotations leaves
it, and once with the kinematic annotator to fall back on, for which nothing more is asked.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pipelines.local_llm import MODEL
from schemas.config import BuildConfig
from schemas.storage import write_whole

GOALS = 20
SEED = 5
# Some four minutes: short ladders, short answers, asked for twice at most.
_FLAGS = (
    *("--requests", "each", "--ladder", "1", "--perturbed", "1", "--wordings", "1"),
    *("--asks", "2", "--max-tokens", "80", "--temperature", "0.7"),
    *("--concurrency", "2", "--timeout", "300"),
)
_SHOWN = 5  # goals that are shown on the screen


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Flags of `irmogen demo-llm`."""
    parser.add_argument("--output", type=Path, required=True, help="folder of the dataset and the corpora")


def run(args: argparse.Namespace) -> int:
    """Build both corpora and tell what came of them; a build's exit code where it was stopped."""
    from pipelines.build import EXIT_GATE
    from pipelines.cli import main
    from pipelines.local_llm import served

    folder: Path = args.output
    folder.mkdir(parents=True, exist_ok=True)
    write_goals(folder / "data")
    with served(folder / "local-llm.log") as address:
        alone = build_words(folder, "corpus", address)
        filled = [*build_words(folder, "corpus-with-fallback", address), "--fallback"]
        for words in (alone, filled):
            print(f"\n$ irmogen {' '.join(words)}", flush=True)
            code = main(words)
            if code not in (0, EXIT_GATE):
                print(f"`irmogen demo-llm --output {folder}` goes on; it starts the model again")
                return code
    _tell(folder, alone)
    return 0


def build_words(folder: Path, corpus: str, address: str) -> list[str]:
    """The command that builds a corpus in the folder; all of its corpora share one ledger."""
    words = ["build", "--input", str(folder / "data"), "--output", str(folder / corpus)]
    words += ["--annotator", "openai", "--base-url", address, "--model", MODEL, *_FLAGS]
    return [*words, "--ledger", str(folder / "ledger")]


def write_goals(folder: Path) -> None:
    """A demo dataset of as many goals as clips: of each clip's captions only the first one is kept."""
    from motion.demo.dataset import write_demo

    if not (folder / "truth.jsonl").exists():
        write_demo(folder, GOALS, seed=SEED)
    for file in (folder / "texts").glob("*.txt"):
        first, *others = file.read_text().splitlines(keepends=True)
        if others:
            write_whole(file, first.encode())


def _tell(folder: Path, words: list[str]) -> None:
    from pipelines.demo_llm_account import account, ended, refused, written

    answers = account(_config(words))
    everything = folder / "answers.txt"
    write_whole(everything, ("\n".join(written(answers)) + "\n").encode())
    corpora = {"the model alone": folder / "corpus", "with --fallback": folder / "corpus-with-fallback"}
    sections = {
        f"What it wrote ({_SHOWN} of {GOALS} goals; all of them: {everything})": written(answers, _SHOWN),
        "What the checks refused": refused(answers),
        "Where the goals ended": ended(corpora),
    }
    for title, lines in sections.items():
        print(f"\n{title}\n{'-' * len(title)}", *lines, sep="\n")


def _config(words: list[str]) -> BuildConfig:
    """The configuration that a build's command comes to."""
    from pipelines import build, inputs

    parser = argparse.ArgumentParser()
    build.add_arguments(parser)
    config, _ = inputs.prepare(parser.parse_args(words[1:]))
    return config
