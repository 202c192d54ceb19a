// Only in the live page: ask the page's own server for what the run has recorded since, and put it into the page.
"use strict";

function followRun({ data, store, curves, samples }) {
  const status = document.getElementById("live");
  const seen = new Map(); // the parts of the page as they were last written
  let { generation, offset, turn, layout } = data.live;
  let wait = data.live.every;
  let heard = Date.now();

  function say(state, words) {
    status.hidden = false;
    status.className = state;
    if (status.textContent !== words) status.textContent = words;
  }

  function replaceParts(parts) {
    for (const [id, html] of Object.entries(parts)) {
      if (seen.get(id) === html) continue;
      if (id !== "curves") document.getElementById(id).innerHTML = html;
      seen.set(id, html);
    }
  }

  function takeIn(update) {
    if (update.restarted) {
      location.reload(); // another run stands in this folder now
      return;
    }
    const changed = new Set();
    for (const line of update.lines) {
      store.append(line);
      for (const name of Object.keys(line)) changed.add(name);
    }
    replaceParts(update.parts);
    if (update.layout !== layout) curves.rebuild(update.parts.curves, update.charts);
    else if (changed.size) curves.refresh(changed);
    for (const batch of update.samples) samples.add(batch);
    ({ generation, offset, turn, layout } = update);
    heard = Date.now();
    wait = update.state === "running" || update.state === "stale" ? data.live.every : 5 * data.live.every;
    say(update.state, update.words);
  }

  async function ask() {
    try {
      const answer = await fetch(`updates?generation=${generation}&offset=${offset}&turn=${turn}&layout=${layout}`);
      if (answer.ok) takeIn(await answer.json());
      else say("failed", await answer.text());
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const minutes = Math.round((Date.now() - heard) / 60000);
      say("failed", `Not connected${minutes ? ` for ${minutes} min` : ""}: the server of this page has stopped`);
    }
    setTimeout(ask, 1000 * wait);
  }

  ask();
}

followRun(page);
