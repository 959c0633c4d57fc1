// Paint: the image as it comes, what can be done with it, and the queue.
import * as api from "./api.js";
import { icon, make } from "./dom.js";
import { clockText, partOf, timeText } from "./format.js";
import { follow } from "./live.js";
import { isFinished, queuePart, stateText } from "./queue.js";
import { makeViewer } from "./viewer.js";

let leave = () => {};

const fact = (title, ...children) => {
  const value = make("dd", {}, ...children);
  return { place: make("div", {}, make("dt", { text: title }), value), value };
};
const action = (glyph, text, onclick, primary) => make("button", { class: primary ? "primary" : "", onclick }, glyph && icon(glyph), make("span", { text }));

// The three sliders of the live page, whose module finds them by their ids.
function weightsForm() {
  const rows = ["Content", "Style", "Smoothness"].map((name, i) => make("div", { class: "weight" },
    make("label", { for: `w${i}`, text: name }), make("input", { type: "range", id: `w${i}`, min: -3, max: 3, step: 0.05, value: 0 }),
    make("input", { type: "text", id: `n${i}`, inputmode: "decimal", size: 9, "aria-label": `${name} weight, as a number` })));
  return make("form", { id: "weights-form", autocomplete: "off" }, rows,
    make("div", { class: "row" }, make("p", { id: "weights-note", class: "hint", text: "Holds from the next round on." }),
      make("button", { id: "reset", class: "quiet", text: "As begun", disabled: true })));
}

