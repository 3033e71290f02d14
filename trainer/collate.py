"""Packed rows as a batch of tensors, in which no example sees another.

Positions begin anew with each example and there is no attention mask: transformers then keeps the examples
of a row apart (with the cache off). Flash attention wants all rows as one, and takes the same positions.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from trainer.examples import IGNORED, Example


def collate(rows: Sequence[Sequence[Example]], pad: int, flat: bool = False) -> dict[str, Tensor]:
    """input_ids, labels, position_ids (N, L) of packed rows; (1, sum) where `flat`.

    An example's first label is ignored: the token before it belongs to another one.
    """
    if flat:
        rows = [[example for row in rows for example in row]]
    length = max(sum(len(example.ids) for example in row) for row in rows)
    ids = torch.full((len(rows), length), pad, dtype=torch.long)
    labels = torch.full((len(rows), length), IGNORED, dtype=torch.long)
    positions = torch.zeros((len(rows), length), dtype=torch.long)
    for number, row in enumerate(rows):
        place = 0
        for example in row:
            stop = place + len(example.ids)
            ids[number, place:stop] = torch.tensor(example.ids)
            labels[number, place + 1 : stop] = torch.tensor(example.labels[1:])
            positions[number, place:stop] = torch.arange(stop - place)
            place = stop
        positions[number, place:] = torch.arange(length - place)
    return {"input_ids": ids, "labels": labels, "position_ids": positions}
