"""Which of several clauses comes first in time."""

from __future__ import annotations

from collections.abc import Sequence

from prompts.claims.clauses import Clause

_TOGETHER = frozenset({"while", "as", "without"})


def places(read: Sequence[Clause]) -> list[int]:
    """Place in time of each clause, from 0 without gaps; what happens at once shares its place."""
    timeline = _Timeline()
    sentence = 0
    for index, clause in enumerate(read):
        if clause.sentence != sentence:
            timeline.end_sentence()
            sentence = clause.sentence
        timeline.add(index, clause)
    timeline.end_sentence()
    orders = [0] * len(read)
    for order, members in enumerate(timeline.groups):
        for index in members:
            orders[index] = order
    return orders


class _Timeline:
    """Groups of simultaneous clauses in time order, built clause by clause."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self._place = -1  # the group of the clause before
        self._held: list[list[int]] = []  # said before its main clause, but later in time
        self._front = ""  # the joint of the fronted clause that is being read
        self._joins = False  # whether the main clause happens during the fronted one
        self._earlier = False  # whether the clause before was put in front of its predecessor

    def add(self, index: int, clause: Clause) -> None:
        """Put the next clause in its place."""
        if clause.fronted:
            self._add_fronted(index, clause)
            return
        self._front = ""
        if self.groups and (clause.joint in _TOGETHER or self._joins):
            self.groups[self._place].append(index)
        elif self.groups and clause.joint == "after":
            self.groups.insert(self._place, [index])
            self._earlier = True
            return  # _place names the inserted group now
        elif self._earlier and clause.joint == "and" and clause.gerund:
            self._place += 1
            self.groups.insert(self._place, [index])
            return
        else:
            self.groups.append([index])
            self._place = len(self.groups) - 1
        self._joins = self._earlier = False

    def _add_fronted(self, index: int, clause: Clause) -> None:
        self._front = self._front or clause.joint
        if self._front == "before":
            if clause.joint in _TOGETHER and self._held:
                self._held[-1].append(index)
            else:
                self._held.append([index])
            return
        if clause.joint in _TOGETHER and self._joins:
            self.groups[self._place].append(index)
        else:
            self.groups.append([index])
            self._place = len(self.groups) - 1
        self._joins = self._front in _TOGETHER

    def end_sentence(self) -> None:
        """What was said before its main clause, but happens after it, comes now."""
        self.groups += self._held
        if self._held:
            self._place = len(self.groups) - 1
        self._held, self._front, self._joins, self._earlier = [], "", False, False
