// Leads from each row to its artifacts: the links are made here, so that the page stays small. What they lead to needs scripts too.
"use strict";
(() => {
  const quoted = (text) => /[,"]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const part = (name, ...values) => `${name}=${encodeURIComponent(values.map((value) => `=${quoted(value)}`).join(","))}`;
  const link = (cell, page, parts) => {
    const anchor = document.createElement("a");
    anchor.href = parts.length ? `${page}#${parts.join("&")}` : page;
    anchor.append(...cell.childNodes);
    cell.append(anchor);
  };
  for (const table of document.querySelectorAll("table.progress")) {
    const where = Object.entries(table.dataset).filter(([, value]) => value).map(([name, value]) => part(name, value));
    for (const row of table.tBodies[0].rows) {
      const [kind, , , , ready, trouble] = row.cells;
      const page = `kind_${kind.textContent.trim()}.html`;
      if (ready.textContent) link(ready, page, [...where, part("status", "ready")]);
      if (trouble.textContent) link(trouble, page, [...where, part("status", "bad", "stale", "unknown")]);
      link(kind, page, where);
    }
  }
})();
