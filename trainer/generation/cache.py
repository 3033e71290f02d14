"""Keys and values of a generation, kept in buffers with room to grow.

The default cache copies all that it holds for each new token, half of the time of a small model on a CPU.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

_ROOM = 64  # places of a new buffer beyond what it must hold


def roomy_cache(model: Any) -> DynamicCache:
    """An empty cache for a model; its layers with a sliding window are the default ones, which stay small."""
    cache = DynamicCache(config=model.config)
    cache.layers = [_RoomyLayer() if type(layer) is DynamicLayer else layer for layer in cache.layers]
    return cache


class _RoomyLayer(DynamicLayer):
    """A layer whose `keys` and `values` (N, heads, L, size) are the used part of larger buffers."""

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Put new states behind those that are held; returns all of them."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self._buffers = [key_states[..., :0, :], value_states[..., :0, :]]
        held = self.get_seq_length()
        length = held + key_states.shape[-2]
        for place, states in enumerate((key_states, value_states)):
            buffer = self._buffers[place]
            if length > buffer.shape[-2]:
                larger = states.new_empty(
                    (*states.shape[:-2], length + max(length // 2, _ROOM), states.shape[-1])
                )
                larger[..., :held, :] = buffer[..., :held, :]
                self._buffers[place] = buffer = larger
            buffer[..., held:length, :] = states
        self.keys, self.values = (buffer[..., :length, :] for buffer in self._buffers)
        return self.keys, self.values
