// The panels of the page: draws those in view, and gives the controls above them and the buttons on them a meaning.
"use strict";

function curvePanels(data, store, link) {
  const area = document.getElementById("curves");
  const tools = document.getElementById("tools");
  const views = new Map(); // title -> what the reader has set for one panel
  const drawn = new Set();

  const controls = { smooth: String(AUTOMATIC), across: "step", scale: "auto", find: "" };
  for (const [name, otherwise] of Object.entries(controls)) {
    const control = tools.elements[name];
    control.value = link.get(name, otherwise);
    control.addEventListener("input", () => {
      link.set(name, control.value, otherwise);
      if (name === "find") find();
      else refresh();
    });
  }
  tools.addEventListener("submit", (event) => event.preventDefault());
  const choice = (name) => tools.elements[name].value;

  const titleOf = (figure) => figure.querySelector("h3").textContent;
  const viewOf = (figure) => {
    const title = titleOf(figure);
    if (!views.has(title)) views.set(title, { log: null, zoom: null, hidden: new Set(), large: link.get("panel", "") === title });
    return views.get(title);
  };

  // What a panel's head says: the last value of its curve, of several the first one's with its name, of a stack the sum.
  function lastValue(spec) {
    const at = (metric) => store.last(metric, spec.stages);
    const sum = () => spec.series.reduce((total, one) => total + (at(one.metric) || 0), 0);
    if (spec.kind === "stack") return formatValue((spec.total && at(spec.total)) ?? sum(), spec.y.format);
    const [first] = spec.series;
    return (spec.series.length > 1 ? `${first.name} ` : "") + formatValue(at(first.metric), spec.y.format);
  }

  function draw(figure) {
    const spec = data.charts[Number(figure.dataset.chart)];
    const view = viewOf(figure);
    const scale = view.log === null ? choice("scale") : view.log ? "log" : "linear";
    const resolved = resolveChart(store, spec, { ...view, scale, across: choice("across"), smooth: Number(choice("smooth")) });
    const last = lastValue(spec);
    figure.querySelector(".last").textContent = last;
    figure.querySelector("[data-do=log]").hidden = spec.kind === "stack";
    figure.querySelector("[data-do=log]").setAttribute("aria-pressed", String(scale === "log"));
    figure.querySelector("[data-do=grow]").setAttribute("aria-pressed", String(view.large));
    figure.classList.toggle("large", view.large);
    const plot = figure.querySelector(".plot");
    plot.setAttribute("aria-label", `${titleOf(figure)}, last value ${last}. Arrow keys read values, + zooms, - goes back.`);
    const redraw = () => draw(figure);
    drawChart(plot, figure.querySelector(".legend"), {
      ...resolved,
      height: view.large ? 440 : undefined,
      toggle: (name) => {
        if (!view.hidden.delete(name)) view.hidden.add(name);
        redraw();
      },
      zoom: (from, to) => {
        view.zoom = from === null ? null : [from, to];
        redraw();
      },
    });
    drawn.add(figure);
  }

  // charts far outside the window cost nothing until the reader scrolls there
  const watcher = new IntersectionObserver(
    (entries) => entries.forEach((entry) => {
      if (!entry.isIntersecting) return;
      watcher.unobserve(entry.target);
      draw(entry.target);
    }),
    { rootMargin: "800px" }
  );
  const inView = (figure) => {
    const { top, bottom, width } = figure.getBoundingClientRect();
    return width > 0 && bottom > 0 && top < window.innerHeight;
  };

  // Draw again what is in view, and the others when they come into view. metrics: those that changed, all without.
  function refresh(metrics = null) {
    tools.querySelector("output").textContent = { [AUTOMATIC]: "automatic", 0: "off" }[choice("smooth")] || `${WIDTHS[choice("smooth")]} steps`;
    for (const figure of area.querySelectorAll("figure.panel")) {
      if (metrics && !figure.dataset.metrics.split(" ").some((name) => metrics.has(name))) continue;
      if (inView(figure)) draw(figure);
      else {
        drawn.delete(figure);
        watcher.observe(figure);
      }
    }
  }

  // Show the panels whose title or metrics hold every word that is looked for.
  function find() {
    const words = choice("find").toLowerCase().split(/\s+/).filter(Boolean);
    for (const section of area.querySelectorAll("section")) {
      let any = false;
      for (const figure of section.querySelectorAll("figure.panel")) {
        const text = `${titleOf(figure)} ${figure.dataset.metrics}`.toLowerCase();
        figure.hidden = !words.every((word) => text.includes(word));
        any = any || !figure.hidden;
      }
      section.hidden = !any;
      const details = section.querySelector("details");
      if (details && words.length) details.open = any;
    }
    refresh();
  }

  area.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-do]");
    if (!button) return;
    const figure = button.closest("figure");
    const view = viewOf(figure);
    if (button.dataset.do === "log") view.log = button.getAttribute("aria-pressed") !== "true";
    else {
      view.large = !view.large;
      link.set("panel", view.large ? titleOf(figure) : "", "");
    }
    draw(figure);
  });
  area.addEventListener("toggle", () => refresh(), true);
  window.addEventListener("beforeprint", () => area.querySelectorAll("figure.panel").forEach((figure) => drawn.has(figure) || draw(figure)));
  let waiting = 0;
  window.addEventListener("resize", () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 120);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || /INPUT|SELECT|TEXTAREA/.test(event.target.tagName)) return;
    event.preventDefault();
    tools.elements.find.focus();
  });

  find();
  const wanted = [...area.querySelectorAll("figure.panel")].find((figure) => viewOf(figure).large);
  if (wanted) {
    draw(wanted);
    wanted.scrollIntoView({ block: "center" });
  }

  // The panels themselves have changed, as when a metric appears for the first time.
  function rebuild(html, charts) {
    data.charts = charts;
    area.innerHTML = html;
    crosshairs.clear();
    drawn.clear();
    find();
  }

  return { refresh, rebuild };
}
