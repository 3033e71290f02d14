"""Captions that the demo dataset makes untrue: all are listed, each in one word, and nothing else changes."""

import argparse
import json
from collections import Counter
from functools import cache

import pytest

from motion.demo.clips import make_clip, mirrored
from motion.demo.corruption import KINDS, corrupt
from motion.demo.dataset import write_demo
from motion.demo.likeness import REPLACING, seen_in
from motion.events import ACTIONS, LOCOMOTION
from motion.skeleton import SKELETONS, T2M
from motion.tagging import tag
from pipelines import demo_data

both = pytest.mark.parametrize("name", list(SKELETONS))
PAIRS = 250


def rows(folder, name="corruptions.jsonl"):
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def lines(folder, motion_id):
    return (folder / "texts" / f"{motion_id}.txt").read_text().splitlines()


def files(folder):
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


@cache
def corrupted():
    """Clips with the corruption of each, or None."""
    pairs = []
    for number in range(PAIRS):
        clip = make_clip(T2M, number, 4)
        for each in (clip, mirrored(clip, T2M)):
            pairs.append((each, *(corrupt(each, T2M, 4) or [None])))
    return pairs


def found():
    return [(clip, each) for clip, each in corrupted() if each is not None]


@both
def test_every_untrue_caption_is_listed_and_nothing_else_changes(tmp_path, name):
    clean, untrue = tmp_path / "clean", tmp_path / "untrue"
    write_demo(clean, 60, name, seed=2)
    write_demo(untrue, 60, name, seed=2, corrupt_captions=True)
    listed = {(row["id"], row["caption"]): row for row in rows(untrue)}
    assert len(listed) == len(rows(untrue)) > 20
    assert files(untrue) == files(clean) | {(untrue / "corruptions.jsonl").relative_to(untrue)}
    changed = set()
    for path in files(clean):
        if path.parts[0] != "texts":
            assert (clean / path).read_bytes() == (untrue / path).read_bytes()
            continue
        pairs = zip(lines(clean, path.stem), lines(untrue, path.stem), strict=True)
        for index, (before, after) in enumerate(pairs):
            if before == after:
                continue
            changed.add((path.stem, index))
            row = listed[path.stem, index]
            since, until = before.split("#")[2:]
            assert before.split("#")[0] == row["before"]
            assert after == f"{row['after']}#{tag(row['after'])}#{since}#{until}"
    assert changed == set(listed)


def test_the_same_dataset_is_written_again(tmp_path):
    for name in ("first", "again"):
        write_demo(tmp_path / name, 30, seed=5, corrupt_captions=True)
    for path in files(tmp_path / "first"):
        assert (tmp_path / "first" / path).read_bytes() == (tmp_path / "again" / path).read_bytes()


def test_what_is_untrue_depends_on_the_clip_alone(tmp_path):
    write_demo(tmp_path / "few", 20, seed=6, corrupt_captions=True)
    write_demo(tmp_path / "more", 30, seed=6, corrupt_captions=True)
    ids = {path.stem for path in (tmp_path / "few" / "texts").iterdir()}
    assert rows(tmp_path / "few") == [row for row in rows(tmp_path / "more") if row["id"] in ids]


def test_a_fifth_of_the_captions_is_untrue_in_four_kinds_alike():
    total = sum(len(clip.lines) for clip, _ in corrupted())
    assert len(found()) / total == pytest.approx(0.2, abs=0.02)
    kinds = Counter(each.kind for _, each in found())
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) > 0.19 * len(found())
    assert max(kinds.values()) < 0.31 * len(found())


def test_twins_are_corrupted_independently():
    texts = {}
    for clip, each in corrupted():
        texts.setdefault(clip.id.lstrip("M"), []).append(each and (each.caption, each.kind, each.expected))
    pairs = list(texts.values())
    assert {one is None for one, _ in pairs} == {True, False}
    assert sum((one is None) != (two is None) for one, two in pairs) > 0.2 * len(pairs)
    assert sum(one is not None and one == two for one, two in pairs) < 0.2 * len(pairs)


def test_an_untrue_caption_departs_from_its_motion_in_what_is_listed():
    for clip, each in found():
        assert each.id == clip.id
        assert clip.lines[each.caption].text == each.before != each.after
        assert each.after not in [line.text for line in clip.lines]
        assert each.aspect == KINDS[each.kind]
        assert each.expected != each.found
        event = next(event for event in clip.events if event.action == each.action)
        assert str(getattr(event, each.aspect)) == each.expected


def test_swapped_words_change_and_the_others_stay():
    pairs = {("left", "right"), ("clockwise", "counterclockwise")}
    for _, each in found():
        if each.aspect not in ("side", "direction"):
            continue
        old, new = each.before.split(), each.after.split()
        if each.expected in ("left", "right"):
            assert each.found in ("left", "right")
            changed = [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]]
            assert changed
            for pair in changed:
                assert tuple(sorted(word.strip(".,") for word in pair)) in pairs, (each.before, each.after)
        else:
            assert {each.expected, each.found} == {"forward", "backward"}
            assert "back" in each.before + each.after


def test_changed_numbers_are_clearly_wrong():
    for clip, each in found():
        if each.aspect != "count":
            continue
        old, new = int(each.expected), int(each.found)
        if ACTIONS[each.action].counted == "steps":
            total = sum(
                event.count for event in clip.events if event.action in LOCOMOTION and event.count > 1
            )
            assert min(abs(new - old), abs(new - total) if total else 3) >= 3 or each.action == "crawl"
        else:
            assert abs(new - old) >= (1 if max(new, old) <= 5 else 2)


def test_replaced_actions_are_not_in_the_clip():
    for clip, each in found():
        if each.aspect == "action":
            assert each.found not in seen_in(event.action for event in clip.events)
            assert each.found in REPLACING


def test_likeness_knows_the_vocabulary():
    assert set(REPLACING) < set(ACTIONS)
    for action in ACTIONS:
        assert action in seen_in([action]) <= set(ACTIONS)
        assert len(set(REPLACING) - seen_in([action])) > 10


def test_defects_and_untrue_captions_are_of_different_clips(tmp_path):
    write_demo(tmp_path / "defects", 60, "kit", defects=True)
    write_demo(tmp_path / "both", 60, "kit", defects=True, corrupt_captions=True)
    spoiled = {row["id"] for row in rows(tmp_path / "both", "defects.jsonl")}
    untrue = rows(tmp_path / "both")
    assert (tmp_path / "both/defects.jsonl").read_bytes() == (tmp_path / "defects/defects.jsonl").read_bytes()
    assert len(untrue) > 10
    assert spoiled.isdisjoint(row["id"] for row in untrue)
    for row in untrue:
        text = lines(tmp_path / "both", row["id"])[row["caption"]].split("#")[0]
        assert text == row["after"]


def test_the_note_tells_whether_captions_are_untrue(tmp_path, capsys):
    parser = argparse.ArgumentParser()
    demo_data.add_arguments(parser)
    flags = ["--output", str(tmp_path / "data"), "--motions", "6"]
    assert demo_data.run(parser.parse_args([*flags, "--corrupt-captions"])) == 0
    assert json.loads((tmp_path / "data/demo.json").read_text())["corrupt_captions"] is True
    capsys.readouterr()
    assert demo_data.run(parser.parse_args([*flags, "--corrupt-captions"])) == 0
    assert "already" in capsys.readouterr().out
    with pytest.raises(ValueError, match="not empty"):
        demo_data.run(parser.parse_args(flags))
