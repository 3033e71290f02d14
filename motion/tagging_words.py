"""The tagger's lexicon: words that captions of motion use, by what they can be."""

from __future__ import annotations

_CLOSED = {
    "DET": "a an the this these those each every some any both all another either neither no his its their "
    "my your our whichever half",
    "PRON": "he she it they him them himself herself itself themselves someone somebody something anyone "
    "anything everything nothing one's who whom which what i you we me us oneself hers theirs there",
    "ADP": "of in on at by with without from into onto over under above below between behind beside besides "
    "across through throughout along around about against towards toward upon near like during until till "
    "for past beyond off inside outside within after before via per up down out unlike atop underneath "
    "beneath than opposite",
    "CCONJ": "and or but nor",
    "SCONJ": "while as if because when whereas since although though where whether so",
    "AUX": "can could will would should may might must shall",
    "NUM": "zero one two three four five six seven eight nine ten eleven twelve twenty thirty forty sixty "
    "ninety hundred",
    "ADV": "then again forward forwards backward backwards back sideways upward upwards downward downwards "
    "ahead away once twice thrice still now here together apart almost also just very too quite even only "
    "slightly slowly quickly fast clockwise counterclockwise anticlockwise afterwards later first finally "
    "next soon well perhaps rather almost halfway straight aside leftward leftwards rightward rightwards "
    "inward inwards outward outwards partway never always often instead maybe overhead abreast anew "
    "counter downstairs upstairs somewhat rapidly",
    "PART": "not",
}

_NOUNS = (
    "person man woman figure human guy someone's girl boy people individual subject character adult "
    "child lady gentleman athlete dancer arm hand leg foot knee elbow shoulder head chest hip waist "
    "wrist ankle toe heel finger thumb fist palm neck torso body spine stomach belly forearm thigh "
    "shin ear eye nose mouth chin hair limb side front ground floor wall chair table bench stool box "
    "ball door stair staircase ladder rope beam ramp object thing item bottle cup glass shelf bar "
    "rail handrail air circle square curve line diagonal zigzag path direction way place spot "
    "position stance posture pose pace speed time degree meter metre centimeter centimetre inch "
    "second minute couple bit lot few moment beginning end middle top bottom level height distance "
    "length angle arc axis clock motion movement manner gesture greeting exercise aerobics cartwheel "
    "handstand somersault ballet salsa waltz tango karate yoga boxing tennis golf basketball baseball "
    "football soccer volleyball racket bat club guitar violin piano drum trumpet phone bird chicken "
    "monkey dog horse frog zombie gorilla robot animal plane airplane wing ninja soldier drunk music "
    "beat rhythm balance obstacle hurdle trunk sequence pair set corner centre center edge surface "
    "water sky sun camera crowd partner opponent car bike bicycle room quarter half opposite "
    "counterclock sidestep pushup situp lap hesitation force shape letter row weight basket lid jar "
    "bag window button lever handle steering wheel"
).split()


_VERBS = (
    "go get take make do perform begin start stop continue seem appear look try attempt want need "
    "keep hold let put set bring carry give grab grasp pick lift raise lower place drop throw toss "
    "catch pull push shove move bend lean straighten stretch extend reach sit stand lie lay crouch "
    "kneel crawl climb walk run skip tiptoe march pace stroll stride hurry wander stumble stagger "
    "limp trip slip fall shuffle sneak creep leap hop bounce rotate spin twist pivot twirl sway rock "
    "shake nod wave clap salute bow greet point gesture swing punch hit strike kick knee block dodge "
    "duck evade jab fight box slap touch rub scratch wipe wash clean open close shut drink eat pour "
    "stir cook play strum conduct sing talk speak listen watch stare search find hide wait rest relax "
    "pause stay remain return come arrive leave enter exit pass cross follow lead face avoid step "
    "balance wobble circle approach lose regain recover roll tumble flip dance exercise stomp stamp "
    "squat lunge jump jog sprint swim fly float paddle row shoot aim fire drive ride press squeeze "
    "tap knock pat hug cradle imitate mimic pretend act use work practice practise repeat change "
    "switch alternate shift transfer adjust position flap flail wiggle wriggle shrug cup clasp fold "
    "unfold tuck spread part join meet separate cover interlock complete finish end signal motion "
    "beckon indicate gather lurch dip sink rise straddle drag slide glide pirouette prance trot "
    "gallop brace steady support proceed advance retreat veer swerve curve loop zigzag mop sweep "
    "dribble serve pitch bowl bat lob fish chop dig saw hammer paint write draw type read count "
    "backpedal sidestep traverse travel head hunch slouch slump tilt turn wind stroke weave yawn "
    "sneeze cough laugh cry become show resemble cartwheel hover plant ascend descend bump dust pump "
    "circulate windmill outstretch curl flex clench contract lock unlock release peek peer examine "
    "inspect check juggle spar warm cool happen hunker goosestep tie untie"
).split()


