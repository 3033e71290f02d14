// What Great Expectations' pages ask of jQuery and bootstrap-table, without a network: showing and hiding,
// and the table of the first page with sorting by column.
(function () {
  function Set(list) { this.list = list; }
  function show(element, on) { element.hidden = !on; element.style.display = on ? "" : "none"; }
  Set.prototype.parent = function () { return new Set(this.list.map((e) => e.parentElement).filter(Boolean)); };
  Set.prototype.each = function (work) { this.list.forEach((e, place) => work(place, e)); return this; };
  Set.prototype.fadeIn = function () { this.list.forEach((e) => show(e, true)); return this; };
  Set.prototype.fadeOut = function () { this.list.forEach((e) => show(e, false)); return this; };
  Set.prototype.on = function () { return this; };
  Set.prototype.ready = function (work) {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", work); else work();
    return this;
  };
  Set.prototype.bootstrapTable = function (options) {
    if (typeof options === "object") this.list.forEach((table) => fill(table, options));
    return this;
  };

  function fill(table, options) {
    const head = table.createTHead().insertRow();
    const body = table.createTBody();
    let sorted = "", down = false;
    function rows() {
      body.textContent = "";
      options.data.forEach((values) => {
        const row = body.insertRow();
        row.className = "clickable-row";
        row.tabIndex = 0;
        const go = () => { window.location = values._table_row_link_path; };
        row.addEventListener("click", (event) => { if (!event.target.closest("a")) go(); });
        row.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target === row) go(); });
        options.columns.forEach((column) => { row.insertCell().innerHTML = values[column.field] ?? ""; });
      });
    }
    options.columns.forEach((column) => {
      const cell = head.appendChild(document.createElement("th"));
      cell.scope = "col";
      const button = cell.appendChild(document.createElement("button"));
      button.textContent = column.title;
      button.addEventListener("click", () => {
        const by = column.sortName || column.field;
        down = sorted === by && !down;
        sorted = by;
        options.data.sort((a, b) => (a[by] > b[by] ? 1 : a[by] < b[by] ? -1 : 0) * (down ? -1 : 1));
        rows();
      });
    });
    // What fails stands first.
    const order = (values) => values._validation_success_text + values._expectation_suite_name_sort;
    options.data.sort((a, b) => (order(a) > order(b) ? 1 : -1));
    rows();
  }

  window.$ = function (what) {
    if (typeof what !== "string") return new Set([what]);
    // The pages look for links by the end of an address that is not quoted.
    return new Set([...document.querySelectorAll(what.replace(/\[href\$=([^"\]]+)\]/, '[href$="$1"]'))]);
  };

  // Tabs, and what unfolds.
  document.addEventListener("click", (event) => {
    const link = event.target.closest('[data-toggle="tab"], [data-toggle="collapse"]');
    if (!link) return;
    event.preventDefault();
    const part = document.getElementById(link.getAttribute("href").slice(1));
    if (link.dataset.toggle === "collapse") {
      link.setAttribute("aria-expanded", part.classList.toggle("show"));
      return;
    }
    link.closest(".nav").querySelectorAll(".nav-link").forEach((l) => {
      l.classList.toggle("active", l === link);
      l.setAttribute("aria-selected", l === link);
    });
    part.parentElement.querySelectorAll(":scope > .tab-pane").forEach((p) => p.classList.toggle("active", p === part));
  });

  // The two buttons of the filter show which of them is pressed.
  document.addEventListener("click", (event) => {
    const pressed = event.target.closest(".btn-group .btn");
    if (pressed) pressed.parentElement.querySelectorAll(".btn").forEach((b) => b.classList.toggle("active", b === pressed));
  });
})();
