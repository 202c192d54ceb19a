// A session of several turns as one thing: the series with what was read of it, and round by round what was said.
"use strict";

const tidy = (name) => name.replaceAll("_", " ");
const interval = (segment) => (segment ? `[${segment[0]}, ${segment[1]})` : "");

// Numbers of segments stand above them; where two would cover each other the later one stands higher.
function numbered(segments, length) {
  const near = length / 30;
  const placed = [];
  return segments.map(([from, to], i) => {
    const middle = (from + to) / 2;
    let level = 0;
    while (placed.some((one) => one.level === level && Math.abs(one.middle - middle) < near)) level += 1;
    placed.push({ middle, level });
    return { from, to, name: String(i + 1), level, kind: "read" };
  });
}

function pathSpec(path, shared) {
  return {
    kind: "line",
    height: 300,
    x: {
      label: "time step", range: [0, path.length], tip: (step) => `time step ${step}`,
      spans: [...numbered(path.segments, path.length), ...path.evidence.map(([from, to]) => ({ from, to, kind: "foot" }))],
    },
    y: { label: [shared.dataset, shared.channel].filter(Boolean).join(", ") + " (original units)", format: "number" },
    series: [{ name: "series", tone: "tone-past", x: path.places, y: path.values }],
    refs: [],
    cut: false,
  };
}

function pathWords(path) {
  const read = path.segments.length ? `${path.segments.length} read, numbered in their order` : "none was read";
  const known = path.evidence.length ? "the bars at the foot are where the answer stands" : "where the answer stands is not known";
  return `Segments: ${read}; ${known}.`;
}

function factsTable(facts) {
  const rows = Object.entries(facts).map(([name, value]) => element("tr", {}, element("th", { scope: "row" }, tidy(name)), element("td", {}, formatNumber(value))));
  return rows.length ? element("table", { class: "terms narrow" }, element("caption", {}, "What the session came to"), element("tbody", {}, ...rows)) : null;
}

function countsLine(counts) {
  const parts = Object.entries(counts).map(([name, value]) => `${tidy(name)} ${Number.isInteger(value) ? value : formatNumber(value)}`);
  return parts.length ? element("p", { class: "facts-line" }, parts.join(" · ")) : null;
}

function saidList(said) {
  let round = 0;
  let first = said.length ? said[0].role : "";
  return element("ol", { class: "turns" }, ...said.map((one) => {
    if (one.role === first) round += 1;
    const asks = one.segment ? element("span", { class: "badge" }, `reads ${interval(one.segment)}`) : null;
    return element("li", { class: one.role === first ? "leads" : "" },
      element("h4", {}, element("span", { class: "round" }, one.role === first ? `Round ${round}` : ""), tidy(one.role), asks),
      element("pre", { class: "reasoning" }, one.text || "Nothing."));
  }));
}

function rowBlock(row) {
  const facts = [`reward ${formatNumber(row.score)}`, ...Object.entries(row.terms).map(([name, value]) => `${tidy(name)} ${formatNumber(value)}`)];
  if (row.kept !== null) facts.push(row.kept ? `trained on${row.weight === null ? "" : `, weight ${formatNumber(row.weight)}`}` : "not trained on");
  return element("li", {},
    element("h4", {}, [tidy(row.role), row.turn === null ? "" : `turn ${row.turn + 1}`].filter(Boolean).join(", ")),
    element("p", { class: "facts-line" }, facts.join(" · ")),
    element("pre", { class: "reasoning" }, row.response || "Nothing."),
    element("details", {}, element("summary", {}, "Prompt"), element("pre", {}, row.prompt)));
}

// What stands between the picture and the last answer: nothing for a sample of one row.
function sessionParts(sample) {
  const rows = sample.rows.map(rowBlock);
  const list = () => element("ol", { class: "turns" }, ...rows);
  if (!sample.path) return rows.length ? [element("h4", {}, "Turn by turn"), list()] : [];
  const all = rows.length ? [element("details", { class: "rows" }, element("summary", {}, `All ${rows.length} rows of the session, as they are trained on`), list())] : [];
  return [element("p", { class: "facts-line" }, pathWords(sample.path)), factsTable(sample.path.facts), countsLine(sample.counts), saidList(sample.path.said), ...all].filter(Boolean);
}
