"""What a panel of an open page shows, for the tests of the report in a browser."""

import json

DRAWN = """(title => {
  const figures = [...document.querySelectorAll("figure.panel")];
  const figure = figures.find(one => one.querySelector("h3").textContent === title);
  const all = (query) => [...figure.querySelectorAll(query)];
  const read = (query) => all(query).map(one => one.textContent);
  return {
    curves: all("path.curve, path.layer").map(one => one.getAttribute("d")),
    bands: all("path.band").length,
    steps: read("text.tick[text-anchor=middle]"),
    labels: read("text.label"),
    dividers: all("line.divider").length,
    references: all("line.reference").length,
    legend: read(".legend > *"),
    last: read(".last")[0],
  };
})"""


def drawn(tab, title: str) -> dict:
    """Return what a panel shows: its curves' paths, its tick labels and labels, its last value."""
    return tab.value(f"{DRAWN}({json.dumps(title)})")
