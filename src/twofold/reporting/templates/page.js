// The page reads fully without this; it adds sorting and a switch for the controls.
"use strict";

const board = document.getElementById("board");

function sortBy(table, column, header) {
  const descending = header.getAttribute("aria-sort") !== "descending";
  for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", descending ? "descending" : "ascending");
  for (const body of table.tBodies) {
    const lines = [...body.rows].filter((line) => !line.classList.contains("group"));
    const value = (line) => {
      const text = line.cells[column].dataset.sort;
      return text ? Number(text) : null;
    };
    lines.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      return descending ? y - x : x - y;
    });
    body.append(...lines);
  }
}

for (const table of document.querySelectorAll("table.numbers")) {
  const head = table.tHead.rows[table.tHead.rows.length - 1];
  [...head.cells].forEach((header, column) => {
    const sortable = [...table.tBodies].some((body) =>
      [...body.rows].some((line) => line.cells[column] && line.cells[column].dataset.sort)
    );
    if (!sortable) return;
    const button = document.createElement("button");
    button.type = "button";
    button.title = "sort";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sortBy(table, column, header));
    header.append(button);
  });
}

if (board && board.querySelector("tbody.control, tbody.leaky")) {
  const label = document.createElement("label");
  label.className = "switch";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.checked = true;
  box.addEventListener("change", () => board.classList.toggle("competing", !box.checked));
  label.append(box, " show controls and leaky rows");
  board.parentElement.before(label);
}

const seconds = board ? board.querySelectorAll("tr.second").length : 0;
if (seconds) {
  const button = document.createElement("button");
  button.className = "more";
  board.classList.add("short");
  const word = () => board.classList.contains("short") ? `show ${seconds} more rows` : "show the best of each";
  button.textContent = word();
  button.addEventListener("click", () => {
    board.classList.toggle("short");
    button.textContent = word();
  });
  board.parentElement.after(button);
}
