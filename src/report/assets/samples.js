// The sample browser: filter and sort the sampled answers, and draw the chosen one over history and truth.
"use strict";

const LISTED = 200; // entries put in the list at once
const KEPT_LIVE = 4000; // samples held by a live page

function errorsOf(sample, shared) {
  const truth = shared.truth;
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

// What follows the reasoning: by section where it has several, or one with a name of its own; else as it is.
function answerBlocks(answer) {
  const parts = [...answer.matchAll(/<([a-z_]+)>([^]*?)<\/\1>/g)].map(([, name, text]) => [name, text.trim()]);
  const whole = parts.length && !answer.replace(/<([a-z_]+)>[^]*?<\/\1>/g, "").trim();
  if (!whole || (parts.length === 1 && parts[0][0] === "answer")) return textBlock("Answer", answer || "Empty.");
  return parts.flatMap(([name, text]) => textBlock(name[0].toUpperCase() + name.slice(1), text || "Empty."));
}

function seriesSpec(sample, shared) {
  const past = Object.values(shared.history);
  const ahead = shared.truth.length > 0 || sample.forecast.length > 0;
  const [low, high] = extent([...past, shared.truth]);
  const span = high - low || Math.abs(high) || 1;
  const [least, most] = extent([...past, shared.truth, sample.forecast]);
  // an absurd forecast must not flatten the rest: it is cut at one and a half ranges
  const clip = [Math.max(least, low - 1.5 * span), Math.min(most, high + 1.5 * span)];
  const after = (values) => values.map((_, i) => i + 1);
  const curves = [
    ...Object.entries(shared.history).map(([name, y], i) => ({
      name, y, tone: ahead && past.length === 1 ? "tone-past" : `tone-${(i % 6) + 1}`, x: y.map((_, at) => (ahead ? at - y.length + 1 : at)),
    })),
    { name: "truth", tone: "tone-truth", x: after(shared.truth), y: shared.truth },
    { name: "forecast", tone: "tone-2", x: after(sample.forecast), y: sample.forecast },
  ].filter((curve) => curve.x.length);
  const words = (step) => (!ahead ? `time step ${step}` : step > 0 ? `${step} ahead` : step === 0 ? "last known value" : `${-step} before`);
  return {
    kind: "line",
    height: 280,
    x: { label: ahead ? "steps from the start of the forecast" : "time step", tip: words, dividers: ahead ? [{ at: 0.5, line: true }] : [] },
    y: { label: [shared.dataset, shared.channel].filter(Boolean).join(", ") + " (original units)", format: "number", clip: low <= high ? clip : undefined },
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

function imagesOf(shared) {
  return shared.images.map((image) =>
    image.data
      ? element("img", { src: image.data, alt: "An image of this prompt" })
      : element("p", { class: "empty" }, `The image is in the run's folder: ${image.path}`));
}

function textBlock(title, text, kind = "answer-text") {
  return text === null || text === undefined || text === "" ? [] : [element("h4", {}, title), element("pre", { class: kind, tabindex: 0 }, text)];
}

function showSample(detail, sample, shared, others) {
  const errors = errorsOf(sample, shared);
  const { reasoning, answer } = splitResponse(sample.response);
  const spec = sample.path ? pathSpec(sample.path, shared) : seriesSpec(sample, shared);
  const drawn = sample.path ? "what was read of it" : "truth and forecast";
  const plot = element("div", { class: "plot", tabindex: 0, role: "img", "aria-label": `The series of this prompt, with ${drawn}` });
  const legend = element("div", { class: "legend" }), facts = [`${sample.stage} step ${sample.step}`, splitName(sample.split), shared.task, shared.dataset, shared.channel].filter(Boolean);
  if (errors) facts.push(`MSE ${formatNumber(errors.mse)}`, `MAE ${formatNumber(errors.mae)}`);
  const note = (condition, words) => (condition ? [element("p", { class: "empty" }, words)] : []);
  detail.replaceChildren(
    element("h3", {}, `Reward ${formatNumber(sample.score)}`, ...badges(sample)),
    element("p", { class: "facts-line" }, facts.join(" · "), ...others),
    ...imagesOf(shared),
    ...(spec.series.length ? [plot, legend] : []), ...sessionParts(sample),
    ...note(shared.truth.length && !sample.forecast.length, "No forecast can be read from this answer."),
    ...note(spec.cut, "The forecast leaves the picture: it is cut at one and a half times the range of the series."),
    element(
      "div", { class: "texts" },
      element("div", {}, element("h4", {}, "Reasoning"), element("pre", { class: "reasoning" }, reasoning || "None: the response has no complete <think> part.")),
      element(
        "div", {},
        termsTable(sample),
        ...textBlock("Truth", shared.answer),
        ...textBlock("Read from the answer", sample.read),
        ...answerBlocks(answer),
        ...Object.entries(sample.more).flatMap(([name, text]) => textBlock(name.replaceAll("_", " "), text))
      )
    ),
    element("details", {}, element("summary", {}, "Prompt"), element("pre", {}, shared.prompt))
  );
  if (spec.series.length) drawChart(plot, legend, spec);
}

function listItem(sample, shared, choose) {
  const item = element("li", { role: "option", onclick: choose }, element("b", {}, formatNumber(sample.score)), ...badges(sample));
  item.append(element("small", {}, [`${sample.stage} ${sample.step}`, splitName(sample.split), shared.task, shared.channel || shared.dataset].filter(Boolean).join(" · ")));
  return item;
}

const best = (a, b) => (b.score ?? -Infinity) - (a.score ?? -Infinity);
const later = (a, b) => b.step - a.step;

function sampleBrowser(data, link) {
  const list = document.getElementById("sample-list");
  const detail = document.getElementById("sample-detail");
  const controls = document.getElementById("sample-controls");
  const { samples, windows } = data;
  const chosen = {};
  let shown = [];
  let current = 0;
  let stale = false;
  const placeOf = (sample) => `${sample.stage} ${sample.step}`;
  const windowOf = (sample) => windows[sample.window];
  const fields = { split: (s) => s.split, stage: (s) => s.stage, valid: (s) => String(s.valid), kept: (s) => String(s.kept), task: (s) => windowOf(s).task, dataset: (s) => windowOf(s).dataset };
  const words = {
    split: ["Split", "training and held out", splitName],
    stage: ["Stage", "all stages", String],
    valid: ["Validity", "valid and invalid", (value) => (value === "true" ? "valid only" : "invalid only")],
    kept: ["Selection", "kept and dropped", (value) => (value === "true" ? "kept only" : "dropped only")],
    task: ["Task", "all tasks", String],
    dataset: ["Dataset", "all datasets", String],
  };

  // The controls offer what the samples have; a field with one value needs none.
  function offer() {
    const places = [...new Set(samples.map(placeOf))];
    const last = places[places.length - 1];
    chosen.step = link.get("step", "last");
    for (const name of ["sort", "text", "prompt", ...Object.keys(fields)]) chosen[name] = link.get(name, "");
    const set = (name, value, otherwise = "") => {
      link.set(name, value, otherwise);
      link.set("sample", "0", "0");
      chosen[name] = value;
      refresh();
    };
    const at = places.indexOf(chosen.step);
    const slider = element("input", { type: "range", min: 0, max: places.length - 1, value: at < 0 ? places.length - 1 : at, "aria-label": "Step", "data-filter": "step" });
    const output = element("output", {});
    const all = element("input", { type: "checkbox", checked: chosen.step === "all" });
    const say = () => { output.textContent = all.checked ? `${places.length} recorded` : places[Number(slider.value)].replace(/ (\d+)$/, " step $1"); };
    const go = () => {
      const place = places[Number(slider.value)];
      set("step", all.checked ? "all" : place === last ? "last" : place, "last");
      say();
    };
    slider.addEventListener("input", () => { all.checked = false; go(); });
    all.addEventListener("change", go);
    say();
    const menu = (name, label, options) => {
      const select = element("select", { "data-filter": name, onchange: () => set(name, select.value) });
      select.append(...options.map(([value, text]) => element("option", { value, selected: value === chosen[name] }, text)));
      return element("label", {}, label, select);
    };
    const menus = Object.entries(fields).flatMap(([name, read]) => {
      const values = [...new Set(samples.map(read))].filter((value) => value !== "null").sort();
      return values.length < 2 ? [] : [menu(name, words[name][0], [["", words[name][1]], ...values.map((value) => [value, words[name][2](value)])])];
    });
    const terms = [...new Set(samples.flatMap((sample) => Object.keys(sample.terms)))];
    const orders = [["", "highest reward first"], ["low", "lowest reward first"], ["prompt", "by prompt, best first"], ["new", "latest step first"]];
    for (const term of terms) orders.push([`+${term}`, `highest ${term} first`], [`-${term}`, `lowest ${term} first`]);
    const search = element("input", { type: "search", placeholder: "in answer or prompt", value: chosen.text, "data-filter": "text", oninput: () => set("text", search.value) });
    controls.replaceChildren(
      element("label", {}, "Step", slider, output), element("label", {}, all, "all steps"),
      menu("sort", "Order", orders), ...menus, element("label", {}, "Text", search), element("output", { class: "count" })
    );
  }

  function ordered(order) {
    const term = (sample) => sample.terms[order.slice(1)] ?? -Infinity;
    if (order.startsWith("+")) return (a, b) => term(b) - term(a) || best(a, b);
    if (order.startsWith("-")) return (a, b) => term(a) - term(b) || best(a, b);
    const orders = { low: (a, b) => best(b, a), prompt: (a, b) => a.window - b.window || best(a, b), new: (a, b) => later(a, b) || best(a, b) };
    return orders[order] || best;
  }

  function refresh(keep = null) {
    const last = samples.length ? placeOf(samples[samples.length - 1]) : "";
    const place = chosen.step === "last" ? last : chosen.step;
    const text = chosen.text.toLowerCase();
    shown = samples.filter((sample) =>
      (chosen.step === "all" || placeOf(sample) === place) &&
      Object.entries(fields).every(([name, read]) => !chosen[name] || read(sample) === chosen[name]) &&
      (!chosen.prompt || String(sample.window) === chosen.prompt) &&
      (!text || sample.response.toLowerCase().includes(text) || windowOf(sample).prompt.toLowerCase().includes(text)));
    shown.sort(ordered(chosen.sort));
    controls.querySelector(".count").textContent = `${shown.length} sample${shown.length === 1 ? "" : "s"}`;
    list.replaceChildren(...shown.slice(0, LISTED).map((sample, i) => listItem(sample, windowOf(sample), () => choose(i))));
    if (shown.length > LISTED) list.append(element("li", { class: "more" }, `and ${shown.length - LISTED} more: narrow the filters`));
    const at = keep ? shown.indexOf(keep) : Number(link.get("sample", "0"));
    if (!shown.length) detail.replaceChildren(element("p", { class: "empty" }, "No sample fits these filters."));
    else if (!keep || at < 0 || at >= LISTED) choose(at < shown.length ? Math.max(0, at) : 0, false);
    else mark(at);
  }

  function mark(index) {
    current = index;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === current)));
  }

  // What leads from one sample to the others of its prompt, and back.
  function otherSteps(sample) {
    const count = samples.filter((one) => one.window === sample.window).length;
    if (chosen.prompt) return [element("button", { type: "button", onclick: () => filterPrompt("", "last") }, "all prompts")];
    return count > 1 ? [element("button", { type: "button", onclick: () => filterPrompt(String(sample.window), "all") }, `the ${count} answers to this prompt on this page`)] : [];
  }

  function filterPrompt(prompt, step) {
    link.set("prompt", prompt, "");
    link.set("step", step, "last");
    link.set("sort", prompt ? "new" : "", "");
    link.set("sample", "0", "0");
    offer();
    refresh();
  }

  function choose(index, scroll = true) {
    mark(Math.max(0, Math.min(Math.min(shown.length, LISTED) - 1, index)));
    if (scroll) {
      list.children[current].scrollIntoView({ block: "nearest" });
      link.set("sample", String(current), "0");
    }
    showSample(detail, shown[current], windowOf(shown[current]), otherSteps(shown[current]));
  }

  list.addEventListener("keydown", (event) => {
    const by = { ArrowUp: -1, ArrowDown: 1, Home: -LISTED, End: LISTED }[event.key];
    if (!by || !shown.length) return;
    event.preventDefault();
    choose(current + by);
  });
  window.addEventListener("resize", () => shown.length && choose(current, false));
  if (samples.length) {
    offer();
    refresh();
  }

  // Samples of one stage and step that a running training has written; they replace older ones of that step.
  function add(batch) {
    const keep = shown[current];
    const key = `${batch.stage} ${batch.step}`;
    const known = new Map(windows.map((window, i) => [JSON.stringify(window), i]));
    const places = batch.windows.map((window) => known.get(JSON.stringify(window)) ?? windows.push(window) - 1);
    const before = samples.findIndex((sample) => placeOf(sample) === key);
    const rest = samples.filter((sample) => placeOf(sample) !== key);
    rest.splice(before < 0 ? rest.length : before, 0, ...batch.samples.map((sample) => ({ ...sample, window: places[sample.window] })));
    samples.splice(0, samples.length, ...rest);
    if (samples.length > KEPT_LIVE) samples.splice(0, samples.length - KEPT_LIVE);
    document.getElementById("sample-browser").hidden = false;
    document.querySelector("#samples .lead").textContent = `Answers of the model: ${samples.length} samples. Arrow keys walk through the list.`;
    // controls that the reader is using are not replaced under their hands
    if (controls.contains(document.activeElement)) stale = true;
    else offer();
    refresh(keep);
  }

  controls.addEventListener("focusout", (event) => {
    if (!stale || controls.contains(event.relatedTarget)) return;
    stale = false;
    offer();
    refresh(shown[current]);
  });

  return { add };
}
