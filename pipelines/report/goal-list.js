// The list of goals: search, filters, pages of the list.
"use strict";

const AT_ONCE = 40;
const list = { found: [], page: 0 };

function startList() {
  const { splits, tasks, operations, goals } = store.index;
  const count = (holds) => goals.filter(holds).length;
  const fill = (name, values, holds) => {
    const select = document.getElementById(`by-${name}`);
    for (const value of values) {
      const option = make("option", "", `${readable(value)} (${count((goal) => holds(goal, value)).toLocaleString("en")})`);
      option.value = value;
      select.append(option);
    }
    select.disabled = false;
    select.addEventListener("change", () => filterList());
  };
  fill("split", splits, (goal, value) => goal.split === value);
  fill("task", tasks, (goal, value) => goal.tasks.includes(value));
  fill("operation", operations, (goal, value) => goal.operations.includes(value));
  const verdicts = ["supported", "unverifiable", "contradicted", "left out"];
  fill("verdict", verdicts.filter((value) => count((goal) => hasVerdict(goal, value))), hasVerdict);
  const words = document.getElementById("by-words");
  words.disabled = false;
  words.addEventListener("input", () => filterList());
  document.querySelector(".search").addEventListener("submit", (event) => event.preventDefault());
  filterList();
}

function hasVerdict(goal, verdict) {
  return verdict === "left out" ? Boolean(goal.reason) : goal.verdict === verdict;
}

function filterList() {
  const value = (name) => document.getElementById(`by-${name}`).value;
  const words = value("words").toLowerCase().split(/\s+/).filter(Boolean);
  const [split, task, operation, verdict] = ["split", "task", "operation", "verdict"].map(value);
  list.found = store.index.goals.filter(
    (goal) =>
      words.every((word) => goal.words.includes(word)) &&
      (!split || goal.split === split) &&
      (!task || goal.tasks.includes(task)) &&
      (!operation || goal.operations.includes(operation)) &&
      (!verdict || hasVerdict(goal, verdict)),
  );
  showPage(0);
}

function showPage(page) {
  const { found } = list;
  const pages = Math.max(1, Math.ceil(found.length / AT_ONCE));
  list.page = Math.min(Math.max(page, 0), pages - 1);
  const first = list.page * AT_ONCE;
  const shown = found.slice(first, first + AT_ONCE);
  document.getElementById("goals").replaceChildren(...shown.map(listedGoal));
  const number = (value) => value.toLocaleString("en");
  const range = shown.length ? `${number(first + 1)} to ${number(first + shown.length)} of ` : "";
  document.getElementById("found").textContent = found.length
    ? `${range}${number(found.length)} goals`
    : "No goal of this report is so. Take a word or a filter away.";
  const turn = (text, to, may) => {
    const button = makeButton(text, () => {
      showPage(to);
      const title = document.getElementById("list-title");
      title.focus(); // the button that was pressed is gone, and whoever uses keys goes on at the list
      title.scrollIntoView();
    });
    button.disabled = !may;
    return button;
  };
  const more = document.getElementById("more");
  more.hidden = pages < 2;
  more.replaceChildren(
    turn("← Page before", list.page - 1, list.page > 0),
    make("span", "muted small", `page ${list.page + 1} of ${pages}`),
    turn("Next page →", list.page + 1, list.page + 1 < pages),
  );
}

function listedGoal(goal) {
  const link = make("a", "goal-link", make("span", "goal-caption", goal.caption));
  link.href = goalLink(goal.id);
  const facts = make("span", "goal-facts muted small", make("span", "id", goal.id), ` · ${goal.split}`);
  const made = goal.operations.map(readable).join(", ");
  if (made) facts.append(` · ${made}`);
  if (goal.reason) facts.prepend(make("span", "chip bad", `left out: ${readable(goal.reason)}`), " ");
  else if (goal.verdict === "contradicted") facts.prepend(make("span", "chip bad", "contradicted"), " ");
  link.append(facts);
  return make("li", "", link);
}
