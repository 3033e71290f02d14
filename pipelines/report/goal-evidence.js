// Words that state something, and the evidence that speaks for or against them.
"use strict";

const SIGNS = { supported: "✓", contradicted: "✗", unverifiable: "?" };
const evidence = { box: null, mark: null };

// A text in pieces; pieces with a verdict open their evidence. `own` is the column that the text is about.
function statedText(tag, className, parts, statements, own) {
  const made = make(tag, className);
  for (const part of parts) {
    if (typeof part === "string") made.append(part);
    else made.append(makeMark(part, statements, own));
  }
  return made;
}

function makeMark([words, verdict, numbers], statements, own) {
  const mark = make("span", `said ${verdict}`, words, make("span", "unseen", ` (${verdict})`));
  mark.tabIndex = 0;
  mark.setAttribute("role", "button");
  mark.setAttribute("aria-haspopup", "dialog");
  mark.setAttribute("aria-expanded", "false");
  const open = () => {
    if (evidence.mark === mark) closeEvidence();
    else openEvidence(mark, numbers.map((n) => statements[n]), own);
  };
  mark.addEventListener("click", open);
  mark.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    open();
    evidence.box?.focus({ preventScroll: true }); // whoever uses keys goes on in it
  });
  return mark;
}

function openEvidence(mark, statements, own) {
  closeEvidence();
  const close = makeButton("×", () => closeEvidence(true), "close");
  close.setAttribute("aria-label", "Close");
  const box = make("div", "evidence", close, ...statements.map((one) => evidenceOf(one, own)));
  box.tabIndex = -1;
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-label", "Evidence");
  mark.setAttribute("aria-expanded", "true");
  mark.classList.add("open");
  Object.assign(evidence, { box, mark });
  document.getElementById("goal").append(box);
  place(box, mark);
  showFrames(statements[0], own);
  box.scrollIntoView({ block: "nearest" });
  const column = columnOf(statements[0], own);
  if (column && !isInSight(column.node.querySelector("motion-figure"))) {
    const copy = figureCopy(column);
    if (copy) box.append(copy);
    box.scrollIntoView({ block: "nearest" });
  }
}

// Whether most of an element can be seen under the bars that stick to the top.
function isInSight(node) {
  if (!node) return true; // there is nothing to show
  const { top, bottom } = node.getBoundingClientRect();
  const shown = Math.min(bottom, innerHeight) - Math.max(top, view.player.node.getBoundingClientRect().bottom);
  return shown > 0.7 * (bottom - top);
}

function evidenceOf(one, own) {
  const head = make("p", `evidence-head ${one.verdict}`, `${SIGNS[one.verdict]} ${one.verdict}`, make("span", "muted", ` · ${one.says}`));
  const said = make("div", "evidence-one", head, make("p", "", one.evidence));
  if (one.edit) said.append(make("p", "", make("span", "muted", "known edit: "), one.edit));
  if (one.end <= one.start) return said;
  const column = columnOf(one, own);
  const event = (column.events ?? []).find(([start, end]) => start === one.start && end === one.end);
  if (event) said.append(make("p", "", make("span", "muted", "measured event: "), event[2]));
  const where = column.isGoal ? "the goal’s motion" : "this motion";
  said.append(
    make(
      "p",
      "evidence-frames",
      makeButton("Play", () => playFrames(one, own)),
      make("span", "muted small", ` frames ${one.start} to ${one.end} of ${where}, from ${seconds(one.start)}`),
    ),
  );
  return said;
}

// Under the words, inside the page.
function place(box, mark) {
  const parent = document.getElementById("goal").getBoundingClientRect();
  const lines = mark.getClientRects();
  const width = Math.min(380, parent.width);
  box.style.width = `${width}px`;
  box.style.left = `${Math.min(Math.max(lines[0].left - parent.left, 0), parent.width - width)}px`;
  box.style.top = `${lines[lines.length - 1].bottom - parent.top + 6}px`;
}

function closeEvidence(back = false) {
  if (!evidence.box) return false;
  evidence.box.remove();
  evidence.mark.setAttribute("aria-expanded", "false");
  evidence.mark.classList.remove("open");
  if (back) evidence.mark.focus();
  Object.assign(evidence, { box: null, mark: null });
  clearFrames();
  return true;
}

document.addEventListener("pointerdown", (event) => {
  if (evidence.box && !event.target.closest(".evidence, .said, .player, motion-figure")) closeEvidence();
});
