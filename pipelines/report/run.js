// Time and cost of the build's last run, as the run told them.
"use strict";

globalThis.irmogen = {
  run(notes) {
    const box = document.getElementById("run");
    const rows = runRows(notes);
    if (!box || !rows.length) {
      if (box) box.textContent = "The last run told no time.";
      return;
    }
    const list = document.createElement("dl");
    list.className = "facts";
    for (const [name, value] of rows) {
      const row = document.createElement("div");
      const [term, told] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = name;
      told.textContent = value;
      row.append(term, told);
      list.append(row);
    }
    box.replaceChildren(list);
  },
};

function runRows(notes) {
  const number = (value) => Number(value).toLocaleString("en");
  const rows = [];
  if (notes.seconds !== undefined) rows.push(["time", `${number(notes.seconds)} s`]);
  if (notes.goals_per_second !== undefined) rows.push(["goals a second", number(notes.goals_per_second)]);
  const model = notes.llm;
  if (!model) {
    rows.push(["language model", "none was asked: no requests, no money"]);
    return rows;
  }
  const counts = model.counts ?? {};
  const sum = (...names) => names.reduce((total, name) => total + (counts[name] ?? 0), 0);
  rows.push(["language model", model.model]);
  rows.push(["answers", number(sum("answers"))]);
  rows.push(["answers from the ledger, paid for before", number(sum("from_ledger"))]);
  rows.push(["input tokens", number(sum("input_tokens", "batch_input_tokens"))]);
  rows.push(["output tokens", number(sum("output_tokens", "batch_output_tokens"))]);
  rows.push(["answers asked again", number(sum("asked_again"))]);
  const money = model.money === null || model.money === undefined ? "not known" : `${model.money.toFixed(4)} ${model.currency}`;
  rows.push(["money", money]);
  return rows;
}
