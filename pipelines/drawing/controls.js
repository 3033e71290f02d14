// What people do with a figure: buttons, keys, pointers.

function makeControls(figure, full) {
  const bar = element("div", "mf-controls");
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Playback and view");
  figure.playButton = button("\u25b6 Play", () => figure.clock.play(!figure.clock.playing));
  figure.playButton.classList.add("mf-play");
  figure.scrub = element("input", "mf-scrub");
  Object.assign(figure.scrub, { type: "range", min: "0", max: String(figure.duration), step: "any", value: "0" });
  figure.scrub.setAttribute("aria-label", "Time");
  figure.scrub.addEventListener("input", () => figure.clock.seek(Number(figure.scrub.value)));
  figure.time = element("span", "mf-time");
  bar.append(figure.playButton, figure.scrub, figure.time);
  if (!full) return bar;
  figure.rateSelect = select("Speed", RATES.map((rate) => [`${rate}\u00d7`, String(rate)]), (value) =>
    figure.clock.setRate(Number(value)),
  );
  figure.rateSelect.value = "1";
  figure.viewSelect = select("View", VIEWS.map(([name], place) => [name, String(place)]), (value) =>
    lookFrom(figure, VIEWS[Number(value)][1]),
  );
  const follow = element("label", "mf-follow");
  figure.followBox = element("input");
  figure.followBox.type = "checkbox";
  figure.followBox.checked = figure.view.follow;
  figure.followBox.addEventListener("change", () => {
    figure.view.follow = figure.followBox.checked;
    figure.redraw();
  });
  follow.append(figure.followBox, "follow");
  const closer = button("+", () => zoom(figure, 1.2), "Zoom in");
  const away = button("\u2212", () => zoom(figure, 1 / 1.2), "Zoom out");
  const second = element("div", "mf-more");
  second.append(
    labelled("speed", figure.rateSelect),
    labelled("view", figure.viewSelect),
    follow,
    away,
    closer,
    button("Reset view", () => reset(figure)),
  );
  bar.append(second);
  return bar;
}

function button(text, act, label) {
  const made = element("button", "mf-button", text);
  made.type = "button";
  if (label) made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}

function select(label, choices, act) {
  const made = element("select", "mf-select");
  made.setAttribute("aria-label", label);
  for (const [text, value] of choices) {
    const option = element("option", "", text);
    option.value = value;
    made.append(option);
  }
  made.addEventListener("change", () => act(made.value));
  return made;
}

function labelled(text, control) {
  const label = element("label", "mf-label", `${text} `);
  label.append(control);
  return label;
}

function reset(figure) {
  figure.resetView();
  figure.redraw();
}

function zoom(figure, factor) {
  figure.view.zoom = Math.min(Math.max(figure.view.zoom * factor, 0.3), 6);
  figure.redraw();
}

function orbit(figure, azimuth, elevation) {
  figure.view.azimuth += azimuth;
  figure.view.elevation = Math.min(Math.max(figure.view.elevation + elevation, -0.2), STEEPEST);
  if (figure.viewSelect) figure.viewSelect.selectedIndex = 0;
  figure.redraw();
}

// Views are those of the figure as it stands now: "Front" sees its face.
function lookFrom(figure, way) {
  if (way === "above") figure.view.elevation = STEEPEST;
  else if (way !== null) {
    figure.view.azimuth = facingNow(figure) + way;
    figure.view.elevation = 0.12;
  }
  figure.redraw();
}

function facingNow({ data, joints, moment }) {
  const pose = poseAt(data, joints, moment);
  const [leftShoulder, rightShoulder, rightHip, leftHip] = data.look.trunk.map((joint) => jointOf(pose, joint));
  const across = plus(minus(leftShoulder, rightShoulder), minus(leftHip, rightHip));
  const ahead = cross(across, [0, 1, 0]);
  return Math.atan2(ahead[0], ahead[2]);
}

// Keys for the whole figure; a control that uses a key itself keeps it.
function onKey(figure, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const onControl = event.target !== figure.canvas && event.target.matches("input, select");
  const onButton = event.target.matches("button");
  const frame = 1 / figure.data.fps;
  const turns = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
  const step = (time) => {
    figure.clock.play(false);
    figure.clock.seek(time);
  };
  const acts = {
    " ": () => figure.clock.play(!figure.clock.playing),
    ArrowLeft: () => step(figure.clock.shown - frame),
    ArrowRight: () => step(figure.clock.shown + frame),
    Home: () => figure.clock.seek(0),
    End: () => figure.clock.seek(figure.clock.duration),
    "+": () => zoom(figure, 1.2),
    "=": () => zoom(figure, 1.2),
    "-": () => zoom(figure, 1 / 1.2),
    0: () => reset(figure),
  };
  let act = acts[event.key];
  if (event.shiftKey && turns[event.key]) act = () => orbit(figure, ...turns[event.key]);
  if (!act || (onControl && event.key !== " ") || (onControl && event.target.matches("select"))) return;
  if (onButton && event.key === " ") return;
  event.preventDefault();
  act();
}

// One pointer turns the view, two zoom; the wheel zooms where the figure has the focus.
function listenToPointers(figure, canvas) {
  const spread = () => {
    const [a, b] = [...figure.held.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    figure.held.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  canvas.addEventListener("pointermove", (event) => {
    const from = figure.held.get(event.pointerId);
    if (!from) return;
    const apart = figure.held.size === 2 ? spread() : 0;
    figure.held.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (apart) zoom(figure, spread() / apart);
    else orbit(figure, (from.x - event.clientX) * 0.008, (event.clientY - from.y) * 0.006);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, (event) => figure.held.delete(event.pointerId));
  }
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && document.activeElement !== canvas) return;
      event.preventDefault();
      zoom(figure, Math.exp(-event.deltaY * 0.0015));
    },
    { passive: false },
  );
}

customElements.define("motion-figure", MotionFigure);
