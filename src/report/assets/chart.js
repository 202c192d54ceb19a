// Draws one chart as SVG: curves with bands and reference lines, or stacked areas, with a tooltip on hover.
"use strict";

const tip = document.getElementById("tip");
const CHART_HEIGHT = 206;

function drawChart(plot, legend, spec) {
  const width = Math.max(220, plot.clientWidth);
  const height = spec.height || CHART_HEIGHT;
  const box = { left: 52, right: spec.refs.length ? 86 : 14, top: 24, bottom: 34 };
  const right = width - box.right;
  const bottom = height - box.bottom;
  const stacked = spec.kind === "stack" ? stackUp(spec.series) : null;
  const y = verticalScale(spec, stacked, bottom, box.top);
  const xs = [...new Set(spec.series.flatMap((s) => s.x))].sort((a, b) => a - b);
  const [first, last] = [xs[0], xs[xs.length - 1]];
  const x = linearScale(first === last ? first - 1 : first, first === last ? last + 1 : last, box.left, right, width / 90);

  const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
  drawAxes(root, spec, x, y, { ...box, right, bottom, width, height });
  // a nested svg clips what leaves the plot
  const field = svg("svg", { x: box.left, y: box.top - 3, width: right - box.left, height: bottom - box.top + 6 });
  field.setAttribute("viewBox", `${box.left} ${box.top - 3} ${right - box.left} ${bottom - box.top + 6}`);
  root.append(field);
  if (spec.divider !== undefined) {
    field.append(svg("line", { class: "divider", x1: x.at(spec.divider), x2: x.at(spec.divider), y1: box.top, y2: bottom }));
  }
  drawReferences(root, field, spec.refs, y, { ...box, right, bottom });
  if (stacked) drawStack(field, spec.series, stacked, x, y);
  else spec.series.forEach((series, index) => drawCurve(field, series, tone(series, index), x, y));
  plot.replaceChildren(root);
  drawLegend(legend, spec);
  attachTip(plot, root, spec, stacked, xs, x, y, { ...box, right, bottom });
}

function tone(series, index) {
  return series.tone || `tone-${(index % 7) + 1}`;
}

function drawAxes(root, spec, x, y, box) {
  for (const tick of y.ticks) {
    const at = y.at(tick);
    root.append(svg("line", { class: "grid", x1: box.left, x2: box.right, y1: at, y2: at }));
    const label = formatTick(tick, spec.y.format, y.step || tick);
    root.append(svg("text", { class: "tick", x: box.left - 7, y: at + 3.5, "text-anchor": "end" }, label));
  }
  for (const tick of x.ticks) {
    if (!Number.isInteger(tick)) continue;
    root.append(svg("text", { class: "tick", x: x.at(tick), y: box.bottom + 15, "text-anchor": "middle" }, String(tick)));
  }
  root.append(svg("line", { class: "axis", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }));
  const label = spec.y.label + (y.log ? ", log scale" : "");
  root.append(svg("text", { class: "label", x: 2, y: 11 }, label));
  const under = { class: "label", x: box.right, y: box.height - 5, "text-anchor": "end" };
  root.append(svg("text", under, (spec.x && spec.x.label) || "step"));
}

function linePath(xs, ys, x, y) {
  let path = "";
  let open = false;
  for (let i = 0; i < xs.length; i += 1) {
    if (ys[i] === null) {
      open = false;
      continue;
    }
    path += `${open ? "L" : "M"}${x.at(xs[i]).toFixed(1)} ${y.at(ys[i]).toFixed(1)}`;
    open = true;
  }
  return path;
}

function areaPath(xs, low, high, x, y) {
  const points = xs.map((step, i) => [step, low[i], high[i]]).filter((p) => p[1] !== null && p[2] !== null);
  if (!points.length) return "";
  const top = points.map((p) => `${x.at(p[0]).toFixed(1)} ${y.at(p[2]).toFixed(1)}`);
  const base = points.map((p) => `${x.at(p[0]).toFixed(1)} ${y.at(p[1]).toFixed(1)}`).reverse();
  return `M${top.join("L")}L${base.join("L")}Z`;
}

function drawCurve(field, series, name, x, y) {
  if (series.lo) field.append(svg("path", { class: `band ${name}`, d: areaPath(series.x, series.lo, series.hi, x, y) }));
  field.append(svg("path", { class: `curve ${name}${series.smooth ? " raw" : ""}`, d: linePath(series.x, series.y, x, y) }));
  if (series.smooth) field.append(svg("path", { class: `curve ${name}`, d: linePath(series.x, series.smooth, x, y) }));
  if (series.x.length <= 24) {
    series.x.forEach((step, i) => {
      if (series.y[i] !== null) field.append(svg("circle", { class: `dot ${name}`, cx: x.at(step), cy: y.at(series.y[i]), r: 2.2 }));
    });
  }
}

function stackUp(series) {
  const layers = [series[0].x.map(() => 0)];
  for (const one of series) layers.push(layers[layers.length - 1].map((sum, i) => sum + (one.y[i] || 0)));
  return layers;
}

