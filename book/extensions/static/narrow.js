// A table that is wider than the page is set smaller, down to what can still be read. On a telephone,
// one that is wider than that becomes a list: a row is an entry, its cells stand under the row's
// name, each with the name of its column. Formulas are set smaller there, too.
const SMALLEST = 0.68;  // of the size of the text in tables
const NUMBER = /^[-−+]?\d[\d.,]*( \([-−+\d., to]+\))?$/;  // alone or with its interval: not to be broken

// Words of a cell; a formula among them would come out as loose signs.
function textOf(cell) {
  const copy = cell.cloneNode(true);
  copy.querySelectorAll("mjx-container").forEach(formula => formula.remove());
  return copy.textContent.trim() || cell.innerText.trim();
}

function columnNames(table) {
  const names = [];
  for (const row of table.tHead?.rows ?? []) {
    let column = 0;
    for (const cell of row.cells) {
      for (let k = 0; k < cell.colSpan; k++, column++) {
        names[column] = [names[column], textOf(cell)].filter(Boolean).join(" ");
      }
    }
  }
  return names;
}

function name(table) {
  const names = columnNames(table);
  const open = [];  // of each column, the cell that reaches down into this row, and how far
  for (const row of table.tBodies[0]?.rows ?? []) {
    let column = 0;
    const above = [];
    for (const cell of row.cells) {
      while (open[column]?.rows > 0) {
        open[column].rows -= 1;
        above.push(open[column++].text);
      }
      cell.dataset.column = names[column] ?? "";
      const length = cell.innerText.length;
      cell.classList.toggle("long", length > 22 || cell.querySelector(".math, code") !== null);
      cell.classList.toggle("nothing", !length);
      cell.classList.toggle("wide", length + cell.dataset.column.length > 20);
      if (cell.rowSpan > 1) open[column] = {rows: cell.rowSpan - 1, text: textOf(cell)};
      column += cell.colSpan;
    }
    if (above.length) row.dataset.above = above.join(", ");
  }
}

function fit(table) {
  const room = table.parentElement.clientWidth;
  for (const cell of table.querySelectorAll("td")) {
    cell.classList.toggle("number", NUMBER.test(cell.textContent.trim()));
  }
  table.classList.remove("as-list");
  table.style.fontSize = "";
  if (!room) return;
  const size = parseFloat(getComputedStyle(table).fontSize);
  let share = 1;
  while (table.scrollWidth > room && share > SMALLEST) {  // padding does not shrink with the text
    share = Math.max(SMALLEST, 0.98 * share * Math.min(1, room / table.scrollWidth));
    table.style.fontSize = `${share * size}px`;
  }
  if (table.scrollWidth <= room + 1 || window.innerWidth > 600) return;
  table.style.fontSize = "";
  name(table);
  table.classList.add("as-list");
}

function fitFormula(formula) {
  const room = formula.parentElement.clientWidth;
  const drawn = formula.querySelector("mjx-math");
  formula.style.fontSize = "";
  if (!drawn || !room || window.innerWidth > 600) return;
  const share = room / drawn.scrollWidth;
  const size = parseFloat(getComputedStyle(formula).fontSize);
  if (share < 1) formula.style.setProperty("font-size", `${size * Math.max(0.95 * share, 0.55)}px`, "important");
}

function fitIn(part) {
  part.querySelectorAll("table:not(.highlighttable)").forEach(fit);
  window.MathJax?.startup?.promise?.then(() => {
    part.querySelectorAll("div.math mjx-container").forEach(fitFormula);
  });
}

function fitAll() {
  document.querySelectorAll(".bd-article").forEach(fitIn);
}

window.addEventListener("load", fitAll);
window.addEventListener("resize", fitAll);
// What is folded has no width before it is opened.
document.addEventListener("toggle", event => fitIn(event.target), true);
