// The goals' data: the index, and chunks that are read when a goal of theirs is shown.
"use strict";

const VERDICTS = { s: "supported", c: "contradicted", u: "unverifiable" };
const store = { index: null, chunks: new Map(), waiting: new Map() };

globalThis.irmogen = {
  // The values that goals/index.js hands over.
  index(values) {
    const { splits, operations, tasks, reasons } = values;
    const goals = values.goals.map(([id, caption, split, verdict, reason, ops, mask, chunk], place) => ({
      id,
      caption,
      place,
      chunk,
      split: splits[split],
      verdict: VERDICTS[verdict],
      reason: reason < 0 ? "" : reasons[reason],
      operations: ops.map((number) => operations[number]),
      tasks: tasks.filter((_, number) => mask & (1 << number)),
      words: `${id} ${caption}`.toLowerCase(),
    }));
    store.index = { ...values, goals, byId: new Map(goals.map((goal) => [goal.id, goal])) };
  },

  // The values that a chunk hands over.
  chunk(number, values) {
    store.chunks.set(number, values);
    store.waiting.get(number)?.();
  },
};

// A page from disk may not fetch a file; it may run one.
function loadChunk(number) {
  if (store.chunks.has(number)) return Promise.resolve(store.chunks.get(number));
  return new Promise((done, failed) => {
    store.waiting.set(number, () => done(store.chunks.get(number)));
    const script = document.createElement("script");
    script.src = `goals/${String(number).padStart(4, "0")}.js`;
    script.addEventListener("error", () => failed(new Error(`${script.src} cannot be read; copy the whole report`)));
    document.head.append(script);
  });
}

// A goal whole, with its chunk's figures.
async function loadGoal(listed) {
  const { goals, figures } = await loadChunk(listed.chunk);
  const goal = goals.find((one) => one.id === listed.id);
  if (!goal) throw new Error("This report was not written to its end; write it again.");
  return { goal, figures };
}

// An element with a class and text; text is never HTML, for captions and names are foreign.
function make(tag, className, ...content) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...content.filter((part) => part !== null && part !== undefined));
  return made;
}

function makeButton(text, act, className = "") {
  const made = make("button", `button ${className}`.trim(), text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

const readable = (name) => name.replaceAll("_", " ");
const goalLink = (id) => `#goal=${encodeURIComponent(id)}`;
