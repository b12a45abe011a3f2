// Reads the filters that people type above columns:
//   text (contains)   a,b (any)   =exact   !not   >=v <=v >v <v   lo..hi   "a, b" (quoted, "" for a quote)
// Sizes may have a unit, times may be the beginning of a date: <=2026-01 lets all of January pass.
"use strict";
(() => {
  const UNITS = { "": 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12, pb: 1e15 };
  const ORDERED = {
    ">=": (difference) => difference >= 0,
    "<=": (difference) => difference <= 0,
    ">": (difference) => difference > 0,
    "<": (difference) => difference < 0,
  };
  const PART = /\s*(!?)\s*(>=|<=|>|<|=|)\s*(?:"((?:[^"]|"")*)"|([^",][^,]*?)|)\s*(?:,|$)/y;

  const plainNumber = (text) => (text === "" ? NaN : Number(text));

  function bytes(text) {
    const [, number, unit] = /^([\d.]+)\s*([a-z]*)$/i.exec(text) || [];
    const factor = UNITS[(unit || "").toLowerCase()];
    return number && factor ? Number(number) * factor : NaN;
  }

  function readNumber(text, type) {
    const number = type === "bytes" ? bytes(text) : plainNumber(text);
    if (Number.isFinite(number)) return number;
    const example = type === "bytes" ? "a size such as 3.6 GB" : "a number";
    throw new Error(`“${text}” is not ${example}`);
  }

  function readTime(text) {
    const time = text.replace("T", " ").replace(/Z$/, "");
    if (/^\d{1,4}(-\d{0,2}(-\d{0,2}( \d{0,2}(:\d{0,2})?)?)?)?$/.test(time)) return time;
    throw new Error(`“${text}” is not a time such as 2026-01-31 or 2026-01-31 14:30`);
  }

  const order = (a, b) => (a < b ? -1 : a > b ? 1 : a === b ? 0 : NaN);

  // How a value of a column compares with what was typed: below, equal to or above 0; NaN where there is no value.
  function comparison(text, type) {
    if (type === "number" || type === "bytes") {
      const wanted = readNumber(text, type);
      return (_, value) => value - wanted;
    }
    if (type === "minutes") {
      const wanted = readTime(text);
      return (shown) => (shown ? order(shown.slice(0, wanted.length), wanted) : NaN);
    }
    return (shown) => (shown ? order(shown, text) : NaN);
  }

  // "prop (8)", what blocks and how many of it, is also just "prop"; "3.6 GB" is what is shown so.
  function equality(text, type) {
    if (type === "minutes" && text) {
      const compare = comparison(text, type);
      return (shown) => compare(shown) === 0;
    }
    const isNumber = (type === "number" || type === "bytes") && text !== "";
    const wanted = isNumber ? (type === "bytes" ? bytes(text) : plainNumber(text)) : NaN;
    return (shown, value) => shown === text || value === wanted || (type === "counted" && shown.replace(/ \(\d+\)$/, "") === text);
  }

  function range(text, type) {
    const [low, high] = text.split("..").map((end) => end.trim());
    if (!low || !high) throw new Error("a range needs both ends: 3..8");
    const [fromLow, fromHigh] = [comparison(low, type), comparison(high, type)];
    return (shown, value) => fromLow(shown, value) >= 0 && fromHigh(shown, value) <= 0;
  }

  function one(operator, quoted, bare, type) {
    const text = quoted === undefined ? bare || "" : quoted.replaceAll('""', '"');
    if (operator === "=") return equality(text, type);
    if (operator) {
      if (!text) throw new Error(`a value is missing after ${operator}`);
      const compare = comparison(text, type);
      return (shown, value) => ORDERED[operator](compare(shown, value));
    }
    if (quoted === undefined && text.includes("..")) return range(text, type);
    const small = text.toLowerCase();
    return (shown) => shown.toLowerCase().includes(small);
  }

  // A test of (text as shown, value) for what was typed, null if it is nothing; throws what is wrong with it.
  function read(typed, type) {
    const wanted = [];
    const unwanted = [];
    PART.lastIndex = 0;
    while (PART.lastIndex < typed.length) {
      const match = PART.exec(typed);
      if (!match) throw new Error(typed.includes('"') ? "a quote is not closed, or something stands after it" : "not understood");
      const [, not, operator, quoted, bare] = match;
      if (operator || quoted || bare) (not ? unwanted : wanted).push(one(operator, quoted, bare, type));
    }
    if (!wanted.length && !unwanted.length) return null;
    return (shown, value) =>
      (!wanted.length || wanted.some((test) => test(shown, value))) && !unwanted.some((test) => test(shown, value));
  }

  // The filter that lets exactly this text pass.
  const exactly = (text) => `=${/[,"]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text}`;

  window.filters = { read, exactly };
})();
