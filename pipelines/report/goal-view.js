// One goal: its caption, its ladder from far to near as figures of one clock, and what is said of each.
"use strict";

const view = { goal: null, figures: [], columns: [], fps: 20, until: null, player: null, autoplay: true };
const RATES = [0.25, 0.5, 1, 2];

const seconds = (frame) => `${(frame / view.fps).toFixed(1)} s`;
const clockOf = () => view.figures[0]?.clock;

function showGoal(goal, figures, at) {
  closeEvidence();
  view.goal = goal;
  view.fps = figures.find(Boolean)?.fps ?? 20;
  view.columns = [];
  view.autoplay = true;
  const root = document.getElementById("goal");
  const isGoal = { isGoal: true };
  const caption = statedText("h1", "caption", goal.caption, goal.statements, isGoal);
  caption.tabIndex = -1;
  root.replaceChildren(
    turner(at),
    caption,
    about(goal),
    legend(),
    makePlayer(),
    ladder(goal, figures),
    analyses(goal, isGoal),
  );
  view.figures = [...root.querySelectorAll("motion-figure")];
  view.autoplay = false; // copies keep the clock as it is
  document.title = `${goal.id} · goals`;
  scrollTo(0, 0);
  follow();
}

// Where one is in the list, and the way to its neighbours.
function turner({ place, of, before, after }) {
  const back = make("a", "button", "← All goals");
  back.href = "#";
  const turn = (text, goal, key) => {
    const link = make("a", "button", text);
    if (goal) link.href = goalLink(goal.id);
    else link.setAttribute("aria-disabled", "true");
    link.title = `Key: ${key}`;
    return link;
  };
  const where = make("span", "muted small", `${place.toLocaleString("en")} of ${of.toLocaleString("en")}`);
  const bar = make("nav", "turner", back, make("span", "space"), where, turn("← Previous", before, "P"), turn("Next →", after, "N"));
  bar.setAttribute("aria-label", "Goals before and after");
  return bar;
}

function about(goal) {
  const facts = make("p", "muted small about", make("span", "id", goal.id), ` · ${goal.where}`);
  if (goal.authors.length) facts.append(` · annotated by ${goal.authors.join(", ")}`);
  if (!goal.left_out) return facts;
  const [reason, detail] = goal.left_out;
  const told = make("p", "left-out", make("strong", "", `✗ Left out: ${readable(reason)}. `), detail);
  return make("div", "", facts, told);
}

function legend() {
  const entry = (verdict, text) => make("span", `said ${verdict}`, text);
  const told = make("p", "muted small legend");
  told.append(
    entry("supported", "supported"), " by what is measured · ",
    entry("contradicted", "contradicted"), " · ",
    entry("unverifiable", "neither"), ". Choose words to see the evidence. Limbs: ",
    make("span", "limb left"), " left ", make("span", "limb right"), " right.",
  );
  return told;
}

// The player: one clock for all figures, and the frames of an evidence on its track.
function makePlayer() {
  const play = makeButton("▶ Play", () => toggle(), "play");
  const track = make("input", "track");
  Object.assign(track, { type: "range", min: "0", max: "1", step: "any", value: "0" });
  track.setAttribute("aria-label", "Time");
  track.addEventListener("input", () => {
    view.until = null;
    clockOf()?.seek(Number(track.value));
  });
  const band = make("span", "band");
  band.hidden = true;
  const time = make("span", "time muted small");
  const rate = make("select", "");
  rate.setAttribute("aria-label", "Speed");
  for (const value of RATES) rate.append(new Option(`${value}×`, String(value), value === 1, value === 1));
  rate.addEventListener("change", () => clockOf()?.setRate(Number(rate.value)));
  const player = make("div", "player card", play, make("span", "track-box", band, track), time, rate);
  view.player = { node: player, play, track, band, time, shown: "" };
  player.setAttribute("role", "group");
  player.setAttribute("aria-label", "Playback of all motions");
  return player;
}

function toggle() {
  view.until = null;
  const clock = clockOf();
  clock?.play(!clock.playing);
}

// Keeps the player with the clock, as long as its goal is shown.
function follow() {
  const { goal } = view;
  const step = () => {
    if (view.goal !== goal) return;
    const clock = clockOf();
    if (clock) showTime(clock);
    requestAnimationFrame(step);
  };
  step();
}

function showTime(clock) {
  const { play, track, time } = view.player;
  if (view.until !== null && clock.shown >= view.until) {
    const end = view.until;
    view.until = null;
    clock.play(false);
    clock.seek(end);
  }
  const state = `${clock.playing} ${clock.shown} ${clock.duration}`;
  if (state === view.player.shown) return;
  view.player.shown = state;
  track.max = String(clock.duration);
  track.value = String(clock.shown);
  const told = `${clock.shown.toFixed(2)} s, frame ${Math.round(clock.shown * view.fps)}`;
  track.setAttribute("aria-valuetext", told);
  time.textContent = `${clock.shown.toFixed(1)} / ${clock.duration.toFixed(1)} s`;
  play.textContent = clock.playing ? "❚❚ Pause" : "▶ Play";
}

// The motions that an evidence may be about: that of the text's own column, and the goal's.
const columnOf = (one, own) => (one.of === "goal" || own.isGoal ? view.columns.at(-1) : own);

