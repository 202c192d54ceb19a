// The sample browser: filter and sort the sampled answers, and draw the chosen one over history and truth.
"use strict";

const LISTED = 200; // entries put in the list at once

function errorsOf(sample, series) {
  const truth = series.truth;
  if (!sample.forecast.length || sample.forecast.length !== truth.length) return null;
  const gaps = truth.map((value, i) => sample.forecast[i] - value);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mse: mean(gaps.map((gap) => gap * gap)), mae: mean(gaps.map(Math.abs)) };
}

// Reasoning and answer as the tags mark them, for reading only; an answer without tags is shown whole.
function splitResponse(text) {
  const start = text.indexOf("<think>");
  const end = text.indexOf("</think>");
  if (end < 0 || (start >= 0 && start > end)) return { reasoning: "", answer: text };
  return { reasoning: text.slice(start < 0 ? 0 : start + 7, end).trim(), answer: text.slice(end + 8).trim() };
}

function forecastSpec(sample, series) {
  const past = series.history.map((_, i) => i - series.history.length + 1);
  const ahead = (values) => values.map((_, i) => i + 1);
  const [low, high] = extent([series.history, series.truth]);
  const span = high - low || Math.abs(high) || 1;
  const [least, most] = extent([series.history, series.truth, sample.forecast]);
  // an absurd forecast must not flatten the rest: it is cut at one and a half ranges
  const clip = [Math.max(least, low - 1.5 * span), Math.min(most, high + 1.5 * span)];
  const curves = [
    { name: "history", tone: "tone-past", x: past, y: series.history },
    { name: "truth", tone: "tone-truth", x: ahead(series.truth), y: series.truth },
    { name: "forecast", tone: "tone-2", x: ahead(sample.forecast), y: sample.forecast },
  ].filter((curve) => curve.x.length);
  const words = (step) => (step > 0 ? `${step} ahead` : step === 0 ? "last known value" : `${-step} before`);
  return {
    kind: "line",
    height: 280,
    divider: 0.5,
    x: { label: "steps from the start of the forecast", tip: words },
    y: { label: [series.dataset, series.channel].filter(Boolean).join(", ") + " (original units)", format: "number", clip: low <= high ? clip : undefined },
    series: curves,
    refs: [],
    cut: least < clip[0] || most > clip[1],
  };
}

function termsTable(sample) {
  const largest = Math.max(1e-9, ...Object.values(sample.terms).map((value) => Math.abs(value || 0)));
  const rows = Object.entries(sample.terms).map(([name, value]) => {
    const bar = element("i", { class: value < 0 ? "bar negative" : "bar" });
    bar.style.width = `${(100 * Math.abs(value || 0)) / largest}%`;
    return element(
      "tr", {},
      element("th", { scope: "row" }, name.replaceAll("_", " ")),
      element("td", {}, formatNumber(value)),
      element("td", { class: "bars" }, bar)
    );
  });
  return rows.length ? element("table", { class: "terms" }, element("caption", {}, "Reward terms"), element("tbody", {}, ...rows)) : null;
}

function badges(sample) {
  const made = [sample.valid ? element("span", { class: "badge good" }, "valid") : element("span", { class: "badge bad" }, "invalid")];
  if (sample.kept === true) made.push(element("span", { class: "badge" }, "kept"));
  if (sample.kept === false) made.push(element("span", { class: "badge faint" }, "dropped"));
  return made;
}

function splitName(split) {
  return split === "val" || split === "test" ? "held out" : split || "unnamed";
}

function showSample(detail, sample, series) {
  const errors = errorsOf(sample, series);
  const { reasoning, answer } = splitResponse(sample.response);
  const plot = element("div", { class: "plot", tabindex: 0, role: "img", "aria-label": "Forecast over history and truth" });
  const legend = element("div", { class: "legend" });
  const spec = forecastSpec(sample, series);
  const facts = [`${sample.stage} step ${sample.step}`, splitName(sample.split), series.dataset, series.channel].filter(Boolean);
  if (errors) facts.push(`MSE ${formatNumber(errors.mse)}`, `MAE ${formatNumber(errors.mae)}`);
  detail.replaceChildren(
    element("h3", {}, `Reward ${formatNumber(sample.score)}`, ...badges(sample)),
    element("p", { class: "facts-line" }, facts.join(" · ")),
    plot,
    legend,
    ...(sample.forecast.length ? [] : [element("p", { class: "empty" }, "No forecast can be read from this answer.")]),
    ...(spec.cut ? [element("p", { class: "empty" }, "The forecast leaves the picture: it is cut at one and a half times the range of the series.")] : []),
    element(
      "div", { class: "texts" },
      element("div", {}, element("h4", {}, "Reasoning"), element("pre", { class: "reasoning" }, reasoning || "None: the response has no complete <think> part.")),
      element("div", {}, termsTable(sample), element("h4", {}, "Answer"), element("pre", { class: "answer-text" }, answer || "Empty."))
    ),
    element("details", {}, element("summary", {}, "Prompt"), element("pre", {}, series.prompt))
  );
  if (spec.series.length) drawChart(plot, legend, spec);
}

