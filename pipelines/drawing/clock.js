// Time: a clock is shared by the figures that play together; one loop draws whatever changed.

const END_PAUSE = 0.7; // seconds that the last pose stays before the clip starts again
const clocks = new Map(); // clocks with a name, by it

class Clock {
  constructor() {
    this.time = 0; // seconds
    this.rate = 1;
    this.playing = false;
    this.members = new Set();
  }

  // The clock of that name; one of its own for no name.
  static named(name) {
    if (!name) return new Clock();
    if (!clocks.has(name)) clocks.set(name, new Clock());
    return clocks.get(name);
  }

  get duration() {
    return Math.max(0, ...[...this.members].map((figure) => figure.duration));
  }

  // The time that is shown: the pause at the end shows the last pose.
  get shown() {
    return Math.min(this.time, this.duration);
  }

  get visible() {
    return [...this.members].some((figure) => figure.visible);
  }

  play(playing) {
    if (playing && this.time >= this.duration) this.time = 0;
    this.playing = playing;
    this.changed();
  }

  seek(seconds) {
    this.time = Math.min(Math.max(seconds, 0), this.duration);
    this.changed();
  }

  setRate(rate) {
    this.rate = rate;
    this.changed();
  }

  advance(seconds) {
    if (!this.playing || !this.visible) return;
    this.time += seconds * this.rate;
    if (this.time > this.duration + END_PAUSE * this.rate) this.time = 0;
    for (const figure of this.members) figure.dirty = true;
  }

  changed() {
    for (const figure of this.members) figure.dirty = true;
    wake();
  }
}

const figures = new Set(); // all that are mounted
let frameRequest = 0;
let before = 0;

// Run the loop until nothing plays and nothing is to be drawn.
function wake() {
  if (!frameRequest) frameRequest = requestAnimationFrame(tick);
}

function tick(now) {
  // A tab that slept must not jump.
  const seconds = before ? Math.min((now - before) / 1000, 0.1) : 0;
  const active = new Set([...figures].map((figure) => figure.clock));
  for (const clock of active) clock.advance(seconds);
  let more = false;
  for (const figure of figures) {
    if (figure.visible && figure.dirty) figure.draw();
    more = more || (figure.visible && (figure.dirty || figure.clock.playing));
  }
  before = more ? now : 0;
  frameRequest = more ? requestAnimationFrame(tick) : 0;
}
