// Draws what was finished against time in the page's own colours and font, and again when they change.
"use strict";
(() => {
  const place = document.querySelector("[data-figure]");
  const figure = window.latteboardFigure;
  if (!place || !figure || !window.Plotly) return;
  const choice = document.querySelector("[data-switch]");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const narrow = matchMedia("(max-width: 40rem)");
  const CONFIG = {
    responsive: true, displaylogo: false,
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d"],
  };

  const lines = (isShare, colour) => figure.data.map((line) => ({
    ...line,
    y: line.customdata.map(([finished, expected]) => (isShare ? (expected ? (100 * finished) / expected : 100) : finished)),
    line: { ...line.line, color: colour(`line-${line.meta}`) },
  }));
  const layout = (isShare, colour) => {
    const axis = { color: colour("quiet"), gridcolor: colour("line"), linecolor: colour("line"), tickcolor: colour("line") };
    const below = { orientation: "h", x: 0, y: -0.14, yanchor: "top", maxheight: 0.6 };
    return {
      ...figure.layout,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(place).fontFamily, size: 13, color: colour("ink") },
      hoverlabel: { bgcolor: colour("paper"), bordercolor: colour("line"), font: { color: colour("ink") }, namelength: -1 },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("quiet"), activecolor: colour("ink") },
      legend: { ...figure.layout.legend, ...(narrow.matches ? below : {}) },
      xaxis: { ...figure.layout.xaxis, ...axis, ...(narrow.matches ? { title: { text: "" } } : {}) },
      yaxis: { ...figure.layout.yaxis, ...axis, ticksuffix: isShare ? "%" : "" },
      uirevision: isShare ? "share" : "number",
    };
  };
  const draw = () => {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(`--${name}`).trim();
    const isShare = choice.elements.as.value === "share";
    window.Plotly.react(place, lines(isShare, colour), layout(isShare, colour), CONFIG);
  };
  for (const change of [dark, narrow, choice]) change.addEventListener("change", draw);
  choice.hidden = false;
  draw();
})();
