"""Captions against reference captions: BLEU-1, BLEU-4, ROUGE-L, CIDEr and BERTScore, from libraries.

Which library computes what:
- torchmetrics: BLEU of a corpus (Papineni et al. 2002; up to n words, uniform weights, no smoothing, the
  reference nearest in length, the shorter of two) and ROUGE-L (Lin 2004; F1 of the best reference, mean);
- pycocoevalcap: CIDEr-D (Vedantam et al. 2015; n-grams of 1 to 4 words, sigma 6, times 10), document
  frequencies from the references that are given;
- bert-score: BERTScore (Zhang et al. 2020) with a model from a folder.

They are installed with the extra `eval`. torchmetrics has BERTScore, too, but compares captions with the
references of others where their lengths differ (version 1.9).

Captions are compared as words: lower-cased, without punctuation, hyphens part words, apostrophes do not.
There is no stemming and no lemmatising. The published evaluation takes as references the words that
HumanML3D lists with each caption, whose nouns and verbs are lemmas; give those to compare with its figures.

Nothing is downloaded.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from evaluators.metrics.values import mean

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_DECIMALS = 5  # of a BERTScore: beyond lies what the library's batches, drawn by hashes, change

Pair = tuple[str, tuple[str, ...]]  # a caption and its references, as words with blanks between them


@dataclass(frozen=True)
class Bert:
    """The model of a BERTScore, and how its vectors are used.

    Papers on motion captioning since TM2T and MotionGPT score as Bert(folder of roberta-large, 17,
    "roberta-large") does: layer 17, idf, rescaled.
    """

    folder: Path  # a model and its tokenizer, as transformers saves them
    layers: int  # the layer whose vectors are compared, from 1
    baseline: str = ""  # published model whose baseline, part of bert-score, rescales; empty: none does
    idf: bool = True  # rare tokens weigh more
    device: str = "cpu"


@dataclass(frozen=True)
class CaptionScores:
    """Scores of a set of captions; larger is better. A caption without a word scores 0."""

    captions: int
    bleu_1: float  # 0..1
    bleu_4: float  # 0..1
    rouge_l: float  # 0..1
    cider: float | None  # 0..10; None for one caption, where no word is rarer than another
    bert_f1: float | None  # up to 1; None without a model, or where idf has but one reference text


def words(text: str) -> list[str]:
    """The words that captions are compared by: lower-cased, without punctuation."""
    return _WORD.findall(text.lower().replace("’", "'"))


def caption_scores(
    candidates: Sequence[str], references: Sequence[Sequence[str]], bert: Bert | None = None
) -> CaptionScores:
    """Scores of captions against the reference captions of the same motions.

    `references` holds for each candidate its one or more references. ValueError names the caption that has
    none, or one without a word; ImportError the library that is missing.
    """
    pairs = _pairs(candidates, references)
    return CaptionScores(
        captions=len(pairs),
        bleu_1=_bleu(pairs, 1),
        bleu_4=_bleu(pairs, 4),
        rouge_l=_rouge_l(pairs),
        cider=_cider(pairs) if len(pairs) > 1 else None,
        bert_f1=_bert_f1(pairs, bert) if bert else None,
    )


def _pairs(candidates: Sequence[str], references: Sequence[Sequence[str]]) -> list[Pair]:
    """Captions with their references, in an order of their own: sums then do not depend on the given one."""
    if not candidates or len(candidates) != len(references):
        raise ValueError(
            f"{len(candidates)} captions and {len(references)} lists of references: give at least one "
            f"caption, and a list for each"
        )
    pairs: list[Pair] = []
    for number, (candidate, texts) in enumerate(zip(candidates, references)):
        if isinstance(texts, str) or not texts:
            raise ValueError(f"caption {number}, {candidate!r}: give a list of at least one reference")
        split = sorted((words(text) for text in texts), key=lambda found: (len(found), found))
        if not split[0]:
            raise ValueError(f"caption {number}, {candidate!r}: a reference holds no word; leave it out")
        pairs.append((" ".join(words(candidate)), tuple(" ".join(found) for found in split)))
    return sorted(pairs)


def _library(module: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"caption metrics need {error.name}, which is not installed; install irmogen[eval]"
        ) from error


def _bleu(pairs: Sequence[Pair], order: int) -> float:
    bleu_score = _library("torchmetrics.functional.text").bleu_score
    return float(bleu_score([pair[0] for pair in pairs], [pair[1] for pair in pairs], n_gram=order))


def _rouge_l(pairs: Sequence[Pair]) -> float:
    rouge_score = _library("torchmetrics.functional.text").rouge_score
    found = rouge_score(
        [pair[0] for pair in pairs],
        [list(pair[1]) for pair in pairs],
        accumulate="best",
        normalizer=str,  # the library's own drops every letter but a to z
        tokenizer=str.split,
        rouge_keys="rougeL",
    )
    return float(found["rougeL_fmeasure"])


def _cider(pairs: Sequence[Pair]) -> float:
    scorer = _library("pycocoevalcap.cider.cider").Cider()
    texts = {number: list(pair[1]) for number, pair in enumerate(pairs)}
    value, _ = scorer.compute_score(texts, {number: [pair[0]] for number, pair in enumerate(pairs)})
    return float(value)


def _bert_f1(pairs: Sequence[Pair], bert: Bert) -> float | None:
    _check_bert(bert)
    if bert.idf and len({text for _, texts in pairs for text in texts}) < 2:
        return None
    baseline = _baseline(bert.baseline) if bert.baseline else None
    try:
        scores = (
            _library("bert_score")
            .score(
                # The model cannot score an empty text; its references still count for the idf.
                [candidate or texts[0] for candidate, texts in pairs],
                [list(texts) for _, texts in pairs],
                model_type=str(bert.folder.resolve()),
                num_layers=bert.layers,
                idf=bert.idf,
                device=bert.device,
                nthreads=0,  # no processes
                lang="en",
                rescale_with_baseline=baseline is not None,
                baseline_path=str(baseline) if baseline else None,
            )[2]
            .tolist()
        )
    except AssertionError as error:
        raise ValueError(f"{bert.folder}: {error}; `layers` is {bert.layers}") from error
    except OverflowError as error:
        raise ValueError(
            f"{bert.folder}: the tokenizer tells no longest text; set model_max_length in its "
            f"tokenizer_config.json, 512 for most models"
        ) from error
    return mean(round(score, _DECIMALS) if pair[0] else 0.0 for score, pair in zip(scores, pairs))


def _check_bert(bert: Bert) -> None:
    if not (bert.folder / "config.json").is_file():
        raise ValueError(f"{bert.folder}: no config.json; give the folder of a model that transformers saved")
    if bert.layers < 1:
        raise ValueError(f"layers is {bert.layers}; give the number of a layer, from 1")
    is_t5 = json.loads((bert.folder / "config.json").read_text(encoding="utf-8")).get("model_type") == "t5"
    if "t5" in str(bert.folder.resolve()) and not is_t5:
        raise ValueError(
            f"{bert.folder}: bert-score takes a path with 't5' in it for a T5 model; move the folder"
        )


def _baseline(name: str) -> Path:
    """The file of baselines that bert-score has for a published model."""
    folder = Path(_library("bert_score").__file__).parent / "rescale_baseline" / "en"
    path = folder / f"{name}.tsv"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in folder.glob("*.tsv")))
        raise ValueError(f"bert-score has no baseline of {name!r}; choose one of {known}, or none")
    return path
