// The table of a kind: shows a page of the rows that the filters let pass, counts them by status, and keeps filters, order
// and page in the address, so that a link shows what its sender saw. Rows and counts come from store.js, what a filter
// means from filter.js.
"use strict";
(() => {
  const BAR_UNITS = 400;
  const SUGGESTED = 200; // a column with more values than this suggests none
  const PAUSE = 40; // ms after a key before the rows are looked through
  const MOST_COPIED = 200000; // rows; more than that belong into a file
  const CHUNK = 20000; // rows that are written between two looks at what the reader does
  const LENGTH = 50;

  const byId = (id) => document.getElementById(id);
  const notice = byId("notice");
  const headings = [...document.querySelectorAll("#rows th[data-name]")];
  const names = headings.map((heading) => heading.dataset.name);
  const fields = new Map();
  const masks = new Map();
  let pathTest = null;
  let store, grid, kind;
  let found = { rows: new Uint32Array(0), counts: new Uint32Array(0) };
  let order = [];
  let rows = found.rows; // those found, in the order asked for
  let written = ""; // what this page itself wrote into the address
  let typing = false;
  let restoring = false;

  const typeOf = (name) => (name === "path" ? "text" : store.columns.get(name).type);
  const count = (number) => number.toLocaleString("en");
  const pause = () => new Promise((resolve) => setTimeout(resolve));

  function tell(text) {
    notice.textContent = text;
    notice.hidden = !text;
  }

  // Signs that show nothing or turn the text around are named instead.
  const visible = (text) => text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (sign) =>
    `⟨U+${sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);

  // -- filters -------------------------------------------------------------------------------------------------------

  // Understands what is typed above a column; if it cannot be read, says why and filters nothing.
  function understand(name) {
    const { input, wrong } = fields.get(name);
    let test = null;
    let reason = "";
    try {
      test = window.filters.read(input.value, typeOf(name));
    } catch (error) {
      reason = error.message;
    }
    wrong.textContent = reason;
    input.setAttribute("aria-invalid", String(Boolean(reason)));
    if (name === "path") pathTest = test;
    else if (test) masks.set(name, store.columns.get(name).mask(test));
    else masks.delete(name);
  }

  function look() {
    found = store.select(masks, pathTest, "ensemble");
    rows = store.sorted(found.rows, order);
    showCounts();
  }

  function filter(name, text) {
    fields.get(name).input.value = text;
    understand(name);
    look();
    grid.draw();
  }

  function clear() {
    for (const name of names) {
      fields.get(name).input.value = "";
      understand(name);
    }
    look();
    grid.draw();
  }

  function makeFilters() {
    const row = document.createElement("tr");
    row.className = "filters";
    for (const name of names) {
      const cell = byId("filter").content.firstElementChild.cloneNode(true);
      const [input, wrong] = cell.children;
      wrong.id = `wrong-${name}`;
      input.setAttribute("aria-label", `Filter ${name}`);
      input.setAttribute("aria-describedby", wrong.id);
      fields.set(name, { input, wrong });
      suggest(name, input, cell);
      let timer;
      input.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(() => {
          understand(name);
          look();
          grid.draw();
          typing = true;
        }, PAUSE);
      });
      input.addEventListener("change", () => (typing = false));
      row.append(cell);
    }
    return row;
  }

  function suggest(name, input, cell) {
    const column = store.columns.get(name);
    if (!column || column.size > SUGGESTED || ["bytes", "minutes"].includes(column.type)) return;
    const list = document.createElement("datalist");
    list.id = `values-${name}`;
    for (let code = 0; code < column.size; code++) {
      const option = document.createElement("option");
      option.value = window.filters.exactly(column.text(code));
      list.append(option);
    }
    input.setAttribute("list", list.id);
    cell.append(list);
  }

  // -- counts --------------------------------------------------------------------------------------------------------

  const statuses = () => store.columns.get("status").values;

  // How many rows of each status that occurs, as [status, number] pairs from finished to troubled.
  function byStatus(group) {
    const size = statuses().length;
    const groups = found.counts.length / (size || 1);
    const numbers = statuses().map((status, code) => {
      if (group !== undefined) return [status, found.counts[group * size + code]];
      let sum = 0;
      for (let one = 0; one < groups; one++) sum += found.counts[one * size + code];
      return [status, sum];
    });
    return numbers.filter(([, number]) => number);
  }

  const inWords = (counts) => counts.map(([status, number]) => `${count(number)} ${status}`).join(", ");
  const sumOf = (counts) => counts.reduce((sum, [, number]) => sum + number, 0);

  // The parts of a bar, in proportion, but each wide enough to be seen.
  function draw(svg, counts) {
    const total = sumOf(counts);
    let x = 0;
    svg.replaceChildren();
    svg.setAttribute("aria-label", inWords(counts) || "no rows");
    for (const [status, number] of counts) {
      const width = 1 + ((BAR_UNITS - counts.length) * number) / total;
      for (const look of [status, `sign ${status}`]) {
        const part = document.createElementNS("http://www.w3.org/2000/svg", "rect");
        const place = { class: look, x: x.toFixed(2), width: width.toFixed(2), height: 14 };
        for (const [key, value] of Object.entries(place)) part.setAttribute(key, value);
        svg.append(part);
      }
      x += width;
    }
  }

  function showCounts() {
    const counts = byStatus();
    const number = found.rows.length;
    const of = number === store.rows ? "" : ` of ${count(store.rows)}`;
    byId("said").textContent = number ? `${count(number)}${of} artifacts, ${share(counts)} done` : `No artifact of ${count(store.rows)} passes the filters.`;
    draw(byId("whole"), counts);
    byId("totals").replaceChildren(...counts.map(([status, amount]) => {
      const item = byId("total").content.firstElementChild.cloneNode(true);
      for (const rect of item.querySelectorAll("rect")) rect.classList.add(status);
      item.querySelector("b").textContent = count(amount);
      item.querySelector("span").textContent = status;
      return item;
    }));
    showGroups();
  }

  function showGroups() {
    const ensembles = store.columns.get("ensemble");
    if (!ensembles || ensembles.size < 2) return;
    const all = ensembles.values.map((name, code) => [name, byStatus(code)]).filter(([, counts]) => counts.length);
    byId("groups").replaceChildren(...all.map(([name, counts]) => {
      const item = byId("bar").content.firstElementChild.cloneNode(true);
      const [label, svg, part] = item.children;
      label.textContent = visible(name);
      draw(svg, counts);
      part.textContent = `${share(counts)} of ${count(sumOf(counts))}`;
      return item;
    }));
  }

  function share(counts) {
    const number = Object.fromEntries(counts);
    const wanted = sumOf(counts) - (number.unneeded || 0);
    return wanted ? `${Math.floor((100 * ((number.done || 0) + (number.archived || 0))) / wanted)}%` : "100%";
  }

  // -- the table -----------------------------------------------------------------------------------------------------

  // DataTables asks for a page of rows as it would ask a server.
  function answer(request, give) {
    const asked = request.order.filter(({ dir }) => dir).map(({ column, dir }) => [names[column], dir]);
    if (String(asked) !== String(order)) {
      order = asked;
      rows = store.sorted(found.rows, order);
    }
    const page = rows.subarray(request.start, request.start + request.length);
    const data = Array.from(page, (row) => names.map((name) => visible(store.text(name, row))));
    give({ draw: request.draw, recordsTotal: store.rows, recordsFiltered: rows.length, data });
    const pages = Math.max(1, Math.ceil(rows.length / request.length));
    byId("page").max = pages;
    byId("page").value = 1 + request.start / request.length;
    byId("length").value = request.length;
    if (!restoring) remember(request);
  }

  function makeGrid(state) {
    grid = new DataTable("#rows", {
      serverSide: true,
      searching: false,
      autoWidth: false,
      ajax: answer,
      columns: names.map((name) => ({ orderable: name !== "path", className: headings[names.indexOf(name)].className, render: DataTable.render.text() })),
      order: state.order,
      pageLength: state.length,
      displayStart: (state.page - 1) * state.length,
      layout: { topStart: null, topEnd: null, bottomStart: "info", bottomEnd: "paging" },
      language: { info: "_START_ to _END_ of _TOTAL_", infoFiltered: "", infoEmpty: "no rows", emptyTable: "No row passes the filters.", zeroRecords: "No row passes the filters." },
    });
    const box = document.querySelector(".dt-layout-table");
    for (const [name, value] of [["role", "region"], ["aria-label", "Rows"], ["tabindex", "0"]]) box.setAttribute(name, value);
    byId("rows").tBodies[0].addEventListener("click", choose);
  }

  // A click on a value shows the rows that have it; one that ends the selection of text does not.
  function choose(event) {
    const cell = event.target.closest("td");
    const at = cell && grid.cell(cell).index();
    if (!at || String(getSelection())) return;
    const name = names[at.column];
    filter(name, window.filters.exactly(store.exact(name, rows[grid.page.info().start + at.row])));
  }

  // -- the address ---------------------------------------------------------------------------------------------------

  function remember(request) {
    const parts = names.map((name) => [name, fields.get(name).input.value]);
    parts.push([".sort", order.map(([name, direction]) => (direction === "desc" ? "-" : "") + name).join(",")]);
    parts.push([".page", request.start ? String(1 + request.start / request.length) : ""]);
    parts.push([".length", request.length === LENGTH ? "" : String(request.length)]);
    const text = parts.filter(([, value]) => value).map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
    if (text === written) return;
    written = text;
    if (typing) location.replace(`#${text}`); // one step back leaves a filter, not its last letter
    else location.hash = text;
  }

  function readAddress() {
    const state = { filters: new Map(), order: [], page: 1, length: LENGTH };
    for (const part of location.hash.slice(1).split("&")) {
      const [name, value] = part.split(/=(.*)/s).map((text) => decoded(text || ""));
      if (name === ".sort") state.order = value.split(",").map(readOrder).filter(([column]) => column >= 0);
      else if (name === ".page") state.page = Math.max(1, Math.floor(Number(value)) || 1);
      else if (name === ".length") state.length = [25, 50, 100, 500].includes(Number(value)) ? Number(value) : LENGTH;
      else if (names.includes(name)) state.filters.set(name, value);
    }
    return state;
  }

  function decoded(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  function readOrder(text) {
    const column = names.indexOf(text.replace(/^-/, ""));
    return [names[column] === "path" ? -1 : column, text.startsWith("-") ? "desc" : "asc"];
  }

  function fill(state) {
    for (const name of names) {
      fields.get(name).input.value = state.filters.get(name) || "";
      understand(name);
    }
    look();
  }

  function restore() {
    if (location.hash.slice(1) === written) return;
    const state = readAddress();
    written = location.hash.slice(1);
    typing = false;
    restoring = true; // the address already says what is being shown
    fill(state);
    grid.order(state.order).page.len(state.length).draw();
    grid.page(state.page - 1).draw("page");
    restoring = false;
  }

  // -- taking rows away ----------------------------------------------------------------------------------------------

  // A spreadsheet would run a text that begins like a formula.
  const guarded = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
  const isText = (name) => !["number", "bytes", "minutes"].includes(typeOf(name));
  const plain = (name, row) => (isText(name) ? guarded(store.exact(name, row)) : store.exact(name, row));
  const inCsv = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  // One word for a shell, whatever is in it: signs that a terminal would act upon are written as their numbers.
  function forShell(path) {
    const safe = path.startsWith("-") ? `./${path}` : path;
    if (/^[\w./+:@%,-]+$/.test(safe)) return safe;
    if (!/[\p{Cc}]/u.test(safe)) return `'${safe.replaceAll("'", "'\\''")}'`;
    const bytes = (sign) => [...new TextEncoder().encode(sign)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
    return `$'${safe.replace(/[\p{Cc}'\\]/gu, (sign) => (/['\\]/.test(sign) ? `\\${sign}` : bytes(sign)))}'`;
  }

  // The lines of all rows found, in pieces, so that the page stays alive.
  async function lines(line) {
    const parts = [];
    const chosen = rows;
    for (let start = 0; start < chosen.length; start += CHUNK) {
      parts.push(Array.from(chosen.subarray(start, start + CHUNK), (row) => `${line(row)}\n`).join(""));
      byId("done").textContent = `${count(Math.min(start + CHUNK, chosen.length))} rows written`;
      await pause();
    }
    return parts;
  }

  function save(parts, name, type) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(parts, { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  async function copy(text) {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyFromField(text); // on servers without encryption
    byId("done").textContent = "Copied.";
  }

  function copyFromField(text) {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }

  function copyPage() {
    const { start, end } = grid.page.info();
    const line = (row) => names.map((name) => plain(name, row).replace(/[\t\r\n]/g, " ")).join("\t");
    return copy([names.join("\t"), ...Array.from(rows.subarray(start, end), line)].join("\n"));
  }

  async function saveCsv() {
    const parts = await lines((row) => names.map((name) => inCsv(plain(name, row))).join(","));
    save([`${names.map(guarded).map(inCsv).join(",")}\n`, ...parts], `${kind}.csv`, "text/csv;charset=utf-8");
  }

  const pathLines = () => lines((row) => forShell(store.paths.of(row)));

  async function copyPaths() {
    if (rows.length > MOST_COPIED) byId("done").textContent = `More than ${count(MOST_COPIED)} paths: take them as a file.`;
    else await copy((await pathLines()).join(""));
  }

  async function savePaths() {
    save(await pathLines(), `${kind}.txt`, "text/plain;charset=utf-8");
  }

  // ------------------------------------------------------------------------------------------------------------------

  function addTools() {
    const tools = { clear, copy: copyPage, csv: saveCsv, "copy-paths": copyPaths, paths: savePaths };
    for (const [id, run] of Object.entries(tools)) byId(id).addEventListener("click", run);
    byId("length").addEventListener("change", (event) => grid.page.len(Number(event.target.value)).draw());
    byId("page").addEventListener("change", (event) => {
      const pages = Math.max(1, grid.page.info().pages);
      grid.page(Math.min(pages, Math.max(1, Math.floor(event.target.value) || 1)) - 1).draw("page");
    });
    window.addEventListener("hashchange", restore);
  }

  async function start() {
    if (!window.kindTable) return tell("The data of this page are not there. Load it again; if that does not help, the site must be rendered again.");
    if (!window.DecompressionStream) return tell("This browser cannot unpack the rows: it is older than 2023. A newer Firefox, Chrome or Safari can; or ask on the command line: latteboard list.");
    tell("Loading the rows …");
    const data = window.kindTable;
    delete window.kindTable;
    kind = data.kind;
    store = await Store.read(data);
    byId("shown").hidden = false;
    restoring = true;
    const filters = makeFilters();
    const state = readAddress();
    written = location.hash.slice(1);
    fill(state);
    order = state.order.map(([column, direction]) => [names[column], direction]);
    rows = store.sorted(found.rows, order);
    makeGrid(state);
    byId("rows").tHead.append(filters); // afterwards, since DataTables takes every row there for headings
    addTools();
    restoring = false;
    tell("");
  }

  start();
})();
