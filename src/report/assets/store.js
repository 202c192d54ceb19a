// The numbers of a run by stage and metric, and from them what a chart draws: stages in a row, smoothed, with bands.
"use strict";

const SMOOTH_FROM = 40; // shorter series, such as validation, are never smoothed
const WIDTHS = [1, 3, 5, 9, 17, 33, 65, 129, 257]; // steps of a moving average, by the position of the control
const AUTOMATIC = -1;

class Store {
  constructor(packed, trainers) {
    this.start = packed.start;
    this.trainers = trainers; // of each stage, by its name
    this.stages = new Map();
    for (const { name, metrics } of packed.stages) {
      const found = new Map();
      for (const [metric, [steps, values]] of Object.entries(metrics)) found.set(metric, { x: [...packed.steps[steps]], y: values });
      this.stages.set(name, found);
    }
  }

  // Take in one line of metrics.jsonl. A step that is written again replaces its older value.
  append({ stage, step, ...values }) {
    if (!this.stages.has(stage)) this.stages.set(stage, new Map());
    const found = this.stages.get(stage);
    if (Number.isFinite(values.time)) {
      if (!this.start) this.start = values.time;
      values.time -= this.start;
    }
    for (const [metric, value] of Object.entries(values)) {
      if (typeof value !== "number" && value !== null) continue;
      if (!found.has(metric)) {
        if (value === null) continue;
        found.set(metric, { x: [], y: [] });
      }
      const { x, y } = found.get(metric);
      let at = x.length;
      while (at > 0 && x[at - 1] >= step) at -= 1;
      const again = x[at] === step ? 1 : 0;
      x.splice(at, again, step);
      y.splice(at, again, value);
    }
  }

  // The last value of a metric, of the last stage that has it; stages: the names of those that count, all without.
  last(metric, stages) {
    for (const [stage, found] of [...this.stages].reverse()) {
      if (stages && !stages.includes(stage)) continue;
      const known = found.has(metric) ? found.get(metric).y.filter((value) => value !== null) : [];
      if (known.length) return known[known.length - 1];
    }
    return null;
  }
}

// Centred moving average over `width` points, fewer at the ends; gaps are left out.
function rollingMean(values, width) {
  const [totals, counts] = [[0], [0]];
  values.forEach((value, i) => {
    totals.push(totals[i] + (value ?? 0));
    counts.push(counts[i] + (value === null ? 0 : 1));
  });
  const half = Math.floor(width / 2);
  return values.map((_, i) => {
    const [from, to] = [Math.max(0, i - half), Math.min(values.length, i + half + 1)];
    const count = counts[to] - counts[from];
    return count ? (totals[to] - totals[from]) / count : null;
  });
}

// The value of a series at a step, between its points where it has none there.
function interpolate({ x, y }, step) {
  let [low, high] = [0, x.length - 1];
  if (step <= x[low]) return y[low];
  if (step >= x[high]) return y[high];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle] <= step) low = middle;
    else high = middle;
  }
  return y[low] + ((y[high] - y[low]) * (step - x[low])) / (x[high] - x[low]);
}

// Where each stage that has recorded one of a chart's curves lies on the horizontal axis: one after the other by steps,
// or by the clock. The name of a stage that stands alone is told where another could stand there: it has the same trainer.
function placeStages(store, spec, across) {
  const spans = [];
  const metrics = spec.series.map((one) => one.metric);
  const about = ([stage, found]) => (!spec.stages || spec.stages.includes(stage)) && metrics.some((metric) => found.has(metric));
  const stages = [...store.stages].filter(about);
  const alike = (stage) => Object.values(store.trainers).filter((trainer) => trainer === store.trainers[stage]).length;
  const named = stages.length > 1 || stages.some(([stage]) => alike(stage) > 1);
  const clocks = stages.map(([, found]) => found.get("time"));
  const timed = across === "time" && clocks.every(Boolean);
  const [unit, words] = timed && Math.max(...clocks.map((clock) => clock.y[clock.y.length - 1])) > 7200 ? [3600, "hours"] : [60, "minutes"];
  let end = null;
  for (const [i, [stage, found]] of stages.entries()) {
    const steps = metrics.filter((metric) => found.has(metric)).map((metric) => found.get(metric).x);
    const first = Math.min(...steps.map((x) => x[0]));
    const last = Math.max(...steps.map((x) => x[x.length - 1]));
    const offset = end === null ? 0 : end + 1 - first;
    const at = timed ? (step) => interpolate(clocks[i], step) / unit : (step) => step + offset;
    end = last + offset;
    spans.push({ stage, found, first, last, offset, at });
  }
  return { spans, named, timed, label: timed ? `${words} since the start` : "step" };
}

// Steps of the moving average of a curve with so many points: the reader's choice, or by the length of the curve.
function smoothingWidth(chosen, points) {
  if (points < SMOOTH_FROM) return 1;
  return chosen === AUTOMATIC ? WIDTHS.find((width) => width >= Math.max(5, points / 25)) || WIDTHS[WIDTHS.length - 1] : WIDTHS[chosen];
}

