// Gives rows away: copied or as a file, for a spreadsheet or for a shell, so that no name in them is more than a name.
"use strict";
(() => {
  const MOST_COPIED = 200000; // rows; more than that belong into a file
  const CHUNK = 20000; // rows that are written between two looks at what the reader does

  const count = (number) => number.toLocaleString("en");
  const pause = () => new Promise((resolve) => setTimeout(resolve));
  const tell = (text) => (document.getElementById("done").textContent = text);

  // A spreadsheet would run a text that begins like a formula.
  const guarded = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
  const inCsv = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  // One word for a shell, whatever is in it: signs that a terminal would act upon are written as their numbers.
  function forShell(path) {
    const safe = path.startsWith("-") ? `./${path}` : path;
    if (/^[\w./+:@%,-]+$/.test(safe)) return safe;
    if (!/[\p{Cc}]/u.test(safe)) return `'${safe.replaceAll("'", "'\\''")}'`;
    const bytes = (sign) => [...new TextEncoder().encode(sign)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
    return `$'${safe.replace(/[\p{Cc}'\\]/gu, (sign) => (/['\\]/.test(sign) ? `\\${sign}` : bytes(sign)))}'`;
  }

  // A line for each row, in pieces, so that the page stays alive.
  async function written(rows, line) {
    const parts = [];
    for (let start = 0; start < rows.length; start += CHUNK) {
      parts.push(Array.from(rows.subarray(start, start + CHUNK), (row) => `${line(row)}\n`).join(""));
      tell(`${count(Math.min(start + CHUNK, rows.length))} rows written`);
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
    tell("Copied.");
  }

  function copyFromField(text) {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }

  // What the buttons do: ``shown`` gives the rows of this page, ``all`` those that pass the filters.
  function takeAway(kind, store, names, shown, all) {
    const isText = (name) => !["number", "bytes", "minutes"].includes(store.typeOf(name));
    const plain = (name, row) => (isText(name) ? guarded(store.exact(name, row)) : store.exact(name, row));
    const inTabs = (row) => names.map((name) => plain(name, row).replace(/[\t\r\n]/g, " ")).join("\t");
    const inCommas = (row) => names.map((name) => inCsv(plain(name, row))).join(",");
    // Where there are several roots, a path alone is not enough.
    const below = (row) => (store.columns.has("root") ? `${store.text("root", row).replace(/\/$/, "")}/` : "");
    const paths = () => written(all(), (row) => forShell(below(row) + store.paths.of(row)));
    return {
      copy: () => copy([names.join("\t"), ...Array.from(shown(), inTabs)].join("\n")),
      csv: async () => save([`${names.join(",")}\n`, ...(await written(all(), inCommas))], `${kind}.csv`, "text/csv;charset=utf-8"),
      paths: async () => save(await paths(), `${kind}.txt`, "text/plain;charset=utf-8"),
      "copy-paths": async () => {
        if (all().length > MOST_COPIED) tell(`More than ${count(MOST_COPIED)} paths: take them as a file.`);
        else await copy((await paths()).join(""));
      },
    };
  }

  window.takeAway = takeAway;
})();