# Noun or verb, as their neighbours decide.
_BOTH = (
    "walk step turn run jump kick punch wave swing bow squat lunge hop jog sprint stretch reach throw "
    "dance exercise stop start push pull lift twist spin circle move stand crouch stride stumble "
    "shuffle skip leap march stroll pace twirl pivot clap stomp stamp bend lean raise fall slip trip "
    "hold catch toss hit strike block jab slap touch rub point gesture motion movement play fight box "
    "rest pause face head shoulder knee hand elbow cross return curve loop zigzag balance position "
    "place side sidestep crawl climb roll tumble flip swim pass lead bounce shake nod salute shrug "
    "slide show part set row stroke serve pitch act use work practice change switch shift end finish "
    "look drink dip sweep drop cartwheel back support pose bat rock press tap pat hug signal saw drag"
).split()


_ADJECTIVES = (
    "big small large little long short high low wide narrow quick slow sharp tight deep full whole "
    "entire same other different opposite several many few more most less least own first second "
    "third fourth last next left upper lower front bent straight raised stretched outstretched "
    "extended crossed open closed upright imaginary invisible normal steady brisk "
    "casual fast gentle soft hard strong heavy light tired drunk happy sad angry old young injured "
    "hurt awkward sudden slight single double basic single-handed one-legged circular diagonal "
    "horizontal vertical parallel forward right sideways ready careful aggressive dominant relaxed "
    "apart still wobbly various such"
).split()


IRREGULAR_VERBS = {
    form: base
    for base, forms in {
        "go": "goes went gone going",
        "do": "does did done doing",
        "have": "has had having",
        "take": "took taken",
        "make": "made",
        "get": "got gotten",
        "begin": "began begun",
        "come": "came",
        "give": "gave given",
        "hold": "held",
        "keep": "kept",
        "bring": "brought",
        "throw": "threw thrown",
        "catch": "caught",
        "run": "ran",
        "sit": "sat",
        "stand": "stood",
        "lie": "lay lain lying",
        "lay": "laid",
        "kneel": "knelt kneeled",
        "bend": "bent",
        "swing": "swung",
        "spin": "spun",
        "strike": "struck",
        "fall": "fell fallen",
        "leap": "leapt",
        "creep": "crept",
        "swim": "swam swum",
        "fly": "flew flown flies",
        "rise": "rose risen",
        "sink": "sank sunk",
        "slide": "slid",
        "shake": "shook shaken",
        "shoot": "shot",
        "fight": "fought",
        "leave": "leaving",
        "meet": "met",
        "lead": "led",
        "drink": "drank drunk",
        "eat": "ate eaten",
        "draw": "drew drawn",
        "write": "wrote written",
        "ride": "rode ridden",
        "drive": "drove driven",
        "find": "found",
        "lose": "lost",
        "speak": "spoke spoken",
        "sweep": "swept",
        "become": "became",
        "tie": "tying",
        "hide": "hid hidden",
        "wind": "wound",
    }.items()
    for form in forms.split()
    if form not in ("lay", "drunk")
}

IRREGULAR_NOUNS = {
    "feet": "foot",
    "men": "man",
    "women": "woman",
    "children": "child",
    "knives": "knife",
    "shelves": "shelf",
    "halves": "half",
    "calves": "calf",
    "people": "people",
    "aerobics": "aerobics",
    "stairs": "stair",
    "legs": "leg",
    "hips": "hip",
    "pushups": "pushup",
    "situps": "situp",
}

CLOSED: dict[str, str] = {word: kind for kind, words in _CLOSED.items() for word in words.split()}
BOTH: frozenset[str] = frozenset(word for word in _BOTH if word not in CLOSED)
# The later entry counts: adjectives over nouns over verbs.
OPEN: dict[str, str] = {
    word: kind
    for kind, words in (("VERB", _VERBS), ("NOUN", _NOUNS), ("ADJ", _ADJECTIVES))
    for word in words
    if word not in CLOSED and word not in BOTH
}
