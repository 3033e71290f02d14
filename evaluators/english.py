"""Whether a short text about a motion is English: its letters, and its most common words."""

from __future__ import annotations

import re
import unicodedata

# Words that most sentences of a language are held together by. What two lists share tells nothing.
_ENGLISH = frozenset(
    "a about above after again all along also an and any are arm arms around as at back backward "
    "backwards be been before begin below besides between body both but by can clockwise count did "
    "direction do does done down each elbow end ends every faces facing far fast feet few figure "
    "finally first five foot for forward forwards four from front further go goes goal ground hand "
    "hands has have he head her here high higher his how if in instead into is it its just keep knee "
    "large later left leg legs less let lift lifts little low lower lowers make makes man many middle "
    "more motion move movement moves much must needs never next no not nothing now of off on once one "
    "only onto or other out over overhead pace path per performer person place raise raises rather "
    "return right same seen she should shoulder show shows side six slow slowly small so some stand "
    "stands start starts step steps still stop straight such take takes than that the their them then "
    "there these they third this three through times to too torso toward towards turn turns twice two "
    "under until up upper upright waist walk walks wanted was way were what when where which while who "
    "whole with without would wrong "
    # What is done in motions, for texts that hardly have another word
    "bend bends bent bow bows catch catches circle circles clap claps crawl crawls crouch crouches dance "
    "dances drop drops fall falls hop hops jog jogs jump jumps kick kicks kneel kneels lean leans lunge "
    "lunges punch punches push pushes reach reaches run runs sidestep sidesteps sit sits skip skips "
    "squat squats stretch stretches stumble stumbles sway sways swing swings throw throws twist twists "
    "wave waves".split()
)
_OTHERS = frozenset(
    # German, Dutch, Danish, Norwegian, Swedish
    "aber als auf aus bei bis das dass dem den der des ein eine einem einen einer es fuer für ist mit "
    "nach nicht noch oder sich sie sind und vom von vor wird zu zum zur zwei aan beide dan de een en "
    "het met naar niet om ook te twee uit van voor wordt zijn af at av blir den denne det ett han hun "
    "ikke inte med och og på skal som till til "
    # French, Spanish, Portuguese, Italian, Romanian
    "au aux avec ce cette dans deux doit du elle est et fait il la le les lui mais ne par pas pour puis "
    "que qui sa sans ses son sur un une vers al con cuerpo del derecha derecho dos el es esta hacia "
    "izquierda izquierdo las lo los más mientras mueve no pero por se su sus una y ao as com corpo da "
    "dois e em mas não o os para uma alla anche braccio che chi da dei della di destro due gamba gli i "
    "il in mano ma nel non per poi sinistro sono ambele cu dar este iar în la mâna nu pe sa si spre "
    "stânga și "
    # Polish, Czech, Turkish, Finnish, Indonesian
    "do jest na nie od oraz po przez w z ze za je ale se ve bir bu ile için sağ sol kolunu on ja ei hän "
    "oikea vasen käsi dan dengan di ke kiri kanan tangan yang".split()
) - (_ENGLISH | {"in", "man", "on", "son", "sa"})
_OURS = _ENGLISH - {"a", "as", "do", "no"}  # those are common in other languages, too
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_ASCII_SHARE = 0.9  # letters of English over all letters
_COMMON_SHARE = 0.15  # common words over all words; 0.4 and more in most texts about motions
_FEW, _SHORT = 12, 4  # words; texts of fewer need no share, or not even one common word


def is_common(word: str) -> bool:
    """Whether a lower-case word is one that English texts about motions are held together by."""
    return word in _ENGLISH


def is_english(text: str) -> bool:
    """Whether a text is English, as far as a few words can tell."""
    if not text.isascii():
        letters = [letter for letter in text if letter.isalpha()]
        if not all(letter.isascii() or _is_latin(letter) for letter in letters):
            return False
        if sum(letter.isascii() for letter in letters) < _ASCII_SHARE * len(letters):
            return False
    words = [word if word == "I" else word.lower() for word in _WORD.findall(text)]
    ours = sum(word in _OURS for word in words)
    others = sum(word in _OTHERS for word in words)
    if len(words) < _FEW:
        return ours > others or (others == 0 and 0 < len(words) < _SHORT)
    return ours > 2 * others and ours >= _COMMON_SHARE * len(words)


def _is_latin(letter: str) -> bool:
    """Of the Latin script, or a sign such as the º of degrees that only counts as a letter."""
    return letter in "ªºʼ" or unicodedata.name(letter, "").startswith("LATIN")
