// Start: read the data, draw the charts that come into view, switch the colour scheme.
"use strict";

function start() {
  const data = JSON.parse(document.getElementById("data").textContent);
  const drawn = new Set();

  function draw(figure) {
    const plot = figure.querySelector(".plot");
    const title = figure.querySelector("h3").textContent;
    plot.setAttribute("aria-label", `${title}, last value ${figure.querySelector(".last").textContent}`);
    drawChart(plot, figure.querySelector(".legend"), data.charts[Number(figure.dataset.chart)]);
    drawn.add(figure);
  }

  const figures = [...document.querySelectorAll("figure.panel")];
  // charts far below the window cost nothing until the reader scrolls there
  const watcher = new IntersectionObserver(
    (entries) => entries.forEach((entry) => {
      if (!entry.isIntersecting) return;
      watcher.unobserve(entry.target);
      draw(entry.target);
    }),
    { rootMargin: "800px" }
  );
  for (const figure of figures) {
    const { top, width } = figure.getBoundingClientRect();
    if (width && top < window.innerHeight) draw(figure);
    else watcher.observe(figure);
  }
  window.addEventListener("beforeprint", () => figures.forEach((figure) => drawn.has(figure) || draw(figure)));

  let waiting = 0;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => drawn.forEach(draw), 120);
  });

  const button = document.getElementById("scheme");
  const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
  const paint = (name) => {
    document.documentElement.dataset.scheme = name;
    button.textContent = name === "dark" ? "Light" : "Dark";
  };
  paint(dark ? "dark" : "light");
  button.addEventListener("click", () => paint(document.documentElement.dataset.scheme === "dark" ? "light" : "dark"));

  sampleBrowser(data);
}

start();
