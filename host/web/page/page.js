// Asks for news, one request at a time, and shows them.
"use strict";

const id = (name) => document.getElementById(name);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const PAUSE_MS = 300, PAUSE_UNSEEN_MS = 3000, PATIENCE_MS = 30000;

let state = null, points = [], marks = [], noteSeen = 0;
let button = "";                        // the secret that buttons need; another one means another program
let side = "result", whole = false;     // what the frame shows
let imageShown = "", imageLoading = false;
let spokenAt = 0, spokenTenth = 0, wake = null;

/* ---- small things ---- */

function speak(text) { id("spoken").textContent = text; }

function timeText(seconds) {
  if (seconds === null || !isFinite(seconds)) return "–";
  const whole = Math.round(seconds), pad = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

const isOver = () => state !== null && ["done", "stopped", "failed"].includes(state.phase);
const isPainting = () => state !== null && state.phase === "painting";

function setStatus(text, wrong) {
  id("status").textContent = text;
  id("status").classList.toggle("wrong", Boolean(wrong));
}

/* Only what changed is touched, so that a screen reader's place and the layout stay. */
function put(name, text) { if (id(name).textContent !== text) id(name).textContent = text; }

/* ---- buttons ---- */

async function press(name, body) {
  try {
    const answer = await fetch(name, { method: "POST", headers: { "X-Pastiche-Button": button }, body: body || "" });
    return answer.ok ? "" : (await answer.text()).trim();
  } catch { return "The program does not answer."; }
}

async function pressAloud(name) {
  const problem = await press(name);
  if (problem) addNote({ iteration: state.iteration, kind: "problem", text: problem });
}

const chart = makeChart(id("chart"), id("legend").tBodies[0]);
const weights = makeWeights((body) => press("weights", body));
const canKeep = () => isPainting() && state.iteration >= 1;
const canLeave = () => isOver() && state.stays;

function askStop() {
  if (canLeave()) pressAloud("leave");
  else if (isPainting() && !id("ask").open) id("ask").showModal();
}
function keep() {
  if (!canKeep()) return;
  pressAloud("keep");
}
function toggleZoom() {
  whole = !whole;
  id("zoom").setAttribute("aria-pressed", String(whole));
  id("frame").classList.toggle("whole", whole);
  id("frame").tabIndex = whole ? 0 : -1;
  showImage();
}
function toggleSide(name) {
  side = side === name ? "result" : name;
  for (const thumb of id("thumbs").children) thumb.setAttribute("aria-pressed", String(thumb.dataset.side === side));
  showImage();
}
function nextTheme() { speak(look.nextTheme()); if (state) showLosses(); }

id("keep").addEventListener("click", keep);
id("stop").addEventListener("click", askStop);
id("zoom").addEventListener("click", toggleZoom);
id("theme").addEventListener("click", nextTheme);
id("ask-yes").addEventListener("click", () => { id("ask").close(); pressAloud("stop"); });
id("ask-no").addEventListener("click", () => id("ask").close());
id("keys").checked = look.keys;
id("keys").addEventListener("change", () => look.setKeys(id("keys").checked));
look.setKeys(look.keys);
look.dress();

const keys = {
  k: keep, s: askStop, z: toggleZoom, t: nextTheme, c: () => toggleSide("content"),
  1: () => weights.focus(0), 2: () => weights.focus(1), 3: () => weights.focus(2), 0: () => weights.reset(),
};
document.addEventListener("keydown", (event) => {
  if (!look.keys || event.ctrlKey || event.altKey || event.metaKey || event.repeat || id("ask").open) return;
  if (event.target instanceof HTMLInputElement && event.target.type === "text") return;
  const action = keys[event.key.toLowerCase()];
  if (!action) return;
  event.preventDefault();
  action();
});

/* ---- images ---- */

async function load(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(url);
  const address = URL.createObjectURL(await answer.blob());
  try {
    const image = new Image();
    image.src = address;
    await image.decode(); // so that it replaces the old one whole
    return image;
  } finally { URL.revokeObjectURL(address); }
}

function wantedImage() {
  const size = whole ? "&whole=1" : "";
  if (side === "content") return { url: `image/content?run=${state.run}${size}`, text: `The content, ${state.content}` };
  if (side.startsWith("style")) {
    const index = Number(side.slice(5));
    return { url: `image/style?index=${index}&run=${state.run}${size}`, text: `A style, ${state.styles[index]}` };
  }
  const image = state.image;
  return image && { url: `image/result?version=${image.version}${size}`, text: `The image after ${image.iteration} iterations` };
}

async function showImage() {
  if (imageLoading || !state || !state.run) return;
  imageLoading = true;
  for (let wanted; (wanted = wantedImage()) && wanted.url !== imageShown;) {
    try {
      const image = await load(wanted.url);
      image.alt = wanted.text;
      id("frame").replaceChildren(image);
      imageShown = wanted.url;
    } catch { // the next news bring another chance; those that came meanwhile may have been the last
      if (wantedImage()?.url === wanted.url) break;
    }
  }
  imageLoading = false;
}

async function showThumbs() {
  const sides = [["content", state.content, `image/content?run=${state.run}`]];
  state.styles.forEach((name, i) => sides.push(["style" + i, name, `image/style?index=${i}&run=${state.run}`]));
  id("thumbs").replaceChildren(...sides.map(([name, title]) => {
    const thumb = document.createElement("button"), image = document.createElement("span"), text = document.createElement("span");
    thumb.type = "button";
    thumb.dataset.side = name;
    thumb.setAttribute("aria-pressed", "false");
    image.className = "image";
    text.className = "name";
    const words = document.createElement("span");
    words.textContent = title;
    text.append(words);
    thumb.title = `Show ${title} in the frame`;
    if (name === "content") {
      const key = document.createElement("kbd");
      key.textContent = "C";
      text.append(key);
    }
    thumb.append(image, text);
    thumb.addEventListener("click", () => toggleSide(name));
    return thumb;
  }));
  for (let i = 0; i < sides.length; i++) {
    try {
      const image = await load(sides[i][2]);
      image.alt = "";
      id("thumbs").children[i].firstElementChild.replaceChildren(image);
    } catch { /* its name is there */ }
  }
}

/* ---- news ---- */

function addNote(note) {
  const line = document.createElement("li"), when = document.createElement("span"), what = document.createElement("span");
  const words = { kept: "Kept as ", weights: "Weights from here on: ", scale: "", problem: "", other: "" };
  line.className = note.kind;
  when.textContent = note.iteration || "";
  what.textContent = words[note.kind] + note.text;
  line.append(when, what);
  id("notes").prepend(line);
  while (id("notes").children.length > 50) id("notes").lastElementChild.remove();
}

function takeNotes(notes) {
  for (const note of notes) {
    if (note.id <= noteSeen) continue;
    noteSeen = note.id;
    addNote(note);
    if (note.kind === "weights" || note.kind === "scale") marks.push(note.iteration);
  }
}

function showLosses() {
  chart.show({ terms: state.terms, values: state.values, loss: state.loss, points, marks, iteration: state.iteration, iterations: state.iterations });
}

/* Where the image is worked on in tiles: what each device of each process did. */
function showShares() {
  const table = id("shares"), ranks = state.shares.some(([rank]) => rank > 0);
  table.hidden = state.shares.length === 0;
  table.tBodies[0].replaceChildren();
  for (const [rank, device, tiles, ...seconds] of state.shares) {
    const row = table.tBodies[0].insertRow(), name = document.createElement("th"), all = seconds.reduce((a, b) => a + b, 0);
    name.scope = "row";
    name.textContent = ranks ? `Process ${rank}, device ${device}` : `Device ${device}`;
    row.append(name);
    for (const text of [tiles, ...seconds.map((s) => `${all > 0 ? Math.round((100 * s) / all) : 0} %`)]) row.insertCell().textContent = text;
  }
}

function showFacts() {
  const pace = state.pace || 0;
  const known = isPainting() && state.seconds_left !== null; // later scales take longer, so time tells better than iterations
  const unknown = isPainting() && !known && state.iteration > 1; // for a moment, at a new scale: what was known stands
  const part = known ? state.seconds / (state.seconds + state.seconds_left) : state.iterations > 0 ? state.iteration / state.iterations : 0;
  const figure = pace >= 1 ? pace : pace > 0 ? 1 / pace : 0, digits = figure < 10 ? 2 : figure < 100 ? 1 : 0;
  put("iteration", state.iteration ? String(state.iteration) : "–");
  put("iterations", `of ${state.iterations}`);
  if (!unknown) put("left", isPainting() ? timeText(state.seconds_left) : "–");
  if (pace || state.iteration < 2) put("pace", pace ? `${figure.toFixed(digits)} ${pace >= 1 ? "it/s" : "s/it"}` : "–");
  put("loss", chart.short(state.loss));
  const scales = state.scale_count > 1, size = scales ? `${state.scale_width}×${state.scale_height}` : `${state.width}×${state.height}`;
  put("scale-name", scales ? "Scale" : "Size");
  put("scale", scales ? `${state.scale} of ${state.scale_count}` : size);
  put("size", scales ? size : "");
  if (!unknown) id("done").style.width = `${100 * part}%`;
  id("bar").setAttribute("aria-valuemax", state.iterations);
  id("bar").setAttribute("aria-valuenow", state.iteration);
  if (!unknown) document.title = `${isPainting() ? `${Math.floor(100 * part)} % ` : isOver() ? "Done " : ""}${state.output} – pastiche`;
}

function showPhase() {
  const words = {
    preparing: state.message ? `Getting ready: ${state.message}` : "Getting ready",
    painting: `Painting ${state.output}`,
    done: `${state.output} is painted, ${state.message}`,
    stopped: `${state.output} is written, ${state.message}`,
    failed: `It failed: ${state.message}`,
  };
  setStatus(words[state.phase], state.phase === "failed");
  id("keep").disabled = !canKeep();
  id("stop").disabled = !isPainting() && !canLeave();
  const label = canLeave() ? "End the program " : "Stop ";
  if (id("stop").firstChild.data !== label) id("stop").firstChild.data = label;
  if (!isPainting() && id("ask").open) id("ask").close();
}

/* A screen reader hears of every tenth, of the end, and of messages, which are a log. */
function announce(before) {
  const tenth = Math.floor((10 * state.iteration) / state.iterations);
  if (before !== state.phase && state.phase !== "preparing") speak(id("status").textContent);
  else if (isPainting() && tenth > spokenTenth && Date.now() - spokenAt > 15000)
    speak(`${state.iteration} of ${state.iterations} iterations, ${timeText(state.seconds_left)} left`);
  else return;
  spokenTenth = tenth;
  spokenAt = Date.now();
}

function take(news) {
  if (button && news.button !== button) { location.reload(); return; } // another program at the same place
  const before = state;
  button = news.button;
  state = news;
  if (news.run) {
    if (!before || before.run !== news.run) {
      points = [];
      marks = [];
      side = "result";
      spokenTenth = 0;
      id("frame").style.setProperty("--ratio", news.width / news.height);
      id("about").textContent = `${news.network} on ${news.device}`;
      delete document.body.dataset.empty;
      weights.begin();
      showThumbs();
    }
    points.length = news.from;
    points.push(...news.points);
    takeNotes(news.notes);
    showFacts();
    showShares();
    showLosses();
    weights.update(news, isPainting());
  } else takeNotes(news.notes);
  showPhase();
  if (news.run) announce(before && before.phase);
  showImage();
}

function lost() {
  if (isOver()) setStatus(`The program has ended. ${id("status").textContent.replace(/^The program has ended\. /, "")}`, state.phase === "failed");
  else setStatus(state ? "The program does not answer; trying again" : "Nothing is painted here; trying again", true);
  for (const name of ["keep", "stop"]) id(name).disabled = true;
}

async function ask() {
  const control = new AbortController(), timer = setTimeout(() => control.abort(), PATIENCE_MS);
  wake = () => control.abort();
  try {
    const had = state ? `version=${state.version}&run=${state.run}&epoch=${state.epoch || 0}&points=${points.length}&notes=${noteSeen}` : "";
    const answer = await fetch(`state?${had}&look=${document.hidden ? 0 : 1}`, { signal: control.signal });
    if (!answer.ok) throw new Error(answer.statusText);
    return await answer.json();
  } finally { clearTimeout(timer); wake = null; }
}

document.addEventListener("visibilitychange", () => { if (wake) wake(); });

(async () => {
  for (;;) {
    try { take(await ask()); } catch (problem) {
      if (problem.name === "AbortError") continue;
      lost();
      await sleep(1500);
    }
    await sleep(document.hidden ? PAUSE_UNSEEN_MS : PAUSE_MS);
  }
})();
