// Draws the map of configurations against steps on a canvas of the size of its box, and keeps one link over the cell that is
// pointed at or has the focus, so that cells can be followed, read and reached by keyboard like any other link.
"use strict";
(() => {
  const data = window.latteboardMap;
  const box = document.querySelector("[data-map]");
  if (!data || !box) return;
  const tools = document.querySelector("[data-tools]");
  const tip = document.querySelector("[data-tip]");
  const make = (tag, name, parent) => {
    const element = parent.appendChild(document.createElement(tag));
    element.className = name;
    return element;
  };
  const heads = make("div", "heads", box);
  const cells = make("div", "cells", box);
  const canvas = make("canvas", "", cells);
  const link = make("a", "cell away", cells);
  const pen = canvas.getContext("2d");
  heads.setAttribute("aria-hidden", "true");
  canvas.setAttribute("aria-hidden", "true");

  const { statuses, steps, mixtures, codes, configurations } = data;
  const SIGNS = { blocked: "rise", claimed: "rise", bad: "fall", stale: "fall", growing: "dots", unknown: "dots", archived: "bars", recall: "bars" };
  const [LEAST_WIDTH, MOST_WIDTH, GAP, HIGH, SIGN_FROM] = [11, 40, 7, 18, 7];
  const has = (mixture, chosen) => mixture.some(([place]) => chosen(statuses[place]));
  const isTrouble = mixtures.map((mixture) => has(mixture, (status) => data.trouble.includes(status)));
  const isOpen = mixtures.map((mixture) => has(mixture, (status) => !data.finished.includes(status)));
  const every = configurations.map((_, row) => row);
  const isolate = (text) => `\u2068${text}\u2069`;
  const count = (number) => number.toLocaleString("en");

  let shown = every;
  let here = { row: 0, column: 0 };
  let [labels, height, width, top, colours, signs] = [0, 0, 0, 0, {}, {}];
  let lefts = [];

  // What is where

  const place = () => {
    const font = getComputedStyle(box);
    pen.font = `11px ${font.fontFamily}`;
    labels = 12 + Math.max(0, ...[configurations[0], configurations[configurations.length - 1]].map((one) => pen.measureText(one).width));
    const begins = steps.map((step, column) => column > 0 && step.kind !== steps[column - 1].kind);
    const gaps = GAP * begins.filter(Boolean).length;
    width = Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, Math.floor((box.clientWidth - labels - gaps) / steps.length)));
    let left = labels;
    lefts = steps.map((_, column) => {
      left += begins[column] ? GAP : 0;
      left += width;
      return left - width;
    });
    cells.style.width = heads.style.width = `${left}px`;
    placeHeads();
    box.style.height = "";  // as high as its style allows, to see how much fits
    const room = box.clientHeight - top;
    const wish = tools.querySelector("[data-height]").value;
    height = wish === "fit" ? Math.min(HIGH, room / Math.max(1, shown.length)) : Number(wish);
    const total = Math.ceil(height * shown.length);
    cells.style.height = `${total}px`;
    if (total < room) box.style.height = `${top + total + box.offsetHeight - box.clientHeight}px`;
    size(Math.min(left, box.clientWidth), Math.min(total, room));
    draw();
    point(here.row, here.column);
  };
  const size = (across, down) => {
    canvas.width = Math.round(across * devicePixelRatio);
    canvas.height = Math.round(down * devicePixelRatio);
    canvas.style.width = `${across}px`;
    canvas.style.height = `${down}px`;
    canvas.style.top = `${top}px`;
  };
  const head = (text, name, left, from, across, down) => {
    const element = make("span", name, heads);
    element.textContent = element.title = text;
    Object.assign(element.style, { left: `${left}px`, top: `${from}px`, width: `${across}px`, height: `${down}px` });
  };
  const placeHeads = () => {
    heads.replaceChildren();
    const longest = (texts) => Math.max(0, ...texts.map((text) => pen.measureText(text).width));
    const named = Math.min(190, 14 + longest(steps.map((step) => step.kind)) * 1.1);
    const values = steps.filter((step) => step.axis).map((step) => String(step.value));
    const upright = longest(values) > width;
    const level = values.length ? (upright ? Math.min(90, 10 + longest(values)) : 15) : 0;
    const axis = values.length ? 15 : 0;
    top = Math.ceil(named + axis + level);
    heads.style.height = `${top}px`;
    steps.forEach((step, column) => {
      if (column === 0 || step.kind !== steps[column - 1].kind) {
        const last = steps.findLastIndex((other) => other.kind === step.kind);
        const across = lefts[last] + width - lefts[column];
        head(step.kind, "upright", lefts[column], 0, across, step.axis ? named - 4 : top - 4);
        if (step.axis) head(step.axis, "level", lefts[column], named, across, axis);
      }
      if (step.axis) head(step.value, upright ? "level upright" : "level", lefts[column], named + axis, width, level);
    });
  };

  // Drawing

  const tile = (paint, side) => {
    const small = document.createElement("canvas");
    small.width = small.height = Math.round(side * devicePixelRatio);
    const brush = small.getContext("2d");
    brush.scale(small.width / side, small.height / side);
    brush.strokeStyle = brush.fillStyle = colours.sign;
    brush.beginPath();
    paint(brush);
    const pattern = pen.createPattern(small, "repeat");
    pattern.setTransform(new DOMMatrix().scale(side / small.width));
    return pattern;
  };
  const lines = (...points) => (brush) => {
    points.forEach(([x, y, toX, toY]) => { brush.moveTo(x, y); brush.lineTo(toX, toY); });
    brush.stroke();
  };
  const takeColours = () => {
    const style = getComputedStyle(document.documentElement);
    for (const name of [...statuses, "paper", "ink", "quiet", "sign"]) colours[name] = style.getPropertyValue(`--${name}`).trim();
    signs = {
      rise: tile(lines([0, 6, 6, 0], [-1, 1, 1, -1], [5, 7, 7, 5]), 6),
      fall: tile(lines([0, 0, 6, 6], [-1, 5, 1, 7], [5, -1, 7, 1]), 6),
      bars: tile(lines([2.5, 0, 2.5, 5]), 5),
      dots: tile((brush) => { brush.arc(2.5, 2.5, 1, 0, 7); brush.fill(); }, 5),
    };
  };
  const drawMixture = (mixture, x, y, across, down) => {
    const isLow = down < SIGN_FROM - 1;
    const total = mixture.reduce((sum, [, number]) => sum + number, 0);
    const least = mixture.map(([status]) => (isLow && data.trouble.includes(statuses[status]) ? 5 : 2));
    const free = Math.max(0, across - least.reduce((sum, one) => sum + one));
    mixture.forEach(([status, number], place) => {
      const name = statuses[status];
      const part = least[place] + free * number / total;
      pen.fillStyle = colours[name];
      pen.fillRect(x, y, part, down);
      if (isLow && data.trouble.includes(name)) {
        pen.fillStyle = colours.ink;
        pen.fillRect(x, y, 2, down);
      } else if (!isLow && SIGNS[name]) {
        pen.fillStyle = signs[SIGNS[name]];
        pen.fillRect(x, y, part, down);
      }
      x += part;
    });
  };
  // Trouble is drawn last, and every row at least one pixel high, so that no number of others can hide it; of several rows in
  // one pixel the first is drawn.
  const drawColumn = (column, x, first, last, troubled) => {
    const isLarge = height >= SIGN_FROM;
    const code = (row) => codes[column][shown[row]];
    for (let row = first, next, reached = -1; row < last; row = next) {
      next = row + 1;
      while (!isLarge && next < last && code(next) === code(row)) next += 1;
      if (code(row) === 0 || isTrouble[code(row)] !== troubled) continue;
      const y = Math.round(row * height - box.scrollTop);
      const end = Math.max(y + 1, Math.round(next * height - box.scrollTop) - (isLarge ? 1 : 0));
      if (end <= reached) continue;
      reached = end;
      drawMixture(mixtures[code(row)], x, y, width - 1, end - y);
    }
  };
  const drawLabels = (first, last) => {
    pen.fillStyle = colours.paper;
    pen.fillRect(0, 0, labels, canvas.height);
    pen.fillStyle = colours.quiet;
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    const each = Math.ceil(14 / height);
    for (let row = Math.ceil(first / each) * each; row < last; row += each) {
      const y = (row + 0.5) * height - box.scrollTop;
      pen.fillText(configurations[shown[row]], labels - 6, Math.max(6, y));
    }
  };
  const draw = () => {
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.font = `11px ${getComputedStyle(box).fontFamily}`;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    const down = canvas.height / devicePixelRatio;
    const first = Math.max(0, Math.floor(box.scrollTop / height));
    const last = Math.min(shown.length, Math.ceil((box.scrollTop + down) / height));
    for (const troubled of [false, true]) {
      lefts.forEach((left, column) => {
        const x = left - box.scrollLeft;
        if (x + width > labels && x < box.clientWidth) drawColumn(column, x, first, last, troubled);
      });
    }
    drawLabels(first, last);
  };

  // The one link

  const words = (row, column) => {
    const step = steps[column];
    const mixture = mixtures[codes[column][shown[row]]];
    const value = step.axis ? `, ${step.axis} ${isolate(step.value)}` : "";
    const numbers = mixture.map(([status, number]) => `${count(number)} ${statuses[status]}`).join(", ");
    return [`${step.kind}${value}, configuration ${configurations[shown[row]]}`, numbers || "nothing expected"];
  };
  const point = (row, column) => {
    link.hidden = !shown.length;
    if (link.hidden) return;
    here = { row: Math.max(0, Math.min(shown.length - 1, row)), column: Math.max(0, Math.min(steps.length - 1, column)) };
    link.href = steps[here.column].link + configurations[shown[here.row]];
    link.setAttribute("aria-label", words(here.row, here.column).join(": "));
    Object.assign(link.style, {
      left: `${lefts[here.column]}px`, top: `${here.row * height}px`, width: `${width - 1}px`, height: `${Math.max(1, height - 1)}px`,
    });
  };
  const say = () => {
    tip.replaceChildren();
    const [title, numbers] = words(here.row, here.column);
    make("b", "", tip).textContent = title;
    tip.append(numbers);
    tip.hidden = false;
    link.classList.remove("away");
    const cell = link.getBoundingClientRect();
    const left = Math.max(8, Math.min(cell.left, innerWidth - tip.offsetWidth - 8));
    const above = cell.top - tip.offsetHeight - 8;
    const isFree = above > heads.getBoundingClientRect().bottom;
    Object.assign(tip.style, { left: `${left}px`, top: `${isFree ? above : cell.bottom + 8}px` });
  };
  const leave = () => {
    tip.hidden = true;
    link.classList.add("away");
  };
  const reveal = () => {
    const down = here.row * height;
    const across = lefts[here.column];
    const room = box.clientHeight - top;
    box.scrollTop = Math.min(down, Math.max(box.scrollTop, down + height - room));
    box.scrollLeft = Math.min(across - labels, Math.max(box.scrollLeft, across + width - box.clientWidth));
  };
  const go = (row, column) => {
    point(row, column);
    reveal();
    say();
  };
  const cellAt = (event) => {
    const frame = cells.getBoundingClientRect();
    const column = lefts.findLastIndex((left) => left <= event.clientX - frame.left);
    const row = Math.floor((event.clientY - frame.top) / height);
    const isLabel = event.clientX - box.getBoundingClientRect().left < labels;
    return isLabel || column < 0 || row < 0 || row >= shown.length ? null : [row, column];
  };

  cells.addEventListener("pointermove", (event) => {
    const cell = cellAt(event);
    if (!cell) return leave();
    point(...cell);
    say();
  });
  cells.addEventListener("pointerleave", leave);
  // A finger's first tap tells what is there, the second follows; a mouse has been told already.
  cells.addEventListener("click", (event) => {
    const cell = event.target === link ? null : cellAt(event);
    if (!cell) return;
    point(...cell);
    say();
    if (event.pointerType === "mouse") link.click();
  });
  link.addEventListener("focus", () => go(here.row, here.column));
  link.addEventListener("blur", leave);
  link.addEventListener("keydown", (event) => {
    const page = Math.max(1, Math.floor((box.clientHeight - top) / height) - 1);
    const { row, column } = here;
    const goals = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      PageUp: [row - page, column], PageDown: [row + page, column],
      Home: [event.ctrlKey ? 0 : row, 0], End: [event.ctrlKey ? shown.length - 1 : row, steps.length - 1],
      Escape: null,
    };
    if (!(event.key in goals)) return;
    event.preventDefault();
    if (goals[event.key]) go(...goals[event.key]);
    else leave();
  });

  // Tools

  const choose = () => {
    const wish = tools.querySelector("[data-show]").value;
    const marks = { all: null, unfinished: isOpen, trouble: isTrouble }[wish];
    shown = marks ? every.filter((row) => codes.some((column) => marks[column[row]])) : every;
    tools.querySelector("[data-shown]").textContent = `${count(shown.length)} of ${count(every.length)} configurations`;
    box.scrollTop = 0;
    here = { row: 0, column: here.column };
    place();
  };
  const goTo = (number) => {
    const row = shown.findIndex((one) => configurations[one] >= number);
    if (!shown.length) return;
    point(row < 0 ? shown.length - 1 : row, here.column);
    link.focus({ preventScroll: true });
    box.scrollIntoView({ block: "nearest" });
    go(here.row, here.column);
  };
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.querySelector("[data-height]").addEventListener("change", () => { place(); reveal(); });
  tools.querySelector("[data-show]").addEventListener("change", choose);
  tools.querySelector("[data-go]").addEventListener("change", (event) => event.target.value && goTo(Number(event.target.value)));
  box.addEventListener("scroll", () => { draw(); if (document.activeElement !== link) leave(); }, { passive: true });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { takeColours(); draw(); });
  tools.hidden = box.hidden = false;
  takeColours();
  choose();
  new ResizeObserver(place).observe(box);
})();
