// Start: read the data, keep the reader's choices in the address, draw the curves, open the sample browser.
"use strict";

// The part of the address after #: a place on the page, and what the reader has chosen, so that a view can be shared.
function addressLink() {
  let chosen = new URLSearchParams(location.hash.slice(1));
  const write = () => {
    const parts = [...chosen].map(([key, value]) => (value === "" ? key : `${key}=${encodeURIComponent(value)}`));
    history.replaceState(null, "", `#${parts.join("&")}`);
  };
  return {
    get: (key, otherwise) => chosen.get(key) ?? otherwise,
    set: (key, value, otherwise) => {
      if (value === otherwise) chosen.delete(key);
      else chosen.set(key, value);
      write();
    },
    place: () => [...chosen].find(([, value]) => value === "")?.[0],
    goTo: (id) => {
      chosen = new URLSearchParams([[id, ""], ...[...chosen].filter(([, value]) => value !== "")]);
      write();
      document.getElementById(id)?.scrollIntoView();
    },
  };
}

function colourScheme() {
  const button = document.getElementById("scheme");
  const paint = (name) => {
    document.documentElement.dataset.scheme = name;
    button.textContent = name === "dark" ? "Light" : "Dark";
  };
  const read = () => { try { return localStorage.getItem("scheme"); } catch { return null; } };
  paint(read() || (window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"));
  button.addEventListener("click", () => {
    paint(document.documentElement.dataset.scheme === "dark" ? "light" : "dark");
    try { localStorage.setItem("scheme", document.documentElement.dataset.scheme); } catch { /* not allowed here */ }
  });
}

function start() {
  const data = JSON.parse(document.getElementById("data").textContent);
  const link = addressLink();
  const store = new Store(data.store, data.trainers);
  colourScheme();
  const top = document.querySelector(".top");
  const measure = () => document.documentElement.style.setProperty("--top", `${getComputedStyle(top).position === "sticky" ? top.offsetHeight : 0}px`);
  measure();
  window.addEventListener("resize", measure);
  document.getElementById("nav").addEventListener("click", (event) => {
    if (!event.target.hash) return;
    event.preventDefault();
    link.goTo(event.target.hash.slice(1));
  });
  window.addEventListener("hashchange", () => location.reload()); // an address that the reader has typed or followed
  const curves = curvePanels(data, store, link);
  const samples = sampleBrowser(data, link);
  if (link.place()) document.getElementById(link.place())?.scrollIntoView();
  return { data, store, curves, samples };
}

const page = start();
