"use strict";
// Sorts, filters, opens rows and changes the reference of the leaderboard. Without it everything
// is readable: what it changes is on the page already, and the numbers it writes were computed
// before.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const one = (selector, root = document) => root.querySelector(selector);

// A cell's number where it has one, else its text; nothing where it is empty.
function valueOf(row, column) {
  const cell = row.cells[column];
  const value = cell.dataset.value ?? cell.textContent.trim();
  if (value === "") return null;
  return isNaN(value) ? value.toLowerCase() : Number(value);
}

// What is empty comes last, in both directions.
function compare(a, b, direction) {
  if (a === null || b === null) return (a === null) - (b === null);
  return direction * (a < b ? -1 : a > b ? 1 : 0);
}

// The plot and the details follow the order of the table; printed figures stay behind.
function reorder(group, rows) {
  one(".ranking tbody", group).append(...rows);
  for (const list of [one(".lines", group), one(".rows", group)]) {
    const own = new Map(all(":scope > [data-row]", list).map((item) => [item.dataset.row, item]));
    list.prepend(...rows.map((row) => own.get(row.dataset.row)));
  }
}

const FALLS_FIRST = new Set(["ua", "wa", "f1", "honest", "gap", "difference", "folds", "seeds"]);

function sortBy(group, heading) {
  const first = FALLS_FIRST.has(heading.dataset.column) ? "descending" : "ascending";
  const other = first === "ascending" ? "descending" : "ascending";
  const order = heading.getAttribute("aria-sort") === first ? other : first;
  for (const each of all("th[aria-sort]", group)) each.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", order);
  const direction = order === "ascending" ? 1 : -1;
  const rows = all(".ranking tbody tr", group).map((row) => [valueOf(row, heading.cellIndex), row]);
  rows.sort(([a], [b]) => compare(a, b, direction));
  reorder(group, rows.map(([, row]) => row));
}

// Cells say what they show: score, place of the text, place of the number to sort by.
function chooseReference(group, tests, reference) {
  const option = one(`.reference option[value="${CSS.escape(reference)}"]`, group);
  for (const name of all(".whom", group)) name.textContent = option.textContent.trim();
  for (const row of all(".ranking tbody tr", group)) {
    row.classList.toggle("reference", row.dataset.row === reference);
  }
  for (const versus of all(".versus", group)) {
    versus.hidden = versus.closest("[data-row]").dataset.row === reference;
  }
  for (const cell of all("[data-test]", group)) {
    const [score, text, number] = cell.dataset.test.split(".");
    const found = tests[reference][cell.closest("[data-row]").dataset.row]?.[score];
    const isName = text === "0";
    cell.textContent = found ? found[text] : isName ? "reference" : "–";
    cell.dataset.value = found ? found[number] : "";
  }
}

function putBeside(details) {
  const other = one(".other", details);
  if (!other) return;
  const chosen = one(`.opened[data-row="${one("select", other).value}"]`);
  one(".table", other).replaceChildren(one(".own .matrix", chosen).cloneNode(true));
  other.hidden = false;
}

// A link leads to the summary: the browser shows it and puts the focus there, as often as asked.
function open(id) {
  const details = document.getElementById(id)?.closest("details.opened");
  if (details) details.open = true;
}

function prepare(group) {
  const tests = JSON.parse(one(".tests", group).textContent);
  for (const heading of all(".ranking th[data-column]", group)) {
    const button = one("button", heading);
    button.disabled = false;
    button.addEventListener("click", () => sortBy(group, heading));
  }
  const reference = one(".reference", group);
  one(".choose", group).hidden = reference.options.length < 2;
  reference.addEventListener("change", () => chooseReference(group, tests, reference.value));
  chooseReference(group, tests, group.dataset.leader);
  for (const details of all("details.opened", group)) {
    putBeside(details);
    one(".other select", details)?.addEventListener("change", () => putBeside(details));
  }
}

function filter(form) {
  const text = form.elements.text.value.trim().toLowerCase();
  const protocol = form.elements.protocol.value;
  let shown = 0;
  let total = 0;
  for (const group of all("section.group")) {
    const isWanted = !protocol || group.dataset.protocol === protocol;
    let own = 0;
    for (const row of all(".ranking tbody tr", group)) {
      const matches = isWanted && row.textContent.toLowerCase().includes(text);
      for (const item of all(`[data-row="${CSS.escape(row.dataset.row)}"]`, group)) {
        item.hidden = !matches;
      }
      own += matches;
      total += 1;
    }
    group.hidden = !own;
    shown += own;
  }
  one("output", form).textContent = shown === total ? "" : `${shown} of ${total} systems`;
}

const toolbar = one(".toolbar");
toolbar.hidden = !one("section.group");
toolbar.addEventListener("input", () => filter(toolbar));
toolbar.addEventListener("submit", (event) => event.preventDefault());
all("section.group").forEach(prepare);
addEventListener("hashchange", () => open(location.hash.slice(1)));
// Also where the address names the row already, and nothing would change.
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#run-"]');
  if (link) open(link.hash.slice(1));
});
if (location.hash) open(location.hash.slice(1));
