// The studio: what is known, where one is, and the news of the program.
import * as api from "./api.js";
import { icon, later, make } from "./dom.js";
import { begin as beginForecast } from "./forecast.js";
import { partOf } from "./format.js";
import { takePastes } from "./intake.js";

const routes = {
  make: { title: "Make", load: () => import("./make.js") },
  try: { title: "Try", load: () => import("./sheet.js") },
  paint: { title: "Paint", load: () => import("./paint.js") },
  gallery: { title: "Gallery", load: () => import("./gallery.js") },
  masks: { title: "Regions", load: () => import("./masks.js") },
};
const id = (name) => document.getElementById(name);
const EMPTY = { content: null, styles: [], options: {} };
const KEPT = "pastiche-studio-run"; // the run being prepared is there again tomorrow

const listeners = {};
const app = {
  api,
  state: { studio: null, shelf: [], queue: { paused: false, current: null, runs: [] }, forecast: null, gone: false },
  run: structuredClone(EMPTY),
  args: [],
  fresh: true, // nobody has prepared a run in this browser

  on(name, listener) {
    (listeners[name] ??= new Set()).add(listener);
    return () => listeners[name].delete(listener);
  },
  tell(name, data) { for (const listener of [...(listeners[name] ?? [])]) listener(data); },

  go(route, ...args) {
    const hash = `#${[route, ...args.map(encodeURIComponent)].join("/")}`;
    if (location.hash === hash) show(); else location.hash = hash;
  },

  speak(text) { id("spoken").textContent = text; }, // for who does not see

  say(text, { wrong = false, action, run } = {}) {
    app.speak(text);
    const toast = make("div", { class: wrong ? "toast wrong" : "toast" }, make("p", { text }));
    const close = () => toast.remove();
    if (action) toast.append(make("button", { class: "quiet", text: action, onclick: () => { close(); run(); } }));
    toast.append(make("button", { class: "icon quiet", "aria-label": "Close this message", onclick: close }, icon("close")));
    const all = id("toasts");
    all.append(toast);
    while (all.children.length > 3) all.firstElementChild.remove();
    let timer = 0;
    const stay = (milliseconds) => { clearTimeout(timer); timer = setTimeout(close, milliseconds); };
    for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, () => stay(20000)); // longer for who reads, but not for ever
    for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, () => stay(5000));
    stay(wrong || action ? 12000 : 5000);
  },

  // Says what went wrong with something that was asked for; undefined then.
  async attempt(promise) {
    try { return await promise; } catch (problem) {
      if (!(problem instanceof api.Failure)) throw problem;
      app.say(problem.message, { wrong: true });
      return undefined;
    }
  },

  ask({ title, text, yes = "Yes", no = "Cancel" }) {
    id("ask-title").textContent = title;
    id("ask-text").textContent = text;
    id("ask-yes").textContent = yes;
    id("ask-no").textContent = no;
    return new Promise((done) => {
      const dialog = id("ask");
      dialog.returnValue = "";
      id("ask-yes").onclick = () => dialog.close("yes");
      id("ask-no").onclick = () => dialog.close("");
      dialog.onclose = () => done(dialog.returnValue === "yes");
      dialog.showModal();
    });
  },

  image(image) { return app.state.shelf.find((entry) => entry.id === image) ?? null; },
  option(name) {
    for (const group of app.state.studio.groups) for (const row of group.options) if (row.name === name) return row;
    return null;
  },
  // As the run has it, or else its default, as text.
  value(name) { return app.run.options[name] ?? app.option(name)?.default ?? ""; },

  setRun(run) {
    app.run = { ...structuredClone(EMPTY), ...structuredClone(run) };
    try { localStorage.setItem(KEPT, JSON.stringify(app.run)); } catch { /* where storage is forbidden it lasts as long as the page */ }
    app.tell("run");
  },
  setOptions(options) {
    const all = { ...app.run.options, ...options };
    for (const name in all) if (all[name] === null) delete all[name];
    app.setRun({ ...app.run, options: all });
  },
  loadRun(run) {
    app.setRun(run);
    app.go("make");
    app.say("The settings are loaded.");
  },
  async queueRun(run = app.run) {
    const entry = await app.attempt(api.post(api.at("runs"), run));
    if (!entry) return;
    await readQueue();
    app.go("paint", entry.id);
  },

  // An image that has just come to the shelf.
  add(entry) {
    readShelf.forget();
    soon.shelf();
    app.state.shelf = [entry, ...app.state.shelf.filter((other) => other.id !== entry.id)];
    app.tell("shelf");
  },
};

/* ---- where one is ---- */

let view = null, shown = "";
async function show() {
  const [name, ...args] = location.hash.slice(1).split("/").map((part) => { try { return decodeURIComponent(part); } catch { return part; } });
  const route = routes[name] ? name : "make";
  app.args = args;
  if (view) view.unmount();
  view = null;
  for (const link of document.querySelectorAll("nav [data-route]")) {
    if (link.dataset.route === route) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
  }
  document.title = `${routes[route].title} – pastiche studio`;
  document.body.dataset.route = route;
  const container = make("div", { class: `view ${route}-view` });
  id("view").replaceChildren(container);
  if (shown && shown !== route) { id("view").focus({ preventScroll: true }); scrollTo(0, 0); }
  shown = route;
  try {
    const module = await routes[route].load();
    if (shown !== route || !container.isConnected) return; // one has gone on already
    view = module;
    await view.mount(container, app);
  } catch (problem) {
    if (!(problem instanceof api.Failure)) throw problem;
    container.replaceChildren(make("p", { class: "banner wrong", text: problem.message }));
  }
}

