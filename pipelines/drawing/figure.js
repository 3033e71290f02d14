// <motion-figure>: one clip with its controls, its events and its time line.

const RATES = [0.1, 0.25, 0.5, 1, 2];
const VIEWS = [
  ["Free", null],
  ["Front", 0],
  ["Its left side", Math.PI / 2],
  ["Behind", Math.PI],
  ["Its right side", -Math.PI / 2],
  ["Above", "above"],
];
const KEYS = "Space plays and pauses, arrow keys step through frames, Shift and arrow keys turn the view, plus and minus zoom, 0 resets the view.";
const STEEPEST = 1.5; // radians of elevation
const COLOURS = ["left", "right", "middle", "nose", "rim", "floor", "grid", "grid-strong", "way", "shadow", "muted"];
const lessMotion = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");

// Only figures in sight are drawn.
const sight = new IntersectionObserver((entries) => {
  for (const entry of entries) entry.target.setVisible(entry.isIntersecting);
});

class MotionFigure extends HTMLElement {
  connectedCallback() {
    // While the page is being read the data may not be there yet.
    if (this.data) this.start();
    else if (this.querySelector("script")) this.mount();
    else addEventListener("DOMContentLoaded", () => this.mount(), { once: true });
  }

  disconnectedCallback() {
    sight.unobserve(this);
    this.resizer?.disconnect();
    this.clock?.members.delete(this);
    figures.delete(this);
    this.visible = false;
  }

  mount() {
    const { data, options } = JSON.parse(this.querySelector("script").textContent);
    Object.assign(this, { data, options, visible: false, dirty: true, held: new Map() });
    this.duration = (data.frames - 1) / data.fps;
    this.clock = Clock.named(options.clock);
    this.resetView();
    this.build();
    this.start();
    if (options.autoplay && !lessMotion.matches) this.clock.play(true);
  }

  start() {
    this.clock.members.add(this);
    figures.add(this);
    sight.observe(this);
    this.resizer = new ResizeObserver(() => this.redraw());
    this.resizer.observe(this.canvas);
    dark.addEventListener("change", () => this.readColours());
    this.readColours();
    // The first picture does not wait for the observer.
    const box = this.getBoundingClientRect();
    if (box.bottom > 0 && box.top < innerHeight) {
      this.setVisible(true);
      this.draw();
    }
  }

  setVisible(visible) {
    this.visible = visible;
    if (visible && !this.joints) this.joints = unpack(this.data);
    this.redraw();
  }

  redraw() {
    this.dirty = true;
    wake();
  }

  // The moment that is shown, in frames.
  get moment() {
    return Math.min(this.clock.shown * this.data.fps, this.data.frames - 1);
  }

  resetView() {
    const { azimuth, elevation, follow } = this.data.view;
    this.view = { azimuth, elevation, zoom: 1, follow, distance: 1 };
    if (this.followBox) this.followBox.checked = follow;
    if (this.viewSelect) this.viewSelect.selectedIndex = 0;
  }

  // What the camera looks at: the middle of everything, or the figure, with its steps smoothed out.
  target(moment) {
    const { centre } = this.data.view;
    if (!this.view.follow) return centre;
    const reach = Math.round(this.data.fps * 0.4);
    let [x, z, count] = [0, 0, 0];
    for (let step = -reach; step <= reach; step += 1) {
      const pelvis = pelvisOf(this, moment + step);
      x += pelvis[0];
      z += pelvis[2];
      count += 1;
    }
    return [x / count, centre[1], z / count];
  }

  draw() {
    this.dirty = false;
    if (!this.joints) return;
    const ratio = Math.min(devicePixelRatio || 1, 2);
    const size = { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
    if (!size.width || !size.height) return;
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      Object.assign(this.canvas, { width, height });
    }
    const { half, reach, followReach } = this.data.view;
    const shown = this.view.follow ? followReach : reach;
    this.view.distance = distanceFor(half, shown, size.width, size.height) / this.view.zoom;
    const g = this.canvas.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { moment } = this;
    paintScene(g, size, this, moment, this.colours);
    this.showMoment(moment);
  }

  showMoment(moment) {
    const frame = Math.round(moment);
    this.dataset.frame = frame;
    this.timeline?.show(moment);
    this.events?.show(moment);
    if (!this.scrub) return;
    this.scrub.value = String(this.clock.shown);
    this.scrub.max = String(this.clock.duration);
    const now = `${this.clock.shown.toFixed(2)} s`;
    this.scrub.setAttribute("aria-valuetext", `${now}, frame ${frame}`);
    this.time.textContent = `${now} / ${this.clock.duration.toFixed(2)} s \u00b7 frame ${frame}`;
    const playing = this.clock.playing;
    this.playButton.textContent = playing ? "\u275a\u275a Pause" : "\u25b6 Play";
    this.playButton.setAttribute("aria-pressed", String(playing));
    if (this.rateSelect) this.rateSelect.value = String(this.clock.rate);
  }

  readColours() {
    const style = getComputedStyle(this);
    this.colours = Object.fromEntries(
      COLOURS.map((name) => [
        name.replace(/-(\w)/, (_, sign) => sign.toUpperCase()),
        style.getPropertyValue(`--mf-${name}`).trim(),
      ]),
    );
    this.redraw();
  }

  build() {
    const { data, options } = this;
    const stage = element("div", "mf-stage");
    this.canvas = element("canvas", "mf-canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", `${data.title || "Motion"}: moving figure. ${KEYS}`);
    stage.append(this.canvas, makeLegend());
    listenToPointers(this, this.canvas);
    this.addEventListener("keydown", (event) => onKey(this, event));
    const main = element("div", "mf-main");
    if (options.heading && data.title) main.append(element("h3", "mf-heading", data.title));
    main.append(stage);
    if (options.controls !== "none") main.append(makeControls(this, options.controls === "full"));
    const parts = [main];
    const jump = (time) => this.clock.seek(time);
    if (options.events) {
      this.events = makeEvents(data, jump);
      parts.push(this.events.root);
    }
    if (options.timeline && data.rows.length) {
      this.timeline = makeTimeline(data, jump, !options.events);
      parts.push(this.timeline.root);
    }
    const box = element("div", options.events ? "mf-box mf-beside" : "mf-box");
    box.append(...parts);
    this.append(box);
  }
}

// Pelvis at a moment, held at the ends.
function pelvisOf({ data, joints }, moment) {
  const frame = Math.min(Math.max(Math.round(moment), 0), data.frames - 1);
  return joints.subarray(frame * data.joints * 3, frame * data.joints * 3 + 3);
}

function makeLegend() {
  const legend = element("div", "mf-legend");
  for (const side of ["left", "right"]) {
    const entry = element("span", `mf-legend-${side}`, `${side} limbs`);
    legend.append(entry);
  }
  return legend;
}