function drawStack(field, series, layers, x, y) {
  series.forEach((one, i) => {
    const steps = one.x.length > 1 ? one.x : [one.x[0] - 0.4, one.x[0] + 0.4];
    const widen = (layer) => (one.x.length > 1 ? layer : [layer[0], layer[0]]);
    const d = areaPath(steps, widen(layers[i]), widen(layers[i + 1]), x, y);
    field.append(svg("path", { class: `layer ${one.name === "other" ? "tone-7" : tone(one, i)}`, d }));
  });
}

// Dashed lines with their names at the right edge, moved apart where they would cover each other.
function drawReferences(root, field, refs, y, box) {
  const known = refs.filter((ref) => ref.value !== null).sort((a, b) => b.value - a.value);
  let above = box.top - 14;
  const labels = known.map((ref) => {
    const outside = ref.value > y.high;
    const at = outside ? box.top : y.at(ref.value);
    if (!outside) field.append(svg("line", { class: "reference", x1: box.left, x2: box.right, y1: at, y2: at }));
    above = Math.max(at, above + 12.5);
    return { ref, outside, at: above };
  });
  let limit = box.bottom + 2;
  for (const label of labels.reverse()) {
    label.at = Math.min(label.at, limit);
    limit = label.at - 12.5;
    const words = label.ref.name + (label.outside ? " ↑" : "");
    root.append(svg("text", { class: "label", x: box.right + 5, y: label.at + 3.5 }, words));
  }
}

function drawLegend(legend, spec) {
  const entries = spec.series.map((series, i) => [series.name, series.name === "other" ? "tone-7" : tone(series, i)]);
  legend.replaceChildren(
    ...(entries.length > 1 ? entries : []).map(([name, color]) =>
      element("span", {}, element("i", { class: `swatch ${color}` }), name)
    )
  );
}

function attachTip(plot, root, spec, stacked, xs, x, y, box) {
  const cursor = svg("line", { class: "cursor", y1: box.top, y2: box.bottom, visibility: "hidden" });
  const marks = spec.series.map((series, i) => svg("circle", { class: `mark ${tone(series, i)}`, r: 3.2, visibility: "hidden" }));
  root.append(cursor, ...(stacked ? [] : marks));
  const places = spec.series.map((series) => new Map(series.x.map((step, i) => [step, i])));
  let current = xs.length - 1;

  function show(index) {
    current = Math.max(0, Math.min(xs.length - 1, index));
    const step = xs[current];
    const at = x.at(step);
    cursor.setAttribute("x1", at);
    cursor.setAttribute("x2", at);
    cursor.setAttribute("visibility", "visible");
    const rows = [];
    let total = 0;
    spec.series.forEach((series, i) => {
      const place = places[i].get(step);
      const value = place === undefined ? null : series.y[place];
      marks[i].setAttribute("visibility", value === null ? "hidden" : "visible");
      if (value === null) return;
      marks[i].setAttribute("cx", at);
      marks[i].setAttribute("cy", y.at(value));
      total += value;
      let words = formatValue(value, spec.y.format);
      if (series.hi && series.hi[place] !== null) words += ` (± ${formatNumber((series.hi[place] - series.lo[place]) / 2)})`;
      rows.push([stacked && series.name === "other" ? "tone-7" : tone(series, i), series.name, words]);
      if (series.smooth) rows.push(["", "moving average", formatValue(series.smooth[place], spec.y.format)]);
    });
    if (stacked) rows.push(["", "total", formatValue(total, spec.y.format)]);
    for (const ref of spec.refs) rows.push(["dash", ref.name, formatValue(ref.value, spec.y.format)]);
    const unit = spec.x && spec.x.tip ? spec.x.tip(step) : `step ${step}`;
    fillTip(unit, rows);
    placeTip(plot.getBoundingClientRect(), at);
  }

  function hide() {
    tip.hidden = true;
    for (const mark of [cursor, ...marks]) mark.setAttribute("visibility", "hidden");
  }

  root.addEventListener("pointermove", (event) => {
    const at = event.clientX - root.getBoundingClientRect().left;
    let best = 0;
    for (let i = 1; i < xs.length; i += 1) if (Math.abs(x.at(xs[i]) - at) < Math.abs(x.at(xs[best]) - at)) best = i;
    show(best);
  });
  root.addEventListener("pointerleave", hide);
  plot.onblur = hide;
  plot.onkeydown = (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!move) return;
    event.preventDefault();
    show(current + move);
  };
}

function fillTip(heading, rows) {
  tip.replaceChildren(element("strong", {}, heading));
  for (const [color, name, value] of rows) {
    tip.append(element("div", {}, element("i", { class: `swatch ${color}` }), element("span", {}, name), element("b", {}, value)));
  }
}

function placeTip(frame, at) {
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const side = frame.left + at + 14 + width > window.innerWidth ? frame.left + at - width - 14 : frame.left + at + 14;
  tip.style.left = `${Math.max(4, side)}px`;
  tip.style.top = `${Math.max(4, Math.min(window.innerHeight - height - 4, frame.top + 20))}px`;
}
