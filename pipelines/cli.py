"""The `irmogen` command: sub-commands are imported when they are used."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable
from importlib import import_module

# name -> (module, what it does); each module has add_arguments(parser) and run(args) -> exit code.
COMMANDS = {
    "demo-data": ("pipelines.demo_data", "write a procedural dataset in HumanML3D or KIT-ML layout"),
    "import-joints": ("pipelines.import_joints", "turn joint positions and captions into a dataset"),
    "convert": ("pipelines.convert", "convert .npy files between features and joints"),
    "facts": ("pipelines.facts", "measure what motions do: JSON lines or plain sentences"),
    "show": ("pipelines.show", "draw a motion with its facts: a page, a GIF or a strip of poses"),
    "plan": ("pipelines.plan", "show what a build would make, why, and what it would cost"),
    "preflight": ("pipelines.preflight", "ask the workers of a build's runner what they lack for it"),
    "build": ("pipelines.build", "turn a dataset into an annotation corpus"),
    "replay": ("pipelines.replay", "try again what a build left out because of errors, and go on with it"),
    "score-annotations": (
        "pipelines.score_annotations",
        "score what assessments name against the known edits",
    ),
    "report": ("pipelines.report.command", "write the report of a corpus: a site that opens from disk"),
    "diff": (
        "pipelines.diff.command",
        "tell what changed between two corpora",
    ),
    "validate": ("pipelines.validate", "check a corpus: digests, schemas, the quality gate"),
    "audit": ("pipelines.audit", "list captions that their motion, or each other, contradict"),
    "train-embedder": ("pipelines.train_embedder", "train the built-in embedder of captions and motions"),
    "make-generations": (
        "pipelines.make_generations",
        "write stand-ins for a model, to rehearse an evaluation",
    ),
    "train-tokenizer": ("pipelines.train_tokenizer", "train a motion tokenizer on a corpus"),
    "tokenize": ("pipelines.tokenize", "turn the motions of a corpus into motion tokens"),
    "train": ("pipelines.train", "train the language model: base, stage1, stage2 or stage3"),
    "import-checkpoint": ("pipelines.import_checkpoint", "turn a published checkpoint into a model's folder"),
    "demo-training": ("pipelines.demo_training", "take the whole road of training on a corpus"),
    "chains": ("pipelines.chains", "show chains as they are learned: tokens, and where the loss falls"),
    "generate": ("pipelines.generate", "let a trained model complete the goals of a corpus"),
    "evaluate": ("pipelines.evaluate", "score generations, after the ground truth; tables and a page"),
    "fake-llm": ("pipelines.fake_llm.command", "serve a fake language model, for tests and rehearsals"),
    "local-llm": ("pipelines.local_llm", "serve a small real language model on this machine"),
    "demo-llm": ("pipelines.demo_llm", "let the small model annotate 20 goals, and show what came of it"),
    "export": ("pipelines.export", "write a corpus in another form: irg-json or hf"),
}

EXIT_USAGE = 2


def main(argv: list[str] | None = None) -> int:
    """Run one sub-command; returns the exit code."""
    _quiet()
    arguments = sys.argv[1:] if argv is None else argv
    chosen = next((word for word in arguments if not word.startswith("-")), "")
    parser = argparse.ArgumentParser(
        prog="irmogen", description="Data engine for interleaved reasoning in text-to-motion generation."
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, (module, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if name == chosen:
            import_module(module).add_arguments(command)
    args, rest = parser.parse_known_args(arguments)
    if args.version:
        from importlib.metadata import version

        print(version("irmogen"))
        return 0
    if not args.command:
        parser.print_help()
        return EXIT_USAGE
    command_module = import_module(COMMANDS[args.command][0])
    if rest and not getattr(command_module, "BEAM_FLAGS", False):
        parser.error(f"unknown arguments: {' '.join(rest)}; see irmogen {args.command} --help")
    args.beam_flags = rest
    args.arguments = arguments[arguments.index(args.command) + 1 :]
    return _run(command_module.run, args)


def _run(run: Callable[[argparse.Namespace], int], args: argparse.Namespace) -> int:
    """Run a command; what a user can mend is told in a line, everything else keeps its traceback."""
    try:
        return run(args)
    except (ValueError, OSError) as error:
        if os.environ.get("IRMOGEN_TRACEBACK"):
            raise
        print(f"irmogen {args.command}: {error}", file=sys.stderr)
        return int(getattr(error, "exit_code", EXIT_USAGE))
    except KeyboardInterrupt:
        print("interrupted; the same command goes on from here", file=sys.stderr)
        return 130


def _quiet() -> None:
    """Libraries' warnings are not our users' business; their errors are."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.ERROR)
    logging.basicConfig(level=logging.ERROR, handlers=[handler], format="%(levelname)s %(name)s: %(message)s")


if __name__ == "__main__":
    sys.exit(main())
