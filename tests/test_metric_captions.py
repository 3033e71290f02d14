"""Caption metrics against the published formulas, written out here, and without any network."""

from __future__ import annotations

import json
import math
import socket
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluators.metrics.captions import Bert, caption_scores, words

WORDS = "a person man walks forward left turns jumps and waves hand".split()
TEXTS = st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join)
PAIRS = st.lists(st.tuples(TEXTS, st.lists(TEXTS, min_size=1, max_size=3)), min_size=1, max_size=5)
few = settings(max_examples=25)


def grams(text, order):
    split = text.split()
    return Counter(tuple(split[start : start + order]) for start in range(len(split) - order + 1))


def bleu(pairs, order):
    """Papineni et al. 2002: clipped n-gram precisions of the corpus, geometric mean, brevity penalty."""
    precisions = []
    for size in range(1, order + 1):
        hits = total = 0
        for text, references in pairs:
            most = Counter()
            for reference in references:
                most |= grams(reference, size)
            hits += (grams(text, size) & most).total()
            total += grams(text, size).total()
        if not hits:
            return 0.0
        precisions.append(hits / total)
    length = sum(len(text.split()) for text, _ in pairs)
    nearest = sum(
        min((abs(len(r.split()) - len(text.split())), len(r.split())) for r in references)[1]
        for text, references in pairs
    )
    penalty = 1.0 if length > nearest else math.exp(1 - nearest / length)
    return penalty * math.prod(precisions) ** (1 / order)


def longest_common(one, other):
    table = np.zeros((len(one) + 1, len(other) + 1), int)
    for i, left in enumerate(one):
        for j, right in enumerate(other):
            table[i + 1, j + 1] = table[i, j] + 1 if left == right else max(table[i, j + 1], table[i + 1, j])
    return int(table[-1, -1])


def rouge_l(pairs):
    """Lin 2004, with beta 1: F1 of the longest common subsequence, best reference, mean over captions."""
    found = []
    for text, references in pairs:
        found.append(
            max(
                2 * longest_common(text.split(), r.split()) / (len(text.split()) + len(r.split()))
                for r in references
            )
        )
    return float(np.mean(found))


