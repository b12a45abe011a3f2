// Says in words what each bar shows, and leads from each row to its artifacts. Both are made here, so that the page stays
// small: the numbers stand in columns too, and what the links lead to needs scripts itself.
"use strict";
(() => {
  const part = (name, ...values) => `${name}=${encodeURIComponent(values.map(window.filters.exactly).join(","))}`;

  const describe = (cell) => {
    const statuses = [...cell.querySelectorAll("rect")].reverse().map((rect) => rect.getAttribute("class") || "done");
    const counts = cell.dataset.counts.split(",");
    const words = statuses.map((status, place) => `${Number(counts[place]).toLocaleString("en")} ${status}`).join(", ");
    cell.title = words;
    cell.firstElementChild.setAttribute("role", "img");
    cell.firstElementChild.setAttribute("aria-label", words);
  };

  const link = (cell, page, parts) => {
    const anchor = document.createElement("a");
    anchor.href = parts.length ? `${page}#${parts.join("&")}` : page;
    anchor.append(...cell.childNodes);
    cell.append(anchor);
  };

  const troubles = document.querySelector("[data-trouble]").dataset.trouble.split(" ");
  for (const table of document.querySelectorAll("table.progress")) {
    const where = Object.entries(table.dataset).filter(([, value]) => value).map(([name, value]) => part(name, value));
    for (const row of table.tBodies[0].rows) {
      const [kind, bar, , , ready, trouble] = row.cells;
      const page = `kind_${kind.textContent.trim()}.html`;
      describe(bar);
      if (ready.textContent) link(ready, page, [...where, part("status", "ready")]);
      if (trouble.textContent) link(trouble, page, [...where, part("status", ...troubles)]);
      link(kind, page, where);
    }
  }
})();
