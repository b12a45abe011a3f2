// Says how old the data are, in the words of the reader's clock, and warns when nobody has indexed for long.
"use strict";
(() => {
  const place = document.querySelector("[data-age]");
  const indexed = window.latteboard && new Date(window.latteboard.indexed);
  if (!place || !indexed || Number.isNaN(indexed.valueOf())) return;
  const hours = (Date.now() - indexed) / 3600000;
  const count = (number, unit) => `${number} ${unit}${number === 1 ? "" : "s"}`;
  const ago = hours < 1 ? count(Math.max(0, Math.round(60 * hours)), "minute")
    : hours < 48 ? count(Math.round(hours), "hour") : count(Math.round(hours / 24), "day");
  const time = document.createElement("time");
  time.dateTime = window.latteboard.indexed;
  time.textContent = `${window.latteboard.indexed.slice(0, 16).replace("T", " ")} UTC`;
  place.replaceChildren("As of the index of ", time, `, ${ago} ago`);
  if (hours > 24) {
    place.classList.add("old");
    place.append(". These data are old: has the index stopped running?");
  }
  place.hidden = false;
})();
