// Draws one chart as SVG: curves with bands and reference lines, or stacked areas, with a crosshair and its numbers.
//
// spec: kind (line | stack), y (the axis), series [{name, tone, x, y, smooth, sd, lo, hi}], refs [{name, value}],
// hidden (names not drawn), height, x {label, range, fractions, dividers [{at, name, line}], spans [{from, to, name, kind}], ticks,
// tip, key, find}, and what to call: toggle(name), zoom(from, to). Of x and of a series only x and y are needed.
"use strict";

const tip = document.getElementById("tip");
const CHART_HEIGHT = 206;
const crosshairs = new Map(); // plot -> what moves its crosshair along with another chart's

function drawChart(plot, legend, spec) {
  const width = Math.max(220, plot.clientWidth);
  const height = spec.height || CHART_HEIGHT;
  const longest = Math.max(0, ...spec.refs.map((ref) => ref.name.length));
  const beside = spec.refs.length ? Math.min(Math.max(86, 16 + 5.6 * longest), width / 3) : 14;
  const axis = spec.x || {};
  const names = (axis.dividers || []).some((divider) => divider.name); // they stand in a line of their own
  const levels = Math.max(-1, ...(axis.spans || []).map((span) => (span.name ? span.level || 0 : -1)));
  const box = { left: 52, top: (names ? 36 : 24) + 11 * (levels + 1), right: width - beside, bottom: height - 34, width, height };
  const series = spec.series.filter((one) => !spec.hidden || !spec.hidden.has(one.name));
  const stacked = spec.kind === "stack" && series.length ? stackUp(series) : null;
  const y = verticalScale(spec, stacked, box.bottom, box.top);
  const xs = [...new Set(series.flatMap((s) => s.x))].sort((a, b) => a - b);
  const [first, last] = axis.range || [xs[0] ?? 0, xs[xs.length - 1] ?? 1];
  const x = linearScale(first === last ? first - 1 : first, first === last ? last + 1 : last, box.left, box.right, width / 90);

  const root = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
  drawAxes(root, spec, x, y, box);
  // a nested svg clips what leaves the plot
  const field = svg("svg", { x: box.left, y: box.top - 3, width: box.right - box.left, height: box.bottom - box.top + 6 });
  field.setAttribute("viewBox", `${box.left} ${box.top - 3} ${box.right - box.left} ${box.bottom - box.top + 6}`);
  root.append(field);
  for (const span of axis.spans || []) drawSpan(root, field, span, x, box);
  for (const divider of axis.dividers || []) {
    const at = x.at(divider.at);
    if (divider.line) field.append(svg("line", { class: "divider", x1: at, x2: at, y1: box.top, y2: box.bottom }));
    // above the field, where no curve runs
    if (divider.name && at >= box.left - 1 && at <= box.right) root.append(svg("text", { class: "label", x: at + 3, y: box.top - 5 }, divider.name));
  }
  drawReferences(root, field, spec.refs, y, box);
  if (stacked) drawStack(field, series, stacked, x, y);
  else series.forEach((one) => drawCurve(field, one, toneOf(spec, one), x, y, 2 * width));
  plot.replaceChildren(root);
  drawLegend(legend, spec);
  if (xs.length) attachCrosshair(plot, root, { ...spec, series }, stacked, xs, x, y, box);
}

// A stretch of the axis: behind the curves over the whole height, or as a bar at the foot (kind: foot).
function drawSpan(root, field, span, x, box) {
  const [from, to] = [x.at(span.from), x.at(span.to)];
  const foot = span.kind === "foot";
  const top = foot ? box.bottom - 7 : box.top;
  field.append(svg("rect", { class: `span ${span.kind || ""}`, x: from, y: top, width: Math.max(1, to - from), height: box.bottom - top }));
  if (span.name) root.append(svg("text", { class: "label", x: (from + to) / 2, y: box.top - 5 - 11 * (span.level || 0), "text-anchor": "middle" }, span.name));
}

function toneOf(spec, series) {
  return series.tone || `tone-${(spec.series.indexOf(series) % 7) + 1}`;
}