// The curves of a chart through all stages, and which stage and step lies where on the axis.
function joinStages(spec, spans, chosen) {
  const where = new Map(); // from a place on the axis to the stage and step there
  const places = new Map(); // and back
  const series = spec.series.map((one, index) => {
    const into = { name: one.name, tone: `tone-${(index % 7) + 1}`, x: [], y: [], smooth: [], sd: [], half: [] };
    for (const span of spans.filter(({ found }) => found.has(one.metric))) {
      const { x: steps, y } = span.found.get(one.metric);
      const width = spec.kind === "line" && spec.smooth !== false ? smoothingWidth(chosen, steps.length) : 1;
      const spread = one.spread && span.found.get(one.spread);
      const known = new Map(spread ? spread.x.map((step, i) => [step, spread.y[i]]) : []);
      const sd = steps.map((step) => known.get(step) ?? null);
      const x = steps.map(span.at);
      steps.forEach((step, i) => {
        where.set(x[i], { stage: span.stage, step });
        places.set(`${span.stage} ${step}`, x[i]);
      });
      const parts = { x, y, smooth: width > 1 ? rollingMean(y, width) : y, sd, half: width > 1 ? rollingMean(sd, width) : sd };
      for (const [name, values] of Object.entries(parts)) {
        // a line is not drawn across the border of two stages
        if (into[name].length) into[name].push(name === "x" ? x[0] : null);
        into[name].push(...values);
      }
    }
    if (into.smooth.every((value, i) => value === into.y[i])) into.smooth = null;
    if (!into.sd.some((value) => value !== null)) into.sd = null;
    return into;
  });
  return { series, where, places };
}

// What `drawChart` draws of a chart of the panel list; view: {across, smooth (a position in WIDTHS), scale, zoom, hidden}.
function resolveChart(store, spec, view) {
  const { spans, named, timed, label } = placeStages(store, spec, view.across);
  const { series, where, places } = joinStages(spec, spans, view.smooth);
  // bands of several curves would hide each other: the tooltip has their numbers
  if (series.length === 1 && series[0].sd) addBand(series[0]);
  const drawn = spec.kind === "stack" ? stackLayers(series, spec, spans) : series;
  const zoomed = view.zoom ? drawn.map((one) => within(one, view.zoom)) : drawn;
  return {
    kind: spec.kind,
    y: { ...spec.y, scale: view.scale === "auto" ? spec.y.scale : view.scale },
    series: zoomed.filter((one) => one.x.length),
    hidden: view.hidden,
    refs: spec.refs.map((ref) => ({ name: ref.name, value: store.last(ref.metric, spec.stages) })),
    x: {
      label,
      range: view.zoom,
      fractions: timed,
      dividers: (named ? spans : []).map((span, i) => ({ at: span.at(span.first) - (timed || i === 0 ? 0 : 0.5), name: span.stage, line: i > 0 })),
      ticks: timed ? null : (x) => stageTicks(spans, x),
      tip: (at) => {
        const { stage, step } = where.get(at);
        return `${named ? stage + " " : ""}step ${step}${timed ? `, ${formatNumber(at)} ${label.split(" ")[0]}` : ""}`;
      },
      key: (at) => `${where.get(at).stage} ${where.get(at).step}`,
      find: (key) => places.get(key),
    },
  };
}

function addBand(one) {
  const middle = one.smooth || one.y;
  const edge = (sign) => middle.map((value, i) => (value === null || one.half[i] === null ? null : value + sign * one.half[i]));
  [one.lo, one.hi] = [edge(-1), edge(1)];
}

// Layers on common steps, and what the total has beyond them; a phase that did not run took no time.
function stackLayers(series, spec, spans) {
  const at = [...new Set(series.flatMap((one) => one.x))].sort((a, b) => a - b);
  const aligned = (xs, ys) => {
    const known = new Map(xs.map((x, i) => [x, ys[i]]));
    return at.map((x) => known.get(x) ?? 0);
  };
  const layers = series.map((one) => ({ name: one.name, tone: one.tone, x: at, y: aligned(one.x, one.y) }));
  if (!spec.total) return layers;
  const total = { x: [], y: [] };
  for (const span of spans) {
    const found = span.found.get(spec.total);
    if (!found) continue;
    total.x.push(...found.x.map(span.at));
    total.y.push(...found.y);
  }
  const rest = aligned(total.x, total.y).map((value, i) => Math.max(0, value - layers.reduce((sum, layer) => sum + layer.y[i], 0)));
  return rest.some((value) => value > 0) ? [...layers, { name: "other", tone: "tone-7", x: at, y: rest }] : layers;
}

function within(one, [from, to]) {
  const keep = one.x.map((x) => x >= from && x <= to);
  const cut = (list) => list && list.filter((_, i) => keep[i]);
  return { ...one, x: cut(one.x), y: cut(one.y), smooth: cut(one.smooth), sd: cut(one.sd), lo: cut(one.lo), hi: cut(one.hi) };
}

// Round steps of each stage, as many as there is room for. x: the scale, from places on the axis to pixels.
function stageTicks(spans, x) {
  const ticks = [];
  let free = -Infinity;
  for (const span of spans) {
    const [low, high] = [Math.max(span.first, x.low - span.offset), Math.min(span.last, x.high - span.offset)];
    if (low > high) continue;
    const room = Math.max(1, (x.at(high + span.offset) - x.at(low + span.offset)) / 70);
    const steps = low === high ? [low] : linearScale(low, high, 0, 1, room).ticks;
    for (const step of steps.filter(Number.isInteger)) {
      const at = x.at(step + span.offset);
      if (at < free) continue;
      free = at + 30;
      ticks.push([at, String(step)]);
    }
  }
  return ticks;
}
