// The page of a sweep: draws the curves that come into view, lets settings be switched off, switches the colours.
"use strict";

function startSweep() {
  const data = JSON.parse(document.getElementById("data").textContent);
  const hidden = new Set();
  const drawn = new Set();

  function draw(figure) {
    const plot = figure.querySelector(".plot");
    plot.setAttribute("aria-label", figure.querySelector("h3").textContent);
    const spec = data.charts[Number(figure.dataset.chart)];
    drawChart(plot, figure.querySelector(".legend"), { ...spec, series: spec.series.filter((one) => !hidden.has(one.name)) });
    drawn.add(figure);
  }

  // charts far below the window cost nothing until the reader scrolls there
  const watcher = new IntersectionObserver(
    (entries) => entries.forEach((entry) => {
      if (!entry.isIntersecting) return;
      watcher.unobserve(entry.target);
      draw(entry.target);
    }),
    { rootMargin: "800px" }
  );
  const figures = [...document.querySelectorAll("figure.panel")];
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

  for (const box of document.querySelectorAll("#settings input")) {
    box.addEventListener("change", () => {
      if (box.checked) hidden.delete(box.value);
      else hidden.add(box.value);
      drawn.forEach(draw);
    });
  }

  // any two settings: show their row alone
  const chosen = [...document.querySelectorAll("#pair select")];
  const rows = [...document.querySelectorAll("#pairs tbody tr")];
  function choose() {
    const names = new Set(chosen.map((select) => select.value).filter(Boolean));
    for (const row of rows) row.hidden = ![...names].every((name) => row.dataset.pair.split("\n").includes(name));
  }
  chosen.forEach((select) => select.addEventListener("change", choose));

  const button = document.getElementById("scheme");
  const paint = (name) => {
    document.documentElement.dataset.scheme = name;
    button.textContent = name === "dark" ? "Light" : "Dark";
  };
  paint(window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  button.addEventListener("click", () => paint(document.documentElement.dataset.scheme === "dark" ? "light" : "dark"));
}

startSweep();
