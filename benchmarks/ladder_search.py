"""What the ladder's search loses in buckets: picks among about 500 clips against picks among all of a split.

Demo clips and their mirrored twins are measured, and the captions about whole clips are their goals. A sample
of the goals is searched for exactly, in all clips, and in its bucket, drawn by ids as in a build. Told
at each level: how alike the picked motions are to the goal, by the search's own vectors (cosine) and by the
alignment that orders ladders, and the share of picks that both searches have in common.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from common import report

from evaluators.alignment import facts_alignment
from motion.demo.clips import make_clip, mirrored
from motion.facts import Facts, measure
from motion.features import joints_from_features
from motion.seeds import share
from motion.skeleton import skeleton
from pipelines.inputs import CLIPS_A_BUCKET, CLIPS_A_SHARD
from schemas.compact import pack, unpack
from transforms.exchange import Entry, Pick, Wording
from transforms.search import LEVELS, Pool, goal_vectors
from transforms.step import shard_of

BODY = skeleton("t2m")


def entries(clips: int) -> Iterator[Entry]:
    """Demo clips with the goals about the whole of them."""
    for number in range(clips // 2):
        original = make_clip(BODY, number, 0)
        pair = (original, mirrored(original, BODY))
        found = measure([joints_from_features(clip.features, BODY) for clip in pair], BODY)
        for clip, facts in zip(pair, found, strict=True):
            lines = [line.text for line in clip.lines if not line.end]
            goals = tuple(Wording(f"{clip.id}-{place}", text) for place, text in enumerate(lines))
            if goals:
                yield Entry(0, clip.id, 0, facts.frames, pack(facts), goals)


def bucketed(clips: Sequence[Entry], asking: Sequence[Entry]) -> dict[str, list[Pick]]:
    """Picks in buckets."""
    count, shards = -(-len(clips) // CLIPS_A_BUCKET), -(-len(clips) // CLIPS_A_SHARD)
    pools, asked = defaultdict(list), defaultdict(list)
    for entries_of, found in ((clips, pools), (asking, asked)):
        for entry in entries_of:
            found[shard_of(entry.motion_id, shards) * count // shards].append(entry)
    picks: dict[str, list[Pick]] = {}
    for bucket, block in asked.items():
        picks |= searched(pools[bucket], block)
    return picks


def searched(clips: Sequence[Entry], asking: Sequence[Entry]) -> dict[str, list[Pick]]:
    """Picks among all of these clips, by goal."""
    pool = Pool(sorted(clips, key=lambda entry: entry.goals[0].goal_id))
    picks: dict[str, list[Pick]] = defaultdict(list)
    for start in range(0, len(asking), 128):
        for _, found in pool.picks(asking[start : start + 128]):
            for pick in found:
                picks[pick.goal_id].append(pick)
    return picks


def cosines(asking: Sequence[Entry], picks: dict[str, list[Pick]], clips: Sequence[Entry]) -> np.ndarray:
    """Mean likeness at each level by the search's vectors."""
    vector = {entry.motion_id: goal_vectors(entry)[0].astype(float) for entry in clips}
    values = []
    for entry in asking:
        own = goal_vectors(entry)[0].astype(float)
        others = [vector[pick.source.motion_id] for pick in picks[entry.goals[0].goal_id]]
        values.append([own @ other / np.sqrt((own @ own) * (other @ other)) for other in others])
    return np.mean(values, axis=0)


def alignments(asking: Sequence[Entry], picks: dict[str, list[Pick]]) -> np.ndarray:
    """Mean alignment at each level by facts and the caption's claims."""
    values = []
    for entry in asking:
        goal, own = entry.goals[0], unpack(Facts, entry.facts)
        found = [unpack(Facts, pick.source.facts) for pick in picks[goal.goal_id]]
        values.append([facts_alignment(goal.caption, own, facts) for facts in found])
    return np.mean(values, axis=0)


def rows(clips: Sequence[Entry], sample: int) -> list[dict[str, object]]:
    """The table of a corpus of these clips."""
    drawn = sorted(clips, key=lambda entry: share("asks", entry.motion_id))[:sample]
    asking = [replace(entry, goals=entry.goals[:1]) for entry in drawn]
    both = [searched(clips, asking), bucketed(clips, asking)]
    likeness = [cosines(asking, picks, clips) for picks in both]
    aligned = [alignments(asking, picks) for picks in both]
    table = []
    for level, place in enumerate(LEVELS):
        pairs = [(both[0][name][level].source, both[1][name][level].source) for name in both[0]]
        table.append(
            {
                "clips": len(clips),
                "level": f"{100 * place:.0f}%",
                "cosine, exact": f"{likeness[0][level]:.3f}",
                "in buckets": f"{likeness[1][level]:.3f}",
                "alignment, exact": f"{aligned[0][level]:.3f}",
                "aligned in buckets": f"{aligned[1][level]:.3f}",
                "equal picks, %": 100 * sum(one == other for one, other in pairs) / len(pairs),
            }
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, nargs="+", default=[500, 1_000, 2_000, 4_000, 8_000])
    parser.add_argument("--sample", type=int, default=400, help="goals that are searched for (default 400)")
    args = parser.parse_args()
    clips = list(entries(max(args.clips)))
    # Clips are made in the order of their numbers, which says nothing about them.
    report("ladder_search", [row for count in args.clips for row in rows(clips[:count], args.sample)])


if __name__ == "__main__":
    main()