function drawAxes(root, spec, x, y, box) {
  for (const tick of y.ticks) {
    const at = y.at(tick);
    root.append(svg("line", { class: "grid", x1: box.left, x2: box.right, y1: at, y2: at }));
    const label = formatTick(tick, spec.y.format, y.step || tick);
    root.append(svg("text", { class: "tick", x: box.left - 7, y: at + 3.5, "text-anchor": "end" }, label));
  }
  const whole = !(spec.x && spec.x.fractions); // steps are counted, hours are not
  const plain = () => x.ticks.filter((tick) => !whole || Number.isInteger(tick)).map((tick) => [x.at(tick), String(Number(tick.toPrecision(6)))]);
  for (const [at, words] of spec.x && spec.x.ticks ? spec.x.ticks(x) : plain()) {
    root.append(svg("text", { class: "tick", x: at, y: box.bottom + 15, "text-anchor": "middle" }, words));
  }
  root.append(svg("line", { class: "axis", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }));
  root.append(svg("text", { class: "label", x: 2, y: 11 }, spec.y.label + (y.log ? ", log scale" : "")));
  const under = { class: "label", x: box.right, y: box.height - 5, "text-anchor": "end" };
  root.append(svg("text", under, (spec.x && spec.x.label) || "step"));
}

function linePath(xs, ys, x, y) {
  let path = "";
  let open = false;
  for (let i = 0; i < xs.length; i += 1) {
    if (ys[i] === null || (y.log && ys[i] <= 0)) {
      open = false;
      continue;
    }
    path += `${open ? "L" : "M"}${x.at(xs[i]).toFixed(1)} ${y.at(ys[i]).toFixed(1)}`;
    open = true;
  }
  return path;
}

// One closed area for each unbroken stretch.
function areaPath(xs, low, high, x, y) {
  const parts = [];
  let open = [];
  xs.forEach((step, i) => {
    if (low[i] !== null && high[i] !== null) open.push([x.at(step), y.at(low[i]), y.at(high[i])]);
    else if (open.length) [parts[parts.length], open] = [open, []];
  });
  const point = (at, to) => `${at.toFixed(1)} ${to.toFixed(1)}`;
  return [...parts, open].filter((part) => part.length)
    .map((part) => `M${part.map((p) => point(p[0], p[2])).join("L")}L${part.reverse().map((p) => point(p[0], p[1])).join("L")}Z`).join("");
}

