// Keeps the rows of a table as columns: each a dictionary of its values and, for every row, the code of its value.
// A filter is a mask over a dictionary; then one pass over the codes finds the rows and counts them.
"use strict";
(() => {
  const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

  function fromBase64(text) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const characters = atob(text);
    const bytes = new Uint8Array(characters.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
    return bytes;
  }

  async function unpacked(text) {
    const stream = new Blob([fromBase64(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  }

  // Numbers are written as the differences between them.
  function summed(differences) {
    let sum = 0;
    return Float64Array.from(differences, (difference) => (sum += difference));
  }

  // 3.6 GB: decimal units, as disks and quotas are counted.
  function humanBytes(number) {
    let unit = 0;
    for (; number >= 1000 && unit < UNITS.length - 1; unit++) number /= 1000;
    return `${number.toFixed(unit ? 1 : 0)} ${UNITS[unit]}`;
  }

  const isoMinute = (minutes) => new Date(60000 * minutes).toISOString().slice(0, 16).replace("T", " ");
  const SHOWN = { number: String, bytes: humanBytes, minutes: isoMinute };
  const ARRAYS = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array };

  class Column {
    constructor(name, type, missing, values, codes) {
      Object.assign(this, { name, type, missing, values, codes, size: values.length });
    }

    static async read(plain) {
      const [values, codes] = await Promise.all([unpacked(plain.values), unpacked(plain.codes)]);
      const list = JSON.parse(new TextDecoder().decode(values));
      const numeric = plain.type in SHOWN;
      return new Column(plain.name, plain.type, plain.missing, numeric ? summed(list) : list, new ARRAYS[plain.width](codes));
    }

    // The value of a code as people read it, empty where there is none.
    text(code) {
      if (this.missing && code === 0) return "";
      const show = SHOWN[this.type];
      return show ? show(this.values[code]) : this.values[code];
    }

    // The value of a code without loss, as a spreadsheet or another program wants it.
    exact(code) {
      return this.type === "bytes" && !(this.missing && code === 0) ? String(this.values[code]) : this.text(code);
    }

    // Which codes a test lets pass; it is given the text and the value.
    mask(test) {
      const mask = new Uint8Array(this.size);
      for (let code = 0; code < this.size; code++) {
        mask[code] = test(this.text(code), this.missing && code === 0 ? NaN : this.values[code]);
      }
      return mask;
    }
  }

  // Writes the path of a row from the patterns of its kind.
  class Paths {
    constructor(patterns, columns) {
      this.patterns = patterns.map(({ fixed, pieces }) => ({
        fixed: Object.entries(fixed).map(([name, code]) => [columns.get(name).codes, code]),
        pieces: this.prepared(pieces, columns),
      }));
      this.last = this.patterns[0];
    }

    prepared(pieces, columns) {
      return pieces.map((piece) => {
        if (typeof piece === "string") return piece;
        const column = columns.get(piece.of);
        if (piece.pieces) return { codes: column.codes, pieces: piece.pieces.map((inner) => this.prepared(inner, columns)) };
        return { codes: column.codes, texts: piece.texts || Array.from({ length: column.size }, (_, code) => column.text(code)) };
      });
    }

    // Neighbouring rows mostly have the same pattern, so the last one is tried first.
    of(row) {
      const holds = (pattern) => pattern.fixed.every(([codes, code]) => codes[row] === code);
      if (!this.last || !holds(this.last)) this.last = this.patterns.find(holds);
      return this.last ? this.written(this.last.pieces, row) : "";
    }

    written(pieces, row) {
      let path = "";
      for (const piece of pieces) {
        if (typeof piece === "string") path += piece;
        else if (piece.texts) path += piece.texts[piece.codes[row]];
        else path += this.written(piece.pieces[piece.codes[row]], row);
      }
      return path;
    }
  }

  class Store {
    // Signs that show nothing or turn the text around are named instead.
    static visible(text) {
      const named = (sign) => `⟨U+${sign.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
      return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, named);
    }

    constructor(rows, columns, patterns) {
      this.rows = rows;
      this.columns = new Map(columns.map((column) => [column.name, column]));
      this.paths = new Paths(patterns, this.columns);
    }

    static async read(table) {
      const columns = await Promise.all(table.columns.map(Column.read));
      return new Store(table.rows, columns, table.patterns);
    }

    // The rows that all masks, by column, and the test of paths let pass, in their order; and how many of them there are
    // of each status, for each value of a column or in one group.
    select(masks, pathTest, groupBy) {
      const keep = new Uint8Array(this.rows).fill(1);
      for (const [name, mask] of masks) {
        const { codes } = this.columns.get(name);
        for (let row = 0; row < keep.length; row++) keep[row] &= mask[codes[row]];
      }
      const status = this.columns.get("status");
      const group = this.columns.get(groupBy);
      const groups = group ? group.codes : new Uint8Array(this.rows);
      const counts = new Uint32Array(status.size * (group ? group.size : 1));
      const found = new Uint32Array(this.rows);
      let number = 0;
      for (let row = 0; row < keep.length; row++) {
        if (!keep[row] || (pathTest && !pathTest(this.paths.of(row)))) continue;
        found[number++] = row;
        counts[groups[row] * status.size + status.codes[row]]++;
      }
      return { rows: found.subarray(0, number), counts };
    }

    // Rows in another order: by [column, "asc" or "desc"] pairs, the first counting most; equal ones stay as they are.
    sorted(rows, order) {
      let from = rows;
      for (const [name, direction] of [...order].reverse()) from = this.sortedBy(this.columns.get(name), from, direction);
      return from;
    }

    sortedBy({ codes, size }, rows, direction) {
      const place = direction === "desc" ? (code) => size - 1 - code : (code) => code;
      const starts = new Uint32Array(size + 1);
      for (const row of rows) starts[place(codes[row]) + 1]++;
      for (let code = 0; code < size; code++) starts[code + 1] += starts[code];
      const sorted = new Uint32Array(rows.length);
      for (const row of rows) sorted[starts[place(codes[row])]++] = row;
      return sorted;
    }

    // Only the path, which is written from the others, has no column.
    typeOf(name) {
      return this.columns.has(name) ? this.columns.get(name).type : "text";
    }

    text(name, row) {
      const column = this.columns.get(name);
      return column ? column.text(column.codes[row]) : this.paths.of(row);
    }

    exact(name, row) {
      const column = this.columns.get(name);
      return column ? column.exact(column.codes[row]) : this.paths.of(row);
    }
  }

  window.Store = Store;
})();
