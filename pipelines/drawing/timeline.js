// The time line: a bar for each event, in rows by part of the body, and a playhead over them.

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text; // never HTML: captions and names are foreign text
  return made;
}

const seconds = (frames, fps) => `${(frames / fps).toFixed(1)} s`;

// Builds the rows; `jump` gets a time in seconds. Returns the element, and a function that moves the
// playhead and marks the bars of the moment.
function makeTimeline(data, jump, tabbable) {
  const root = element("div", "mf-timeline");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Events on the time line");
  const bars = [];
  for (const row of data.rows) {
    const line = element("div", "mf-row");
    line.append(element("div", "mf-row-name", row.name));
    const track = element("div", "mf-track");
    track.style.setProperty("--lanes", row.lanes);
    track.addEventListener("click", (event) => {
      const box = track.getBoundingClientRect();
      if (event.target === track) {
        jump((((event.clientX - box.left) / box.width) * data.frames) / data.fps);
      }
    });
    for (const bar of data.bars.filter((one) => one.row === row.name)) {
      bars.push({ bar, node: makeBar(bar, data, jump, tabbable) });
      track.append(bars.at(-1).node);
    }
    line.append(track);
    root.append(line);
  }
  root.append(makeAxis(data));
  const playhead = element("div", "mf-playhead");
  root.append(playhead);
  const show = (moment) => {
    root.style.setProperty("--now", Math.min(moment / data.frames, 1));
    for (const { bar, node } of bars) node.classList.toggle("mf-on", isOn(bar, moment));
  };
  return { root, show };
}

const isOn = (bar, moment) => moment >= bar.start && moment < bar.end;

function makeBar(bar, data, jump, tabbable) {
  const kind = bar.difference ? "difference" : bar.side || "both";
  const node = element("button", `mf-bar mf-${kind}`);
  const label = element("span", "mf-bar-label", bar.label);
  node.append(label);
  node.type = "button";
  node.tabIndex = tabbable ? 0 : -1;
  node.title = `${seconds(bar.start, data.fps)} to ${seconds(bar.end, data.fps)}: ${bar.text}`;
  node.style.left = `${(100 * bar.start) / data.frames}%`;
  node.style.width = `${(100 * (bar.end - bar.start)) / data.frames}%`;
  node.style.setProperty("--lane", bar.lane);
  node.addEventListener("click", () => jump(bar.start / data.fps));
  return node;
}

// Seconds under the rows: a mark every 1, 2, 5 .. seconds, at most ten.
function makeAxis(data) {
  const length = data.frames / data.fps;
  const step = [0.5, 1, 2, 5, 10, 20, 60, 120, 300].find((wanted) => length / wanted <= 10) ?? 600;
  const line = element("div", "mf-row mf-axis");
  line.setAttribute("aria-hidden", "true");
  line.append(element("div", "mf-row-name", "seconds"));
  const track = element("div", "mf-ticks");
  for (let second = 0; second <= length; second += step) {
    const tick = element("span", "mf-tick", String(second));
    tick.style.left = `${(100 * second) / length}%`;
    track.append(tick);
  }
  line.append(track);
  return line;
}

// The events as sentences; those of the moment are marked.
function makeEvents(data, jump) {
  const list = element("ol", "mf-events");
  list.setAttribute("aria-label", "Events in order");
  const items = [];
  for (const bar of data.bars) {
    const item = element("li");
    const button = element("button", `mf-event mf-${bar.difference ? "difference" : bar.side || "both"}`);
    button.type = "button";
    const when = `${(bar.start / data.fps).toFixed(1)}\u2013${(bar.end / data.fps).toFixed(1)} s`;
    button.append(element("span", "mf-when", when), element("span", "mf-what", bar.text));
    button.addEventListener("click", () => jump(bar.start / data.fps));
    item.append(button);
    list.append(item);
    items.push({ bar, button });
  }
  if (!items.length) list.append(element("li", "mf-none", "No events were found."));
  const show = (moment) => {
    for (const { bar, button } of items) button.classList.toggle("mf-on", isOn(bar, moment));
  };
  return { root: list, show };
}