function drawCurve(field, series, name, x, y, limit) {
  const kept = outline(series.y, limit);
  const pick = (list) => (kept.length === list.length ? list : kept.map((i) => list[i]));
  const xs = pick(series.x);
  if (series.lo) field.append(svg("path", { class: `band ${name}`, d: areaPath(xs, pick(series.lo), pick(series.hi), x, y) }));
  field.append(svg("path", { class: `curve ${name}${series.smooth ? " raw" : ""}`, d: linePath(xs, pick(series.y), x, y) }));
  if (series.smooth) field.append(svg("path", { class: `curve ${name}`, d: linePath(xs, pick(series.smooth), x, y) }));
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
    field.append(svg("path", { class: `layer ${one.tone}`, d: areaPath(steps, widen(layers[i]), widen(layers[i + 1]), x, y) }));
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

// The names of several curves; where the chart lets them be switched off, they are buttons.
function drawLegend(legend, spec) {
  const entries = spec.series.length > 1 ? spec.series : [];
  legend.replaceChildren(...entries.map((series) => {
    const swatch = element("i", { class: `swatch ${toneOf(spec, series)}` });
    if (!spec.toggle) return element("span", {}, swatch, series.name);
    const shown = !spec.hidden.has(series.name);
    return element("button", { type: "button", "aria-pressed": String(shown), title: "Show or hide", onclick: () => spec.toggle(series.name) }, swatch, series.name);
  }));
}

function attachCrosshair(plot, root, spec, stacked, xs, x, y, box) {
  const axis = spec.x || {};
  const cursor = svg("line", { class: "cursor", y1: box.top, y2: box.bottom, visibility: "hidden" });
  const marks = spec.series.map((series) => svg("circle", { class: `mark ${toneOf(spec, series)}`, r: 3.2, visibility: "hidden" }));
  const brush = svg("rect", { class: "brush", y: box.top, height: box.bottom - box.top, visibility: "hidden" });
  root.append(brush, cursor, ...(stacked ? [] : marks));
  const places = spec.series.map((series) => new Map(series.x.map((step, i) => [step, i])));
  let current = xs.length - 1;
  let pressed = null;

  function moveTo(place) {
    const at = x.at(place);
    cursor.setAttribute("x1", at);
    cursor.setAttribute("x2", at);
    cursor.setAttribute("visibility", "visible");
    spec.series.forEach((series, i) => {
      const index = places[i].get(place);
      const value = index === undefined ? null : series.y[index];
      marks[i].setAttribute("visibility", value === null || (y.log && value <= 0) ? "hidden" : "visible");
      if (value === null) return;
      marks[i].setAttribute("cx", at);
      marks[i].setAttribute("cy", y.at(value));
    });
    return at;
  }

  function rowsAt(place) {
    const rows = [];
    let total = 0;
    spec.series.forEach((series, i) => {
      const index = places[i].get(place);
      const value = index === undefined ? null : series.y[index];
      if (value === null) return;
      total += value;
      let words = formatValue(value, spec.y.format);
      if (series.sd && series.sd[index] !== null) words += ` ± ${formatNumber(series.sd[index])}`;
      rows.push([toneOf(spec, series), series.name, words]);
      if (series.smooth) rows.push(["", "moving average", formatValue(series.smooth[index], spec.y.format)]);
    });
    if (stacked) rows.push(["", "total", formatValue(total, spec.y.format)]);
    for (const ref of spec.refs) rows.push(["dash", ref.name, formatValue(ref.value, spec.y.format)]);
    return rows;
  }

  function show(index, spoken = false) {
    current = Math.max(0, Math.min(xs.length - 1, index));
    const place = xs[current];
    const at = moveTo(place);
    const heading = axis.tip ? axis.tip(place) : `step ${place}`;
    const rows = rowsAt(place);
    fillTip(heading, rows);
    placeTip(plot.getBoundingClientRect(), at);
    if (spoken) document.getElementById("spoken").textContent = [heading, ...rows.map((row) => `${row[1]} ${row[2]}`)].join(", ");
    if (axis.key) for (const [other, follow] of crosshairs) if (other !== plot) follow(axis.key(place));
  }

  function clear() {
    for (const mark of [cursor, brush, ...marks]) mark.setAttribute("visibility", "hidden");
    pressed = null;
  }

  function leave() {
    clear();
    tip.hidden = true;
    if (axis.key) for (const [other, follow] of crosshairs) if (other !== plot) follow(null);
  }

  if (axis.find) {
    crosshairs.set(plot, (key) => {
      const place = key === null ? undefined : axis.find(key);
      if (place === undefined || place < x.low || place > x.high) clear();
      else moveTo(place);
    });
  }
  const pixel = (event) => Math.max(box.left, Math.min(box.right, event.clientX - root.getBoundingClientRect().left));
  const value = (at) => x.low + ((at - box.left) / (box.right - box.left)) * (x.high - x.low);
  root.addEventListener("pointermove", (event) => {
    const at = pixel(event);
    let best = 0;
    for (let i = 1; i < xs.length; i += 1) if (Math.abs(x.at(xs[i]) - at) < Math.abs(x.at(xs[best]) - at)) best = i;
    show(best);
    if (pressed === null) return;
    brush.setAttribute("x", Math.min(at, pressed));
    brush.setAttribute("width", Math.abs(at - pressed));
    brush.setAttribute("visibility", "visible");
  });
  root.addEventListener("pointerleave", leave);
  if (spec.zoom) {
    root.addEventListener("pointerdown", (event) => {
      pressed = pixel(event);
    });
    root.addEventListener("pointerup", (event) => {
      const [from, to] = [pressed ?? pixel(event), pixel(event)].sort((a, b) => a - b);
      pressed = null;
      brush.setAttribute("visibility", "hidden");
      if (to - from > 6) spec.zoom(value(from), value(to));
    });
    root.addEventListener("dblclick", () => spec.zoom(null));
  }
  plot.onblur = leave;
  plot.onkeydown = (event) => {
    const move = { ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: xs.length - 1 }[event.key];
    const half = (x.high - x.low) / 4;
    if (move !== undefined) show(move, true);
    else if (spec.zoom && event.key === "+") spec.zoom(xs[current] - half, xs[current] + half);
    else if (spec.zoom && (event.key === "-" || event.key === "Escape")) spec.zoom(null);
    else return;
    event.preventDefault();
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
