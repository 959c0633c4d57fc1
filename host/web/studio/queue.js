// The runs in their order: what is being painted, what waits, what is finished; moved by buttons or by dragging.
import * as api from "./api.js";
import { icon, make } from "./dom.js";
import { partOf, timeText } from "./format.js";
import { thumbnail } from "./images.js";

export const isFinished = (entry) => ["done", "stopped", "failed"].includes(entry.state);
const DRAGGED = "application/x-pastiche-run";

export function stateText(entry, paused) {
  if (entry.error && entry.state !== "painting") return entry.error;
  if (entry.state === "waiting") return paused ? "waits; the queue is paused" : "waits";
  if (entry.state === "painting") {
    if (!entry.iteration) return "getting ready";
    const left = timeText(entry.seconds_left);
    return `${Math.floor(100 * partOf(entry))} %${left ? `, ${left} left` : ""}`;
  }
  if (entry.state === "paused") return `paused at ${entry.iteration} of ${entry.iterations}`;
  if (entry.state === "done") return "painted";
  if (entry.state === "stopped") return `stopped at ${entry.iteration} of ${entry.iterations}`;
  return "failed";
}

// select(id): somebody wants to see this run.
export function queuePart(app, select) {
  let selected = null, dragged = null;
  const list = make("ol", { class: "queue-list" });
  const pause = make("button", { class: "small", onclick: () => app.attempt(api.post(api.at("queue"), { paused: !app.state.queue.paused })) });
  const clear = make("button", { class: "small quiet", text: "Clear finished", onclick: () => app.attempt(api.post(api.at("runs", "clear"))) });
  const title = make("h2", { id: "queue-title", text: "Queue" });
  const place = make("section", { class: "panel queue", "aria-labelledby": "queue-title" }, make("div", { class: "panel-head" }, title, make("div", { class: "toolbar" }, clear, pause)), list);
  const rows = new Map();

  const movable = (entry) => entry?.state === "waiting" || entry?.state === "paused";
  const waiting = () => app.state.queue.runs.filter(movable);
  async function move(entry, to) {
    const all = waiting();
    if (to < 0 || to >= all.length || all[to].id === entry.id) return;
    if (await app.attempt(api.post(api.at("runs", entry.id, "move"), { to })) !== undefined)
      app.say(`${entry.title}: now number ${to + 1} of those that wait.`);
  }
  async function cancel(entry) {
    const painting = entry.state === "painting" || entry.state === "paused";
    if (painting && !await app.ask({ title: "Cancel this run?", text: `Nothing of “${entry.title}” will be kept. To keep the best image so far, use “Finish now”.`, yes: "Cancel the run", no: "Go on" })) return;
    await app.attempt(api.post(api.at("runs", entry.id, "cancel")));
  }

  function makeRow(entry) {
    const image = app.image(entry.run?.content), words = make("small"), bar = make("span", { class: "bar", "aria-hidden": "true" }, make("span"));
    const choose = make("button", { class: "queue-choose", onclick: () => select(entry.id) },
      image ? thumbnail(image) : make("span", { class: "thumb-image" }, make("span", { class: "thumb-file" }, icon("image"))),
      make("span", { class: "queue-words" }, make("span", { class: "queue-name", text: entry.title }), words, bar));
    const up = make("button", { class: "icon quiet", "aria-label": `Move ${entry.title} up`, onclick: () => move(entry, waiting().findIndex((one) => one.id === entry.id) - 1) }, icon("up"));
    const down = make("button", { class: "icon quiet", "aria-label": `Move ${entry.title} down`, onclick: () => move(entry, waiting().findIndex((one) => one.id === entry.id) + 1) }, icon("down"));
    const stop = make("button", { class: "icon quiet", "aria-label": `Cancel ${entry.title}`, onclick: () => cancel(find(entry.id)) }, icon("close"));
    const row = make("li", { class: "queue-row" }, make("span", { class: "queue-grip" }, icon("grip")), choose, make("span", { class: "queue-buttons" }, up, down, stop));
    row.addEventListener("dragstart", (event) => { dragged = entry.id; event.dataTransfer.setData(DRAGGED, entry.id); event.dataTransfer.effectAllowed = "move"; });
    row.addEventListener("dragend", () => { dragged = null; for (const other of list.children) delete other.dataset.over; });
    row.addEventListener("dragover", (event) => {
      if (!dragged || dragged === entry.id || !movable(find(entry.id))) return;
      event.preventDefault();
      row.dataset.over = "";
    });
    row.addEventListener("dragleave", () => { delete row.dataset.over; });
    row.addEventListener("drop", (event) => {
      if (!dragged) return;
      event.preventDefault();
      event.stopPropagation();
      delete row.dataset.over;
      const one = find(dragged);
      if (one) move(one, waiting().findIndex((other) => other.id === entry.id));
    });
    return { row, words, bar, choose, up, down, stop };
  }
  const find = (id) => app.state.queue.runs.find((entry) => entry.id === id);

  // The variants of a sheet are one line; what they are is shown with the sheet.
  function sheetRow(sheet) {
    const cells = app.state.queue.runs.filter((entry) => entry.sheet === sheet), open = cells.filter((entry) => !isFinished(entry));
    if (!open.length) return null;
    const cancelAll = async () => { for (const entry of open.reverse()) if (await app.attempt(api.post(api.at("runs", entry.id, "cancel"))) === undefined) return; };
    return make("li", { class: "queue-row" }, make("span", { class: "queue-grip" }), make("button", { class: "queue-choose", onclick: () => app.go("try", sheet) },
      make("span", { class: "thumb-image" }, make("span", { class: "thumb-file" }, icon("image"))),
      make("span", { class: "queue-words" }, make("span", { class: "queue-name", text: "A sheet of variants" }), make("small", { text: `${cells.length - open.length} of ${cells.length} painted` }))),
    make("span", { class: "queue-buttons" }, make("button", { class: "icon quiet", "aria-label": "Cancel the sheet", onclick: cancelAll }, icon("close"))));
  }
  const sheets = make("ul", { class: "queue-list" });
  list.after(sheets);

  function showRow(entry) {
    const made = rows.get(entry.id), open = entry.state === "painting" || entry.state === "paused", index = waiting().findIndex((one) => one.id === entry.id);
    const text = stateText(entry, app.state.queue.paused);
    if (made.words.textContent !== text) made.words.textContent = text;
    made.row.dataset.state = entry.state;
    made.row.draggable = index >= 0;
    made.bar.hidden = !open;
    made.bar.firstElementChild.style.width = `${100 * partOf(entry)}%`;
    if (entry.id === selected) made.choose.setAttribute("aria-current", "true"); else made.choose.removeAttribute("aria-current");
    made.up.hidden = made.down.hidden = index < 0;
    made.up.disabled = index === 0;
    made.down.disabled = index === waiting().length - 1;
    made.stop.hidden = isFinished(entry);
  }

  function show(now) {
    selected = now;
    const runs = app.state.queue.runs.filter((entry) => !entry.sheet);
    const order = runs.map((entry) => {
      if (!rows.has(entry.id)) rows.set(entry.id, makeRow(entry));
      return rows.get(entry.id).row;
    });
    const focused = document.activeElement;
    if (order.length !== list.children.length || order.some((row, i) => list.children[i] !== row)) list.replaceChildren(...order);
    if (list.contains(focused)) focused.focus({ preventScroll: true });
    for (const id of [...rows.keys()]) if (!runs.some((entry) => entry.id === id)) rows.delete(id);
    runs.forEach(showRow);
    const open = app.state.queue.runs.filter((entry) => !isFinished(entry)).length;
    const names = [...new Set(app.state.queue.runs.map((entry) => entry.sheet).filter(Boolean))], rowsOfSheets = names.map(sheetRow).filter(Boolean);
    const key = rowsOfSheets.map((row) => row.textContent).join();
    if (key !== sheets.dataset.key) sheets.replaceChildren(...rowsOfSheets);
    sheets.dataset.key = key;
    place.hidden = runs.length + rowsOfSheets.length === 0;
    title.textContent = open > 1 ? `Queue: ${open} runs` : "Queue";
    clear.hidden = !runs.some(isFinished);
    const { paused } = app.state.queue;
    pause.hidden = open === 0 && !paused;
    pause.replaceChildren(icon(paused ? "play" : "pause"), make("span", { text: paused ? "Go on" : "Pause" }));
    pause.classList.toggle("primary", paused);
  }
  return { place, show, cancel, move };
}
