// What the program tells of the run in progress, in as many requests as there is news; while somebody looks.
import * as api from "./api.js";

const PAUSE = 300, PATIENCE = 30000;
const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Calls take(state, points, marks) for all news until stop().
export function follow(take) {
  let going = true, control = null, state = null, points = [], marks = [], noteSeen = 0;

  async function ask() {
    control = new AbortController();
    const timer = setTimeout(() => control.abort(), PATIENCE);
    const had = state ? `version=${state.version}&run=${state.run}&epoch=${state.epoch || 0}&points=${points.length}&notes=${noteSeen}&` : "";
    try {
      const answer = await fetch(`state?${had}look=1`, { signal: control.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      return await answer.json();
    } finally { clearTimeout(timer); }
  }

  function add(news) {
    if (state && state.button !== news.button) noteSeen = 0; // the program was started anew
    if (!state || state.run !== news.run) { points = []; marks = []; }
    const fresh = (news.notes ?? []).filter((note) => note.id > noteSeen);
    for (const note of fresh) {
      noteSeen = note.id;
      if (note.kind === "weights" || note.kind === "scale") marks.push(note.iteration);
    }
    if (news.run) {
      points.length = Math.min(points.length, news.from);
      points.push(...news.points);
    }
    api.takeSecret(news.button);
    state = news;
    take(state, points, marks, fresh);
  }

  (async () => {
    while (going) {
      if (document.hidden) { await sleep(PAUSE); continue; } // a page that nobody sees keeps no connection
      try { const news = await ask(); if (going) add(news); } catch { if (going) await sleep(1500); }
      await sleep(PAUSE);
    }
  })();
  const hide = () => { if (document.hidden) control?.abort(); };
  document.addEventListener("visibilitychange", hide);
  return () => {
    going = false;
    control?.abort();
    document.removeEventListener("visibilitychange", hide);
  };
}
