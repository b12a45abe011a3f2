// Shows how many of the rows that pass have which status: in words, as one bar, and as a bar for each ensemble.
"use strict";
(() => {
  const LEAST = 0.25; // of a bar, in percent: what is there at all is seen

  const byId = (id) => document.getElementById(id);
  const count = (number) => number.toLocaleString("en");

  // How many rows of each status that occurs, as [status, number] pairs from finished to troubled; counts are of one group
  // after the other.
  function byStatus(statuses, counts) {
    const sums = statuses.map((status) => [status, 0]);
    counts.forEach((number, place) => (sums[place % statuses.length][1] += number));
    return sums.filter(([, sum]) => sum);
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
      const width = LEAST + ((100 - LEAST * counts.length) * number) / total;
      for (const look of [status, `sign ${status}`]) {
        const part = document.createElementNS("http://www.w3.org/2000/svg", "rect");
        // In percent, without a drawing's own measure: hatches would be stretched with it.
        const place = { class: look, x: `${x.toFixed(3)}%`, width: `${width.toFixed(3)}%`, height: "100%" };
        for (const [key, value] of Object.entries(place)) part.setAttribute(key, value);
        svg.append(part);
      }
      x += width;
    }
  }

  function showCounts(store, found) {
    const counts = byStatus(store.columns.get("status").values, found.counts);
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
    showGroups(store, found);
  }

  function showGroups(store, found) {
    const ensembles = store.columns.get("ensemble");
    if (!ensembles || ensembles.size < 2) return;
    const { size, values } = store.columns.get("status");
    const of = (code) => byStatus(values, found.counts.subarray(code * size, (code + 1) * size));
    const all = ensembles.values.map((name, code) => [name, of(code)]).filter(([, counts]) => counts.length);
    byId("groups").replaceChildren(...all.map(([name, counts]) => {
      const item = byId("bar").content.firstElementChild.cloneNode(true);
      const [label, svg, part] = item.children;
      label.textContent = Store.visible(name);
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

  window.showCounts = showCounts;
})();
