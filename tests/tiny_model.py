"""A tiny language model in the form of a finished training: random, or taught a few answers by heart."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from motion.skeleton import skeleton
from motion.tokenizer import MotionTokenizer, save_tokenizer
from motion.vqvae import TokenizerShape, VqVae
from prompts.chain import Chain, Round, render
from prompts.tasks import SLOTS, motion_text, render_prompt, wordings
from trainer.generation.sampling import left_padded
from trainer.vocabulary import TOKENS

CODES = 16  # of the motion tokenizer: a language model may say codes that it does not have
CHAIN = Chain("A step.", (Round((1, 2, 3), "It is late.", "Go."), Round((4, 5), "It fits.", "None.")))
ANSWERS = {  # what the taught model says to each task
    "unified_mogen_cot": render(CHAIN),
    "t2m_direct_generation": motion_text((7, 8, 9)),
    "tm2t_refinement_instruction": "Go on.",
    "tm2m_instructed_motion_refinement": motion_text((10, 11)),
    "m2t_motion_caption": "a man steps",
}


def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """A byte-level tokenizer of a few hundred words, with the motion vocabulary."""
    base = Tokenizer(models.BPE())
    tags = pre_tokenizers.Split(Regex(r"\[/?[a-z]+\]|<[^>]*>|\n"), "isolated")
    base.pre_tokenizer = pre_tokenizers.Sequence(
        [tags, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]  # whole sentences are words
    )
    base.decoder = decoders.ByteLevel()
    texts = [render_prompt(""), *ANSWERS.values()] * 8 + [
        *(wording for task in SLOTS for wording in wordings(task))
    ]
    learner = trainers.BpeTrainer(
        vocab_size=900,
        special_tokens=["<pad>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    base.train_from_iterator((re.sub("</?Motion[^>]*>", "", text) for text in texts), learner)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=base, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    tokenizer.add_tokens(list(TOKENS))
    return tokenizer


def tiny_llama(tokenizer: Any, seed: int = 0, spread: float = 0.2) -> LlamaForCausalLM:
    """A random model of two layers."""
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=1024,
        initializer_range=spread,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return LlamaForCausalLM(config).eval()


def tiny_motion_tokenizer(body: str = "t2m", codes: int = CODES, seed: int = 0) -> MotionTokenizer:
    """A random motion tokenizer, whose codes lie where its encoder puts random frames."""
    size = skeleton(body).feature_size
    shape = TokenizerShape(size, codes, code_size=8, width=8, depth=1)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(seed)
        network = VqVae(shape)
        network.quantizer.codebook.copy_(network.encode(torch.randn(1, 4 * codes, size))[0])
    return MotionTokenizer(network, shape, body, np.zeros(size), np.ones(size))


def teach(model: LlamaForCausalLM, tokenizer: Any, lessons: Sequence[tuple[Sequence[int], str]]) -> None:
    """Make the model say an answer, and the end token, behind each of some prompts."""
    answers = [
        (*tokenizer.encode(answer, add_special_tokens=False), tokenizer.eos_token_id) for _, answer in lessons
    ]
    most = max(map(len, answers))
    rows = [(*prompt, *answer) for (prompt, _), answer in zip(lessons, answers, strict=True)]
    ids, mask = left_padded(rows, tokenizer.pad_token_id, model.device)
    said = torch.tensor([[-100] * (most - len(answer)) + list(answer) for answer in answers])
    inputs = {"input_ids": ids, "attention_mask": mask, "position_ids": (mask.cumsum(1) - 1).clamp(min=0)}
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    model.train()
    for _ in range(300):
        logits = model(**inputs, logits_to_keep=most + 1).logits[:, :-1]
        losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), said.flatten(), reduction="none")
        loss = losses.sum() / (said >= 0).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if losses.max() < 0.1:  # of every token
            break
    model.eval()


def write_run(folder: Path, model: Any, tokenizer: Any, stage: str = "stage2", body: str = "t2m") -> Path:
    """A folder as a finished training leaves it."""
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    save_tokenizer(folder / "motion-tokenizer", tiny_motion_tokenizer(body))
    (folder / "irmogen.json").write_text(
        json.dumps({"version": 1, "stage": stage, "recipe": {"name": "tiny"}})
    )
    return folder
