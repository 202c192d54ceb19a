// Axis scales: from values to pixels, with round ticks.
"use strict";

function roundStep(span, count) {
  const raw = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const part = raw / power;
  return (part > 7.1 ? 10 : part > 3.2 ? 5 : part > 1.4 ? 2 : 1) * power;
}

function linearScale(low, high, from, to, count) {
  const at = (value) => from + ((value - low) / (high - low)) * (to - from);
  const step = roundStep(high - low, count);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k += 1) ticks.push(k * step);
  return { at, ticks, step, low, high };
}

function logScale(low, high, from, to) {
  const [a, b] = [Math.log10(low), Math.log10(high)];
  const at = (value) => from + ((Math.log10(Math.max(value, low / 1e3)) - a) / (b - a)) * (to - from);
  const decades = b - a;
  const factors = decades < 2.5 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let power = Math.floor(a); power <= Math.ceil(b); power += Math.max(1, Math.floor(decades / 5))) {
    for (const factor of factors) {
      const tick = factor * 10 ** power;
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return { at, ticks, step: null, low, high };
}

function extent(lists) {
  let [low, high] = [Infinity, -Infinity];
  for (const list of lists) {
    for (const value of list || []) {
      if (value === null) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return [low, high];
}

// Positions that keep the outline of a long curve: the lowest and the highest of each of `limit` / 2 stretches.
function outline(values, limit) {
  if (values.length <= limit) return values.map((_, i) => i);
  const kept = [0];
  const size = (values.length - 1) / (limit / 2);
  for (let from = 1; from < values.length; from = Math.ceil(from + size)) {
    let [low, high] = [from, from];
    for (let i = from; i < Math.min(values.length, Math.ceil(from + size)); i += 1) {
      if (values[i] === null) low = i; // a gap stays a gap
      else {
        if (values[low] !== null && values[i] < values[low]) low = i;
        if (values[i] > (values[high] ?? -Infinity)) high = i;
      }
    }
    kept.push(...(low === high ? [low] : [Math.min(low, high), Math.max(low, high)]));
  }
  return kept[kept.length - 1] === values.length - 1 ? kept : [...kept, values.length - 1];
}

// The vertical scale of a chart. Reference lines far above the curves do not squeeze them: they are left outside.
function verticalScale(spec, stacked, from, to) {
  const axis = spec.y;
  const series = spec.series.filter((one) => !spec.hidden || !spec.hidden.has(one.name));
  let [low, high] = stacked ? extent(stacked) : extent(series.flatMap((s) => [s.y, s.lo, s.hi]));
  if (low > high) [low, high] = [0, 1];
  const positive = extent(series.map((s) => s.y));
  const values = spec.refs.map((ref) => ref.value).filter((value) => value !== null);
  const steep = axis.scale === "auto" && positive[0] > 0 && positive[1] / positive[0] > 50;
  if (steep || (axis.scale === "log" && !stacked && positive[1] > 0)) {
    const above = (list) => list.filter((value) => value > 0);
    const [least, most] = extent([...series.map((s) => above(s.y)), above(values)]);
    return { ...logScale(least / 1.3, most * 1.3, from, to), log: true };
  }
  const reach = high + 1.5 * Math.max(high - Math.min(low, axis.min ?? low), 1e-12);
  for (const value of values) {
    if (value <= reach) high = Math.max(high, value);
    low = Math.min(low, value);
  }
  if (axis.min !== undefined && low >= axis.min) low = axis.min;
  if (axis.max !== undefined && high <= axis.max) high = axis.max;
  if (axis.clip) [low, high] = axis.clip;
  if (high - low < 1e-12 * Math.max(1, Math.abs(high))) {
    const pad = Math.abs(high) > 0 ? Math.abs(high) * 0.1 : 1;
    [low, high] = [low === 0 ? 0 : low - pad, high + pad];
  }
  const pad = 0.06 * (high - low);
  const bottom = low === axis.min || stacked ? low : low - pad;
  return linearScale(bottom, high === axis.max ? high : high + pad, from, to, 5);
}