/* ---- news ---- */

async function readStudio() { app.state.studio = await api.get(api.at("studio")); }
// Answers may overtake each other: the one that was asked for last counts.
function newest(read, take) {
  let asked = 0;
  const ask = async () => {
    const number = ++asked, answer = await read();
    if (number === asked) take(answer);
  };
  ask.forget = () => { asked++; }; // what is on its way is older than what the page did meanwhile
  return ask;
}
const readShelf = newest(() => api.get(api.at("shelf")), ({ images }) => {
  app.state.shelf = images;
  const cleaned = cleanRun(app.run);
  if (JSON.stringify(cleaned) !== JSON.stringify(app.run)) app.setRun(cleaned);
  app.tell("shelf");
});
async function waitUntilReady() { // the device takes a moment to open
  while (app.state.studio.ready === false) {
    await sleep(700);
    await readStudio().catch(() => {});
  }
  app.tell("forecast");
}
const readQueue = newest(() => api.get(api.at("runs")), (queue) => takeQueue(queue));

let stateBefore = new Map();
function takeQueue(queue) {
  app.state.queue = queue;
  for (const entry of queue.runs) {
    const before = stateBefore.get(entry.id);
    if (before && before !== entry.state && !entry.sheet && shown !== "paint") { // there one sees it
      if (entry.state === "done") app.say(`${entry.title} is painted.`);
      if (entry.state === "failed") app.say(`${entry.title} failed: ${entry.error}`, { wrong: true });
    }
  }
  stateBefore = new Map(queue.runs.map((entry) => [entry.id, entry.state]));
  id("problem").hidden = !queue.problem; // why the program paused the queue by itself
  id("problem").textContent = queue.problem ? `The queue is paused: ${queue.problem}` : "";
  showBadge();
  app.tell("queue");
}

function showBadge() {
  const open = app.state.queue.runs.filter((entry) => ["waiting", "painting", "paused"].includes(entry.state));
  const now = open.find((entry) => entry.id === app.state.queue.current), badge = id("badge");
  badge.hidden = open.length === 0;
  badge.textContent = app.state.queue.paused ? "paused" : now ? `${Math.floor(100 * partOf(now))} %` : String(open.length);
}

function setGone(gone) {
  if (app.state.gone === gone) return;
  app.state.gone = gone;
  id("gone").hidden = !gone;
  app.tell("gone", gone);
}

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const soon = { shelf: later(() => readShelf().catch(() => {}), 100) };

let opened = false;
function take(name, data) {
  if (name === "open") { if (opened) comeBack(); opened = true; return; } // what came meanwhile was missed
  if (name === "queue") readQueue().catch(() => {}); // events leave out the commands
  if (name === "shelf") soon.shelf();
  if (name === "progress") {
    const entry = app.state.queue.runs.find((one) => one.id === data.id);
    if (entry) Object.assign(entry, data);
    showBadge();
  }
  if (name === "results" || name === "progress" || name === "fetch") app.tell(name, data);
}

async function comeBack() {
  try {
    await Promise.all([readStudio(), readShelf(), readQueue()]);
    setGone(false);
    app.tell("results", {});
  } catch { /* lost() goes on trying */ }
}

let waits = false;
async function lost(events) {
  if (waits) return;
  waits = true;
  for (let tries = 0; ; tries++) {
    try { await readStudio(); break; } catch (problem) { if (problem.code === 0 || tries > 0) setGone(true); }
    await sleep(1500);
  }
  waits = false;
  await comeBack();
  events.open();
}

/* ---- beginning ---- */

// Images that are no longer on the shelf leave the run.
function cleanRun(run) {
  const here = (image) => app.image(image) !== null;
  const kept = run.styles.map((style) => here(style.id));
  const cleaned = { ...run, content: here(run.content) ? run.content : null, styles: run.styles.filter((_, i) => kept[i]) };
  if (!here(run.content_mask) || !cleaned.content || kept.includes(false)) { delete cleaned.content_mask; delete cleaned.style_masks; }
  return cleaned;
}

async function begin() {
  look.dress();
  id("theme").addEventListener("click", () => app.speak(look.nextTheme()));
  for (;;) {
    try { await Promise.all([readStudio(), readShelf(), readQueue()]); break; } catch (problem) {
      if (!(problem instanceof api.Failure)) throw problem;
      setGone(true);
      await sleep(1500);
    }
  }
  setGone(false);
  try {
    const kept = localStorage.getItem(KEPT);
    app.fresh = !kept;
    app.run = cleanRun({ ...EMPTY, ...JSON.parse(kept || "{}") });
  } catch { app.run = structuredClone(EMPTY); }
  const { version, folder, device } = app.state.studio;
  id("about").textContent = `pastiche ${version} on ${device}. Everything you make lies in ${folder}`;
  beginForecast(app);
  takePastes(app);
  addEventListener("hashchange", show);
  const events = api.listen(["queue", "progress", "shelf", "results", "fetch"], take, () => lost(events));
  await show();
  waitUntilReady();
}

begin();