def cider_d(pairs, sigma=6.0):
    """Vedantam et al. 2015, equation of CIDEr-D: clipped cosine of tf-idf, with a penalty for lengths."""
    total = 0.0
    for order in (1, 2, 3, 4):
        rows = [set().union(*(grams(r, order) for r in references)) for _, references in pairs]
        seen = Counter(gram for row in rows for gram in row)

        def weights(text, order=order, seen=seen):
            return {g: n * math.log(len(pairs) / max(1, seen[g])) for g, n in grams(text, order).items()}

        def size(vector):
            return math.sqrt(sum(value**2 for value in vector.values()))

        for text, references in pairs:
            mine = weights(text)
            for reference in references:
                theirs = weights(reference)
                inner = sum(min(value, theirs.get(g, 0.0)) * theirs.get(g, 0.0) for g, value in mine.items())
                gap = max(len(text.split()) - 1, 0) - max(len(reference.split()) - 1, 0)
                if inner:
                    cosine = inner / (size(mine) * size(theirs))
                    total += cosine * math.exp(-(gap**2) / (2 * sigma**2)) / len(references) / 4
    return 10 * total / len(pairs)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT with random weights and a vocabulary of the tests' words."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("model")
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=64).save_pretrained(folder)
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(vocabulary), **shape)).save_pretrained(folder)
    return folder


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every attempt to reach something fails, and is written down."""
    from huggingface_hub import constants

    tried: list[object] = []

    def refuse(*values: object, **named: object) -> None:
        tried.append(values)
        raise OSError("the test allows no network")

    for name in ("getaddrinfo", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)  # so that it would try
    return tried


@given(pairs=PAIRS)
@few
def test_scores_are_those_of_the_published_formulas(pairs) -> None:
    scores = caption_scores(*zip(*pairs))
    assert scores.bleu_1 == pytest.approx(bleu(pairs, 1), abs=1e-5)
    assert scores.bleu_4 == pytest.approx(bleu(pairs, 4), abs=1e-5)
    assert scores.rouge_l == pytest.approx(rouge_l(pairs), abs=1e-5)
    assert scores.cider == (pytest.approx(cider_d(pairs), abs=1e-9) if len(pairs) > 1 else None)
    assert scores.bert_f1 is None
    assert 0 <= scores.bleu_4 <= scores.bleu_1 + 1e-6 <= 1 + 2e-6
    assert 0 <= scores.rouge_l <= 1


@given(pairs=PAIRS, draw=st.randoms())
@few
def test_the_order_of_captions_and_references_does_not_matter(pairs, draw) -> None:
    shuffled = [(text, draw.sample(references, len(references))) for text, references in pairs]
    draw.shuffle(shuffled)
    assert caption_scores(*zip(*pairs)) == caption_scores(*zip(*shuffled))


def test_values_known_from_the_literature() -> None:
    """The example of BLEU that several libraries print, with a corpus of two so that CIDEr counts."""
    candidates = ["the cat is on the mat", "a man jumps over the fence twice"]
    references = [["there is a cat on the mat", "a cat is on the mat"], ["a man jumps over the fence twice"]]
    assert caption_scores(candidates[:1], references[:1]).bleu_4 == pytest.approx(0.7598, abs=5e-5)
    perfect = caption_scores(candidates[1:] + candidates[:1], [[candidates[1]], [candidates[0]]])
    assert (perfect.bleu_1, perfect.bleu_4, perfect.rouge_l) == pytest.approx((1, 1, 1))
    assert perfect.cider == pytest.approx(10)


def test_captions_are_compared_as_lower_case_words() -> None:
    assert words("A man’s T-pose, 3 times — quickly!") == "a man's t pose 3 times quickly".split()
    loud = caption_scores(["A person WALKS, forward!"], [["a person walks forward."]])
    assert (loud.bleu_4, loud.rouge_l) == pytest.approx((1, 1))
    assert caption_scores(["é"], [["è"]]).rouge_l == 0  # letters beyond a to z are letters, too


def test_degenerate_captions() -> None:
    empty = caption_scores(["...", ""], [["a person"], ["a man walks"]])
    assert (empty.bleu_1, empty.bleu_4, empty.rouge_l, empty.cider) == (0, 0, 0, 0)
    alike = caption_scores(["a man walks on"] * 3, [["a man walks on"]] * 3)
    assert (alike.bleu_4, alike.rouge_l, alike.cider) == pytest.approx((1, 1, 0))  # no word tells them apart


@pytest.mark.parametrize(
    ("candidates", "references", "message"),
    [
        ([], [], "0 captions"),
        (["a"], [], "1 captions and 0 lists"),
        (["a", "b"], [["a"], []], "caption 1, 'b': give a list"),
        (["a"], ["a"], "caption 0, 'a': give a list"),
        (["a"], [["a", "?!"]], "caption 0, 'a': a reference holds no word"),
    ],
)
def test_what_cannot_be_scored_is_refused_with_its_place(candidates, references, message) -> None:
    with pytest.raises(ValueError, match=message):
        caption_scores(candidates, references)


def test_a_missing_library_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycocoevalcap.cider.cider", None)
    with pytest.raises(ImportError, match=r"irmogen\[eval\]"):
        caption_scores(["a", "b"], [["a"], ["b"]])


def plain_bert(folder: Path, text: str, references: list[str], layer: int) -> float:
    """Zhang et al. 2020 without idf: greedy cosine matching of token vectors, F1, best reference.

    As in their program, a token may be matched with [CLS] or [SEP] too, but these are not averaged over.
    """
    import torch
    from transformers import BertModel, BertTokenizerFast

    tokenizer, model = BertTokenizerFast.from_pretrained(folder), BertModel.from_pretrained(folder).eval()

    def vectors(words: str) -> np.ndarray:
        with torch.no_grad():
            out = model(**tokenizer(words, return_tensors="pt"), output_hidden_states=True)
        found = out.hidden_states[layer][0].numpy().astype(np.float64)
        return found / np.linalg.norm(found, axis=1, keepdims=True)

    best = []
    for reference in references:
        cosine = vectors(text) @ vectors(reference).T
        precision, recall = cosine.max(1)[1:-1].mean(), cosine.max(0)[1:-1].mean()
        best.append(2 * precision * recall / (precision + recall))
    return max(best)


CAPTIONS = ["a person walks forward", "a man jumps", "a man turns left and waves a hand", "jumps"]
REFERENCES = [
    ["a man walks", "a person walks and turns left"],
    ["a person jumps forward and waves"],
    ["turns", "a man waves"],
    ["a person jumps", "a man jumps and waves"],
]


def test_bert_score_is_that_of_the_published_formula(bert: Path, no_network: list[object]) -> None:
    scores = caption_scores(CAPTIONS, REFERENCES, Bert(bert, 1, idf=False))
    expected = [plain_bert(bert, text, texts, 1) for text, texts in zip(CAPTIONS, REFERENCES)]
    assert scores.bert_f1 == pytest.approx(np.mean(expected), abs=1e-5)
    turned = caption_scores(CAPTIONS[::-1], REFERENCES[::-1], Bert(bert, 1, idf=False))
    assert turned == scores
    assert not no_network


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")  # bert-score only reads it
def test_bert_score_with_idf_baseline_and_empty_captions(bert: Path) -> None:
    own = caption_scores(CAPTIONS, [[text] for text in CAPTIONS], Bert(bert, 2))
    assert own.bert_f1 == pytest.approx(1, abs=2e-5)
    rescaled = caption_scores(CAPTIONS, [[text] for text in CAPTIONS], Bert(bert, 2, "roberta-large"))
    assert rescaled.bert_f1 == pytest.approx(1, abs=2e-5)
    half = caption_scores([*CAPTIONS[:2], "", "!"], [[text] for text in CAPTIONS], Bert(bert, 2))
    assert half.bert_f1 == pytest.approx(0.5, abs=2e-5)
    assert caption_scores(["a man"] * 2, [["a man"]] * 2, Bert(bert, 2)).bert_f1 is None  # no idf


def test_a_bert_that_cannot_be_used_is_refused(bert: Path, tmp_path: Path) -> None:
    pairs = CAPTIONS, REFERENCES
    with pytest.raises(ValueError, match=r"no config\.json"):
        caption_scores(*pairs, Bert(tmp_path, 1))
    with pytest.raises(ValueError, match="layers is 0"):
        caption_scores(*pairs, Bert(bert, 0))
    with pytest.raises(ValueError, match="between 0 and 2"):
        caption_scores(*pairs, Bert(bert, 3))
    with pytest.raises(ValueError, match=r"no baseline of 'mine'; choose one of .*roberta-large"):
        caption_scores(*pairs, Bert(bert, 1, "mine"))
    named = tmp_path / "t5"
    named.symlink_to(bert)
    copied = tmp_path / "bert5"  # holds t5 in its name
    copied.mkdir()
    for file in bert.iterdir():
        (copied / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ValueError, match="for a T5 model"):
        caption_scores(*pairs, Bert(copied, 1))
    assert caption_scores(*pairs, Bert(named, 1)).bert_f1  # the folder behind the link counts
    endless = tmp_path / "endless"
    copied.rename(endless)
    settings_file = endless / "tokenizer_config.json"
    told = json.loads(settings_file.read_text(encoding="utf-8"))
    settings_file.write_text(json.dumps({**told, "model_max_length": int(1e30)}), encoding="utf-8")
    with pytest.raises(ValueError, match="set model_max_length"):
        caption_scores(*pairs, Bert(endless, 1))
