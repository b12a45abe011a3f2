// The table of a kind: shows a page of the rows that the filters let pass, counts them by status, and keeps filters, order
// and page in the address, so that a link shows what its sender saw. Rows come from store.js, what a filter means from
// filter.js, bars from counts.js, files from take.js.
"use strict";
(() => {
  const SUGGESTED = 200; // a column with more values than this suggests none
  const PAUSE = 40; // ms after a key before the rows are looked through
  const LENGTH = 50;

  const byId = (id) => document.getElementById(id);
  const notice = byId("notice");
  const headings = [...document.querySelectorAll("#rows th[data-name]")];
  const names = headings.map((heading) => heading.dataset.name);
  const fields = new Map();
  const masks = new Map();
  let pathTest = null;
  let store, grid;
  let found = { rows: new Uint32Array(0), counts: new Uint32Array(0) };
  let order = [];
  let rows = found.rows; // those found, in the order asked for
  let written = ""; // what this page itself wrote into the address
  let typing = false;
  let restoring = false;

  function tell(text) {
    notice.textContent = text;
    notice.hidden = !text;
  }

  // -- filters -------------------------------------------------------------------------------------------------------

  // Understands what is typed above a column; if it cannot be read, says why and filters nothing.
  function understand(name) {
    const { input, wrong } = fields.get(name);
    let test = null;
    let reason = "";
    try {
      test = window.filters.read(input.value, store.typeOf(name));
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
    window.showCounts(store, found);
  }

  function follow(name) {
    understand(name);
    look();
    grid.draw();
  }

  // Puts filters above all columns, empty ones above those that are not named.
  function fill(filters) {
    for (const name of names) {
      fields.get(name).input.value = filters.get(name) || "";
      understand(name);
    }
    look();
  }

  function clear() {
    fill(new Map());
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
          follow(name);
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

  // -- the table -----------------------------------------------------------------------------------------------------

  // DataTables asks for a page of rows as it would ask a server.
  function answer(request, give) {
    const asked = request.order.filter(({ dir }) => dir).map(({ column, dir }) => [names[column], dir]);
    if (String(asked) !== String(order)) {
      order = asked;
      rows = store.sorted(found.rows, order);
    }
    const page = rows.subarray(request.start, request.start + request.length);
    const data = Array.from(page, (row) => names.map((name) => Store.visible(store.text(name, row))));
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
      columns: names.map((name, place) => ({
        orderable: name !== "path",
        className: headings[place].className,
        render: DataTable.render.text(),
        createdCell: name === "status" ? (cell, status) => (cell.dataset.status = status) : undefined,
      })),
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
    fields.get(name).input.value = window.filters.exactly(store.exact(name, rows[grid.page.info().start + at.row]));
    follow(name);
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

  function restore() {
    if (location.hash.slice(1) === written) return;
    const state = readAddress();
    written = location.hash.slice(1);
    typing = false;
    restoring = true; // the address already says what is being shown
    fill(state.filters);
    grid.order(state.order).page.len(state.length).draw();
    grid.page(state.page - 1).draw("page");
    restoring = false;
  }

  // ------------------------------------------------------------------------------------------------------------------

  function addTools(kind) {
    const shown = () => {
      const { start, end } = grid.page.info();
      return rows.subarray(start, end);
    };
    const tools = { clear, ...window.takeAway(kind, store, names, shown, () => rows) };
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
    store = await Store.read(data);
    byId("shown").hidden = false;
    restoring = true;
    const filters = makeFilters();
    const state = readAddress();
    written = location.hash.slice(1);
    order = state.order.map(([column, direction]) => [names[column], direction]);
    fill(state.filters);
    makeGrid(state);
    byId("rows").tHead.append(filters); // afterwards, since DataTables takes every row there for headings
    addTools(data.kind);
    restoring = false;
    tell("");
  }

  start();
})();