function showFrames(one, own) {
  clearFrames();
  const clock = clockOf();
  if (!one || !clock || one.end <= one.start) return;
  clock.play(false);
  clock.seek(one.start / view.fps);
  const { band } = view.player;
  const share = (frame) => Math.min((100 * frame) / view.fps / (clock.duration || 1), 100);
  band.style.left = `${share(one.start)}%`;
  band.style.width = `${Math.max(share(one.end) - share(one.start), 0.6)}%`;
  band.className = `band ${one.verdict}`;
  band.hidden = false;
  columnOf(one, own)?.node.classList.add("shown");
}

function playFrames(one, own) {
  showFrames(one, own);
  view.until = one.end / view.fps;
  clockOf()?.play(true);
}

function clearFrames() {
  if (view.player) view.player.band.hidden = true;
  view.until = null;
  for (const column of view.columns) column.node.classList.remove("shown");
}

// The rungs from far to near, then the goal's own motion.
function ladder(goal, figures) {
  const box = make("div", "ladder");
  box.setAttribute("role", "list");
  box.setAttribute("aria-label", "The ladder, from far to near");
  box.style.setProperty("--columns", goal.rungs.length + 1);
  const last = goal.rungs.length - 1;
  goal.rungs.forEach((rung, place) => {
    const near = place === 0 && last > 0 ? "farthest" : place === last ? "nearest" : "";
    const head = [make("strong", "", `Attempt ${place + 1}`), near && make("span", "muted small", ` ${near}`)];
    box.append(column(goal, rung, figures, head, [originOf(rung), alignment(rung)]));
  });
  const head = [make("strong", "", "Goal"), make("span", "muted small", " the motion of the caption")];
  const origin = make("div", "origin small", make("span", "chip", "dataset"), make("span", "muted", ` ${goal.clip}`));
  box.append(column(goal, goal.goal, figures, head, [origin, make("div")], true));
  return box;
}

function column(goal, rung, figures, head, facts, isGoal = false) {
  const node = make("section", isGoal ? "column goal-column" : "column");
  node.setAttribute("role", "listitem");
  const own = { node, isGoal, events: rung.events, draw: () => figure(goal, rung, figures, isGoal) };
  view.columns.push(own);
  node.append(make("h2", "column-head", ...head.filter(Boolean)), own.draw(), ...facts);
  for (const [name, parts] of [["Assessment", rung.assessment], ["Refinement", rung.refinement]]) {
    const said = make("div");
    if (parts.length) said.append(make("h3", "", name), statedText("p", "told", parts, goal.statements, own));
    if (name === "Assessment") said.append(...listedOnly(rung, goal, own));
    node.append(said);
  }
  node.append(measured(rung, own));
  return node;
}

// What the annotator listed beside its text, and the text does not say.
function listedOnly(rung, goal, own) {
  if (!rung.listed.length) return [];
  const parts = rung.listed.flatMap((one) => [" ", one]);
  return [statedText("p", "told small listed", ["Listed, not in the text:", ...parts], goal.statements, own)];
}

// Another figure of a column's motion, for evidence that is read far from it.
function figureCopy(column) {
  const made = column.draw();
  return made.matches("motion-figure") ? made : null;
}

// A figure of the drawing module; all of one goal have the same clock.
function figure(goal, rung, figures, isGoal) {
  const made = figures[rung.figure];
  if (!made) return make("p", "no-figure muted small", "This motion cannot be drawn.");
  const title = isGoal ? `Goal: ${goal.id}` : `Attempt: ${rung.id}`;
  const data = { ...made, title, look: store.index.look, rows: [], bars: [] };
  const options = { clock: goal.id, controls: "none", timeline: false, events: false, autoplay: view.autoplay, heading: false };
  const script = make("script");
  script.type = "application/json";
  script.textContent = JSON.stringify({ data, options });
  return make("motion-figure", "", script);
}

function alignment(rung) {
  const bar = make("span", "meter", make("i"));
  bar.firstChild.style.width = `${100 * Math.min(Math.max(rung.alignment, 0), 1)}%`;
  return make("p", "alignment muted small", `alignment ${rung.alignment.toFixed(2)}`, bar);
}

// Where a rung comes from: another clip, or the goal's motion with edits that are known.
function originOf(rung) {
  const box = make("div", "origin small");
  if (!rung.edits.length) {
    box.append(make("p", "", make("span", "chip", rung.origin), " ", make("span", "muted", rung.source || rung.motion)));
    return box;
  }
  box.append(make("p", "", make("span", "chip", rung.origin), " ", make("span", "muted", "known edits")));
  const edits = rung.edits.map(([text, breaks]) =>
    make("li", "", text, breaks.length ? make("span", "muted", ` breaks ${breaks.join("; ")}`) : null),
  );
  box.append(make("ul", "edits", ...edits));
  return box;
}

function measured(rung, own) {
  const events = (rung.events ?? []).map(([start, end, text]) => {
    const one = { start, end, verdict: "supported", of: "own" };
    const button = make("button", "event", make("span", "muted", `${seconds(start)} `), text);
    button.type = "button";
    button.addEventListener("click", () => {
      closeEvidence();
      showFrames(one, own);
    });
    return make("li", "", button);
  });
  if (!events.length) return make("p", "muted small", "No event is measured.");
  return make("details", "", make("summary", "small", `Measured: ${events.length} event${events.length > 1 ? "s" : ""}`), make("ol", "events", ...events));
}

function analyses(goal, own) {
  if (!goal.analyses.length) return make("span");
  const texts = goal.analyses.map((parts) => make("li", "", statedText("span", "", parts, goal.statements, own)));
  const title = make("h2", "", "Analysis");
  const said = make("p", "lead", goal.analyses.length > 1 ? "The same caption in other words, one of which a chain draws." : "");
  return make("section", "", title, said, make("ol", "card analyses", ...texts));
}