function listItem(sample, series, choose) {
  const item = element("li", { role: "option", onclick: choose }, element("b", {}, formatNumber(sample.score)), ...badges(sample));
  item.append(element("small", {}, [`${sample.stage} ${sample.step}`, splitName(sample.split), series.channel || series.dataset].filter(Boolean).join(" · ")));
  return item;
}

function sampleBrowser(data) {
  const list = document.getElementById("sample-list");
  if (!list) return;
  const detail = document.getElementById("sample-detail");
  const controls = document.getElementById("sample-controls");
  const places = [...new Set(data.samples.map((s) => `${s.stage} ${s.step}`))];
  const distinct = (read) => [...new Set(data.samples.map(read))];
  const choices = {
    step: [["", "All steps"], ...places.map((place) => [place, place.replace(/ (\d+)$/, " step $1")])],
    sort: [["high", "Highest reward first"], ["low", "Lowest reward first"], ["window", "By window, best first"]],
    valid: [["", "Valid and invalid"], ["true", "Valid only"], ["false", "Invalid only"]],
    kept: [["", "Kept and dropped"], ["true", "Kept only"], ["false", "Dropped only"]],
    split: [["", "Training and held out"], ...distinct((s) => s.split).map((split) => [split, splitName(split) + " only"])],
    dataset: [["", "All datasets"], ...distinct((s) => data.windows[s.window].dataset).map((name) => [name, name])],
  };
  if (!data.samples.some((s) => s.kept !== null)) delete choices.kept;
  for (const name of ["split", "dataset"]) if (choices[name].length < 3) delete choices[name];
  const chosen = { step: places[places.length - 1], sort: "high" };
  let shown = [];
  let current = 0;

  const labels = { step: "Step", sort: "Order", valid: "Validity", kept: "Selection", split: "Windows", dataset: "Dataset" };
  const selects = {};
  for (const [name, options] of Object.entries(choices)) {
    const select = element("select", { "data-filter": name, onchange: () => { chosen[name] = select.value; refresh(); } });
    select.append(...options.map(([value, words]) => element("option", { value, selected: value === (chosen[name] || "") }, words)));
    selects[name] = select;
    controls.append(element("label", {}, labels[name], select));
  }
  const count = element("output", { class: "count" });
  const move = (by) => {
    const place = places.indexOf(selects.step.value) + by;
    if (place < 0 || place >= places.length) return;
    selects.step.value = chosen.step = places[place];
    refresh();
  };
  controls.firstChild.append(
    element("button", { type: "button", title: "Earlier step", onclick: () => move(-1) }, "‹"),
    element("button", { type: "button", title: "Later step", onclick: () => move(1) }, "›")
  );
  controls.append(count);

  function refresh() {
    const fits = (sample) =>
      (!chosen.step || `${sample.stage} ${sample.step}` === chosen.step) &&
      (!chosen.valid || String(sample.valid) === chosen.valid) &&
      (!chosen.kept || String(sample.kept) === chosen.kept) &&
      (!chosen.split || sample.split === chosen.split) &&
      (!chosen.dataset || data.windows[sample.window].dataset === chosen.dataset);
    const best = (a, b) => (b.score ?? -Infinity) - (a.score ?? -Infinity);
    const orders = { high: best, low: (a, b) => best(b, a), window: (a, b) => a.window - b.window || best(a, b) };
    shown = data.samples.filter(fits).sort(orders[chosen.sort]);
    count.textContent = `${shown.length} sample${shown.length === 1 ? "" : "s"}`;
    list.replaceChildren(...shown.slice(0, LISTED).map((sample, i) => listItem(sample, data.windows[sample.window], () => choose(i))));
    if (shown.length > LISTED) list.append(element("li", { class: "more" }, `and ${shown.length - LISTED} more: narrow the filters`));
    if (shown.length) choose(0, false);
    else detail.replaceChildren(element("p", { class: "empty" }, "No sample fits these filters."));
  }

  function choose(index, scroll = true) {
    current = Math.max(0, Math.min(Math.min(shown.length, LISTED) - 1, index));
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === current)));
    if (scroll) list.children[current].scrollIntoView({ block: "nearest" });
    showSample(detail, shown[current], data.windows[shown[current].window]);
  }

  list.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by || !shown.length) return;
    event.preventDefault();
    choose(current + by);
  });
  window.addEventListener("resize", () => shown.length && choose(current, false));
  refresh();
}
