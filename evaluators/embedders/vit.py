"""A vision transformer (Dosovitskiy et al. 2021) whose parameters have the names of timm's.

What timm builds as ViT-B/16 without a classifier, pooled by the mean: a class token takes part in the
attention and not in the mean, and a norm follows the mean instead of preceding it.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from evaluators.embedders.published import State, fill, shape_of

HEAD = 64  # numbers a head, in all ViTs from tiny to large
_EPSILON = 1e-6  # of the norms


class _Patches(nn.Module):
    """Images (N, C, H, W) -> patches (N, L, D), row by row."""

    def __init__(self, channels: int, width: int, size: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, width, size, stride=size)

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.proj(images).flatten(2).transpose(1, 2)
        return found


class _Attention(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, found: Tensor) -> Tensor:
        count, length, width = found.shape
        split = self.qkv(found).view(count, length, 3, width // HEAD, HEAD).permute(2, 0, 3, 1, 4)
        read = nn.functional.scaled_dot_product_attention(*split.unbind(0))
        mixed: Tensor = self.proj(read.transpose(1, 2).reshape(count, length, width))
        return mixed


class _Perceptron(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, inner)
        self.fc2 = nn.Linear(inner, width)

    def forward(self, found: Tensor) -> Tensor:
        changed: Tensor = self.fc2(nn.functional.gelu(self.fc1(found)))
        return changed


class _Block(nn.Module):
    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=_EPSILON)
        self.attn = _Attention(width)
        self.norm2 = nn.LayerNorm(width, eps=_EPSILON)
        self.mlp = _Perceptron(width, inner)

    def forward(self, found: Tensor) -> Tensor:
        found = found + self.attn(self.norm1(found))
        changed: Tensor = found + self.mlp(self.norm2(found))
        return changed


class VisionTransformer(nn.Module):
    """Images (N, C, H, W) of one size -> vectors (N, D): the mean over their patches."""

    def __init__(self, channels: int, patch: int, patches: int, width: int, inner: int, blocks: int) -> None:
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, patches + 1, width))
        self.patch_embed = _Patches(channels, width, patch)
        self.blocks = nn.Sequential(*(_Block(width, inner) for _ in range(blocks)))
        self.fc_norm = nn.LayerNorm(width, eps=_EPSILON)

    @property
    def width(self) -> int:
        """D, the size of a vector."""
        return int(self.cls_token.shape[-1])

    def forward(self, images: Tensor) -> Tensor:
        """The class token is read by the patches and is left out of the mean."""
        patches = self.patch_embed(images)
        found = torch.cat([self.cls_token.expand(len(images), -1, -1), patches], dim=1) + self.pos_embed
        mean: Tensor = self.fc_norm(self.blocks(found)[:, 1:].mean(dim=1))
        return mean


def vision_transformer(
    state: State, path: Path, channels: int, patch: int, patches: int
) -> VisionTransformer:
    """The network of a state dict, in float64; ValueError if it is not one for such images.

    `path`: of the file, for messages. `patches`: how many an image has.
    """
    shape = shape_of(state, "patch_embed.proj.weight", 4, path)
    width = shape[0]
    if shape[1:] != (channels, patch, patch):
        raise ValueError(f"{path}: takes patches {shape[1:]}, not {(channels, patch, patch)}; give ViT-B/16")
    if width % HEAD:
        raise ValueError(f"{path}: width {width} is no multiple of {HEAD}; give ViT-B/16")
    places = shape_of(state, "pos_embed", 3, path)[1]
    if places != patches + 1:
        raise ValueError(
            f"{path}: has {places} places, images of {patches} patches need {patches + 1}; "
            f"give the published file"
        )
    inner = shape_of(state, "blocks.0.mlp.fc1.weight", 2, path)[0]
    blocks = len({name.split(".")[1] for name in state if name.startswith("blocks.")})
    network = VisionTransformer(channels, patch, patches, width, inner, blocks)
    fill(network, state, path)
    return network
