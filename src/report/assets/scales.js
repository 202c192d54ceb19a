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

// The vertical scale of a chart. Reference lines far above the curves do not squeeze them: they are left outside.
function verticalScale(spec, stacked, from, to) {
  const axis = spec.y;
  const series = spec.series;
  let [low, high] = stacked ? extent(stacked) : extent(series.flatMap((s) => [s.y, s.lo, s.hi]));
  if (low > high) [low, high] = [0, 1];
  const positive = extent(series.map((s) => s.y));
  const values = spec.refs.map((ref) => ref.value).filter((value) => value !== null);
  if (axis.scale === "auto" && positive[0] > 0 && positive[1] / positive[0] > 50) {
    const [least, most] = extent([positive, values.filter((value) => value > 0)]);
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