export async function mount(container, app) {
  let selected = app.args[0] ?? null, live = null, shown = null, painted = null;
  const find = (id) => app.state.queue.runs.find((entry) => entry.id === id);
  const runs = () => app.state.queue.runs.filter((entry) => !entry.sheet);
  const chosen = () => find(selected) ?? runs().find((entry) => entry.id === app.state.queue.current) ?? runs().find((entry) => !isFinished(entry)) ?? runs().findLast(isFinished) ?? null;

  /* ---- what there is to see ---- */

  const title = make("h2", { class: "paint-title" }), status = make("p", { class: "paint-status", role: "status" });
  const stage = make("div", { class: "stage-image" }), viewer = makeViewer(stage), bar = make("div", { class: "bar", role: "progressbar", "aria-label": "Progress", "aria-valuemin": 0, "aria-valuemax": 100 }, make("div"));
  const round = fact("Round", "–"), left = fact("Time left", "–"), pace = fact("Pace", "–"), size = fact("Size", "–");
  const facts = make("dl", { class: "facts" }, round.place, left.place, pace.place, size.place);
  const actions = make("div", { class: "toolbar actions" }), trouble = make("div", { class: "trouble", hidden: true });
  const empty = make("div", { class: "invitation big" }, icon("brush"), make("p", { class: "invitation-title", text: "Nothing is being painted" }),
    make("p", { class: "hint", text: "What you paint appears here while it comes into being." }),
    make("div", { class: "toolbar" }, make("button", { class: "primary", text: "Make an image", onclick: () => app.go("make") }), make("button", { text: "See the gallery", onclick: () => app.go("gallery") })));
  const legend = make("table", { id: "legend" }, make("caption", { class: "unseen", text: "Loss terms at the last round" }), make("tbody"));
  const place = make("div", { id: "chart", role: "img", "aria-label": "The losses over the rounds, on a logarithmic scale; the table has the values" });
  const notes = make("ol", { class: "notes", role: "log", "aria-label": "Messages", tabIndex: 0 });
  const queue = queuePart(app, (id) => { selected = id; show(); });
  const weightsPanel = make("details", { class: "panel fold" }, make("summary", {}, make("span", { text: "Change the weights while it paints" })), make("div", { class: "fold-inside" }, weightsForm()));
  const curves = make("details", { class: "panel fold", open: matchMedia("(min-width: 64rem)").matches }, make("summary", {}, make("span", { text: "How it comes closer" })), make("div", { class: "fold-inside" }, place, legend, notes));
  const work = make("section", { class: "stage", "aria-label": "The image" }, make("div", { class: "stage-head" }, title, status), trouble, stage, bar, facts, actions);
  container.append(make("div", { class: "stage-place" }, work, empty), make("aside", { class: "paint-side", "aria-label": "Queue and progress" }, queue.place, weightsPanel, curves));

  const chart = window.makeChart(place, legend.tBodies[0]);
  const pressed = async (name, body) => { try { await api.press(name, body); return ""; } catch (problem) { return problem.message; } };
  const weights = window.makeWeights((body) => pressed("weights", body));

  /* ---- what can be done ---- */

  const again = (entry) => app.loadRun(entry.run);
  async function finishNow() {
    if (!await app.ask({ title: "Finish now?", text: "The best image so far becomes the result.", yes: "Finish now", no: "Go on" })) return;
    const problem = await pressed("stop");
    if (problem) app.say(problem, { wrong: true });
  }
  async function keep() {
    const problem = await pressed("keep");
    if (problem) app.say(problem, { wrong: true });
  }
  const setPaused = (paused) => app.attempt(api.post(api.at("queue"), { paused }));
  function actionsOf(entry) {
    if (entry.state === "painting") return [
      action("check", "Finish now", finishNow, true), action("copy", "Keep this state", keep), action("pause", "Pause", () => setPaused(true)), action("close", "Cancel", () => queue.cancel(entry))];
    if (entry.state === "paused") return [action("play", "Go on", () => setPaused(false), true), action("close", "Cancel", () => queue.cancel(entry))];
    if (entry.state === "waiting") return [
      app.state.queue.paused && action("play", "Go on with the queue", () => setPaused(false), true), action("up", "Paint it next", () => queue.move(entry, 0)), action("close", "Remove", () => queue.cancel(entry))].filter(Boolean);
    if (entry.state === "failed") return [action("undo", "Change the settings", () => again(entry), true), action("play", "Try again", () => app.queueRun(entry.run))];
    return [
      make("a", { class: "button primary", href: api.at("results", entry.output, "file", { download: 1 }), download: entry.output }, icon("download"), make("span", { text: "Download" })),
      action("brush", "Again, with changes", () => again(entry)), action("image", "In the gallery", () => app.go("gallery", entry.output)), action("plus", "Make another", () => app.go("make"))];
  }

  /* ---- showing ---- */

  function setProgress(part) {
    bar.firstElementChild.style.width = `${100 * part}%`;
    bar.setAttribute("aria-valuenow", Math.round(100 * part));
  }

  function showImage(entry) {
    const content = app.image(entry.run?.content), before = content ? api.at("shelf", content.id, "view") : null;
    if (["done", "stopped"].includes(entry.state)) {
      const view = api.at("results", entry.output, "view");
      if (shown !== view) viewer.show({ after: view, before, whole: api.at("results", entry.output, "file"), text: entry.title, key: entry.id });
      shown = view;
    } else if (entry.id === app.state.queue.current && live?.image && live.phase === "painting") {
      const url = `image/result?version=${live.image.version}`;
      if (shown !== url)
        viewer.show({ after: url, before, whole: `${url}&whole=1`, width: live.width, height: live.height, text: `The image after ${live.image.iteration} rounds`, key: entry.id });
      shown = url;
      painted = entry.id;
    } else if (before && !(entry.state === "paused" && painted === entry.id && shown?.startsWith("image/"))) { // not begun: what it will be made of
      if (shown !== before) viewer.show({ after: before, text: content.name, key: entry.id });
      shown = before;
    } else if (!before) { viewer.clear(); shown = null; }
    stage.classList.toggle("little", entry.state === "failed");
    stage.classList.toggle("pale", ["waiting", "failed"].includes(entry.state) || (entry.state === "painting" && shown === before));
  }

  function showFacts(entry) {
    const painting = entry.state === "painting", now = painting && entry.id === app.state.queue.current && live?.phase === "painting" ? live : null;
    bar.hidden = facts.hidden = !painting && entry.state !== "paused";
    setProgress(entry.iteration ? partOf(now ?? entry) : 0);
    const rate = now?.pace || 0, figure = rate >= 1 ? rate : rate > 0 ? 1 / rate : 0;
    const put = (place, text) => { if (place.textContent !== text) place.textContent = text; };
    put(round.value, entry.iteration ? `${now ? now.iteration : entry.iteration} of ${entry.iterations}` : "–");
    put(left.value, clockText(painting ? now?.seconds_left ?? entry.seconds_left : null));
    if (rate || !painting) put(pace.value, rate ? `${figure.toFixed(figure < 10 ? 2 : 1)} ${rate >= 1 ? "per second" : "s each"}` : "–");
    put(size.value, now ? `${now.scale_width || now.width} × ${now.scale_height || now.height}` : "–");
  }

  /* A screen reader hears of every tenth, but not all the time. */
  let spokenTenth = 0, spokenAt = 0;
  function announce(entry) {
    const tenth = Math.floor(10 * partOf(entry));
    if (entry.state !== "painting" || tenth === spokenTenth || Date.now() - spokenAt < 15000) return;
    if (tenth > 0) app.speak(`${10 * tenth} per cent painted${entry.seconds_left ? `, ${timeText(entry.seconds_left)} left` : ""}`);
    spokenTenth = tenth;
    spokenAt = Date.now();
  }

  let actionsKey = "";
  function show() {
    const entry = chosen(), here = Boolean(entry);
    work.hidden = !here;
    empty.hidden = here;
    queue.show(entry?.id);
    weightsPanel.hidden = curves.hidden = !here || entry.id !== app.state.queue.current;
    if (!here) return;
    title.textContent = entry.title;
    const words = { done: "It is painted.", stopped: "It is painted, stopped early.", failed: "It failed.", paused: "Paused. It goes on from here." };
    const held = entry.error && { paused: "Paused.", waiting: "Waits." }[entry.state]; // why is told below
    const text = app.state.gone ? "The program does not answer." : held || words[entry.state] || (entry.state === "painting"
      ? (live?.phase === "preparing" && live.message) || (entry.iteration ? "Painting" : "Getting ready") : stateText(entry, app.state.queue.paused).replace(/^w/, "W"));
    if (status.textContent !== text) status.textContent = text;
    const why = entry.error || (entry.state === "failed" ? "The program gave no reason." : "");
    trouble.hidden = !why || entry.state === "painting";
    if (trouble.dataset.why !== why) {
      trouble.dataset.why = why;
      trouble.replaceChildren(icon("warning"), make("p", { text: why }));
    }
    const key = `${entry.id} ${entry.state} ${app.state.queue.paused}`;
    if (key !== actionsKey) actions.replaceChildren(...actionsOf(entry));
    actionsKey = key;
    showImage(entry);
    showFacts(entry);
    announce(entry);
    document.title = `${entry.state === "painting" ? `${Math.floor(100 * partOf(entry))} % ` : ""}${entry.title} – pastiche studio`;
  }

  function takeNews(news, points, marks, fresh) {
    const first = !live, another = first || live.run !== news.run;
    live = news;
    if (another) { weights.begin(); notes.replaceChildren(); }
    if (news.run) {
      weights.update(news, news.phase === "painting");
      if (curves.open && !curves.hidden)
        chart.show({ terms: news.terms, values: news.values, loss: news.loss, points, marks, iteration: news.iteration, iterations: news.iterations });
    }
    for (const note of fresh) {
      const says = { kept: "Kept as ", weights: "Weights from here on: " };
      notes.prepend(make("li", { class: note.kind }, make("span", { text: note.iteration || "" }), make("span", { text: (says[note.kind] ?? "") + note.text })));
      if (note.kind === "kept" && !first) app.say(`Kept as ${note.text}`);
      if (note.kind === "problem" && !first) app.say(note.text, { wrong: true });
    }
    show();
  }

  let unfollow = null;
  function followIfPainting() { // a connection only while there is something to follow
    const painting = app.state.queue.current !== null && !app.state.gone;
    if (painting && !unfollow) unfollow = follow(takeNews);
    if (!painting && unfollow) { unfollow(); unfollow = null; live = null; }
  }
  const offs = [
    ...["queue", "gone"].map((name) => app.on(name, () => { followIfPainting(); show(); })),
    app.on("progress", show),
    app.on("shelf", show),
  ];
  leave = () => {
    for (const off of offs) off();
    unfollow?.();
    viewer.destroy();
  };
  followIfPainting();
  show();
}

export function unmount() {
  leave();
  leave = () => {};
}
