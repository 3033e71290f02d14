// Which of both is shown, list or goal, by the address; and the keys.
"use strict";

const wantedGoal = () => new URLSearchParams(location.hash.slice(1)).get("goal");

async function show() {
  const id = wantedGoal();
  const [section, article] = [document.getElementById("list"), document.getElementById("goal")];
  if (!id) {
    closeEvidence();
    view.goal = null;
    article.hidden = true;
    article.replaceChildren();
    section.hidden = false;
    document.title = list.title;
    scrollTo(0, list.scroll ?? 0);
    if (list.left) document.querySelector(`a[href="${CSS.escape(goalLink(list.left))}"]`)?.focus({ preventScroll: true });
    return;
  }
  const listed = store.index.byId.get(id);
  const turn = (draw) => {
    if (wantedGoal() !== id) return; // another one was chosen meanwhile
    if (!section.hidden) list.scroll = scrollY;
    section.hidden = true;
    article.hidden = false;
    draw();
  };
  if (!listed) {
    turn(() => tell(article, `This report does not show the goal ${id}. Write it with --goals all to see every goal.`));
    return;
  }
  // What is shown stays until the goal is read, so that nothing is empty in between.
  try {
    const { goal, figures } = await loadGoal(listed);
    turn(() => {
      list.left = id;
      showGoal(goal, figures, whereabouts(listed));
      document.querySelector(".caption").focus({ preventScroll: true });
    });
  } catch (error) {
    turn(() => tell(article, error.message));
  }
}

function tell(article, words) {
  const back = make("a", "button", "← All goals");
  back.href = "#";
  article.replaceChildren(make("p", "", back), make("p", "card", words));
}

// The place of a goal in the list that was searched, else in the whole one.
function whereabouts(listed) {
  const goals = list.found.includes(listed) ? list.found : store.index.goals;
  const at = goals.indexOf(listed);
  return { place: at + 1, of: goals.length, before: goals[at - 1], after: goals[at + 1] };
}

function turnTo(way) {
  const listed = store.index.byId.get(wantedGoal());
  const other = listed && whereabouts(listed)[way];
  if (other) location.hash = goalLink(other.id);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && closeEvidence(true)) return;
  if (event.target.matches("input, select, textarea")) return;
  if (!wantedGoal()) {
    if (event.key === "/") {
      event.preventDefault();
      document.getElementById("by-words").focus();
    }
    return;
  }
  if (event.key === "n" || event.key === "N") turnTo("after");
  else if (event.key === "p" || event.key === "P") turnTo("before");
  else if (event.key === "Escape") location.hash = "";
  else if (event.key === " " && !event.target.matches("button, a, summary, [role=button]")) {
    event.preventDefault();
    toggle();
  }
});

addEventListener("hashchange", show);
addEventListener("DOMContentLoaded", () => {
  list.title = document.title;
  if (!store.index) {
    document.getElementById("found").textContent = "goals/index.js cannot be read; copy the whole report.";
    return;
  }
  startList();
  show();
});
