// Numbers as text, and small helpers to build elements. Text from a run only ever enters the page as textContent.
"use strict";

function formatNumber(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 1e6 || (size > 0 && size < 1e-4)) return value.toExponential(2);
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  if (size >= 100) return value.toFixed(1);
  if (size >= 1 || size === 0) return value.toFixed(2);
  return size >= 0.01 ? value.toFixed(3) : String(Number(value.toPrecision(3)));
}

function formatSeconds(value) {
  if (value < 60) return Number(value.toPrecision(3)) + " s";
  const minutes = Math.floor(value / 60);
  if (minutes < 60) return minutes + " min " + Math.round(value % 60) + " s";
  return Math.floor(minutes / 60) + " h " + (minutes % 60) + " min";
}

function formatValue(value, style) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (style === "percent") return Number((100 * value).toPrecision(3)) + " %";
  if (style === "seconds") return formatSeconds(value);
  if (style === "integer") return Math.round(value).toLocaleString("en");
  if (style === "scientific") return value.toExponential(1);
  return formatNumber(value);
}

// With as many digits as tell two numbers apart that differ by `step`.
function exponential(value, step) {
  const power = (number) => Math.floor(Math.log10(Math.abs(number)) + 1e-9);
  return value.toExponential(Math.max(0, Math.min(6, power(value) - power(step))));
}

// Tick labels: no more digits than the distance between two ticks needs.
function formatTick(value, style, step) {
  if (value === 0) return style === "percent" ? "0 %" : "0";
  if (style === "scientific") return exponential(value, step);
  const shown = style === "percent" ? 100 * value : value;
  const unit = style === "percent" ? 100 * step : step;
  const size = Math.abs(shown);
  if (size >= 1e6) return exponential(shown, unit);
  if (size >= 1e4) return Number((shown / 1000).toFixed(Math.max(0, Math.ceil(3 - Math.log10(unit) - 1e-9)))) + "k";
  if (size < 1e-4) return exponential(shown, unit);
  const decimals = Math.max(0, Math.min(6, -Math.floor(Math.log10(unit) + 1e-9)));
  return shown.toFixed(decimals) + (style === "percent" ? " %" : "");
}

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function svg(tag, attributes, text) {
  const made = document.createElementNS(document.getElementById("namespace").namespaceURI, tag);
  for (const [name, value] of Object.entries(attributes || {})) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}
