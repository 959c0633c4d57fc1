// A sheet of small variants over one or two settings; a click takes the settings of one.
import { icon, make } from "./dom.js";
import { timeText } from "./format.js";
import { makeBuilder } from "./sheet_builder.js";
import { wordsOf } from "./sheet_values.js";

const KEPT = "pastiche-studio-sheet"; // the last sheet is there when one comes back with the same images
const imagesOf = ({ content, styles }) => JSON.stringify([content, styles.map(({ id }) => id)]);
let offs = [];

function lastSheet(run) {
  const { id, images } = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  return images === imagesOf(run) ? id : undefined;
}

export async function mount(container, app) {
  if (!app.run.content || app.run.styles.length === 0) {
    container.append(make("div", { class: "gallery-empty" }, icon("image"), make("p", { text: "A sheet shows small variants of an image, side by side." }),
      make("p", { class: "hint", text: "Choose a content and at least one style first." }), make("button", { class: "primary", text: "Choose them", onclick: () => app.go("make") })));
    return;
  }
  const place = make("section", { class: "sheet-place", "aria-label": "The sheet" });
  const builder = makeBuilder(app, async (request) => {
    const made = await app.attempt(app.api.post(app.api.at("sheets"), request));
    if (made) app.go("try", made.id);
  });
  offs.push(builder.destroy);
  container.append(make("div", { class: "gallery-head" }, make("h2", { class: "title", text: "Try" }),
    make("p", { class: "hint", text: "Small variants over one or two settings. A click takes the settings of one." })), builder.element, place);
  const sheet = app.args[0] ?? lastSheet(app.run);
  if (sheet) await mountSheet(place, app, sheet);
  else place.append(makeHint());
}

export function unmount() {
  for (const off of offs) off();
  offs = [];
}

const makeHint = () => make("p", { class: "hint sheet-hint", text: "Nothing is tried yet. Choose what to vary, and paint the sheet." });
const valueText = (value) => (value === true ? "on" : value === false ? "off" : String(value));

async function mountSheet(place, app, id) {
  const { at, get, post } = app.api;
  let sheet;
  try { sheet = await get(at("sheets", id)); } catch (problem) {
    if (!(problem instanceof app.api.Failure)) throw problem;
    sessionStorage.removeItem(KEPT);
    place.append(app.args[0] ? make("p", { class: "hint wrong", text: problem.message }) : makeHint());
    return;
  }
  sessionStorage.setItem(KEPT, JSON.stringify({ id, images: imagesOf(app.run) }));
  const { columns, rows } = sheet, cells = new Map(); // "row,column" -> its parts
  const text = make("p", { class: "sheet-state", role: "status" });
  const stop = make("button", { class: "quiet", text: "Stop the sheet", onclick: stopAll });
  const taken = make("div", { class: "panel sheet-taken", role: "status", hidden: true });

  const table = make("table", { class: "sheet-table" },
    make("caption", { class: "unseen", text: `${wordsOf(columns.option)} across${rows ? `, ${wordsOf(rows.option)} down` : ""}` }),
    make("thead", {},
      make("tr", {}, rows && make("td", { "aria-hidden": "true" }), make("th", { scope: "colgroup", colspan: columns.values.length, class: "sheet-axis", text: wordsOf(columns.option) })),
      make("tr", {}, rows && make("th", { scope: "col", class: "sheet-axis", text: wordsOf(rows.option) }), columns.values.map((value) => make("th", { scope: "col", text: valueText(value) })))),
    make("tbody", {}, sheet.cells.map((line, row) => make("tr", {}, rows && make("th", { scope: "row", text: valueText(rows.values[row]) }),
      line.map((_, column) => make("td", {}, makeCell(row, column)))))));
  place.append(make("div", { class: "sheet-head" }, text, stop), make("div", { class: "sheet-scroll", tabindex: "0", role: "group", "aria-label": "The variants" }, table), taken);
  const content = app.image(app.run.content);
  table.style.setProperty("--columns", columns.values.length);
  table.style.setProperty("--ratio", content.width / content.height || 1.333);

  function titleOf(row, column) {
    const one = `${columns.option} ${valueText(columns.values[column])}`;
    return rows ? `${one}, ${rows.option} ${valueText(rows.values[row])}` : one;
  }
  function makeCell(row, column) {
    const image = make("img", { alt: "", hidden: true, draggable: false }), bar = make("span", { class: "sheet-bar", hidden: true }, make("span", {})), word = make("span", { class: "sheet-word" });
    const button = make("button", { class: "sheet-cell", "aria-pressed": "false", disabled: true, onclick: () => take(row, column) }, image, word, bar);
    cells.set(`${row},${column}`, { button, image, bar, word, state: "" });
    return button;
  }

  function showCell(row, column, cell, entry) {
    const parts = cells.get(`${row},${column}`), { state } = cell;
    const words = { waiting: "waiting", painting: "painting", paused: "paused", failed: entry?.error ?? "failed", cancelled: "left out" };
    if (state !== parts.state) {
      parts.state = state;
      parts.word.textContent = words[state] ?? "";
      parts.word.classList.toggle("wrong", state === "failed");
      parts.button.disabled = state === "failed" || state === "cancelled";
      parts.button.setAttribute("aria-label", `${titleOf(row, column)}: ${{ done: "take these settings", stopped: "take these settings" }[state] ?? words[state] ?? state}`);
      if (state === "done" || state === "stopped") {
        parts.image.onload = () => { parts.image.hidden = false; parts.word.textContent = ""; };
        parts.image.src = at("sheets", id, "cell", { row, column, run: cell.run });
      }
    }
    parts.bar.hidden = state !== "painting" || !entry?.iterations;
    if (!parts.bar.hidden) parts.bar.firstElementChild.style.width = `${(100 * entry.iteration) / entry.iterations}%`;
  }

  function showAll() {
    const entries = new Map(app.state.queue.runs.map((entry) => [entry.id, entry]));
    let open = 0, made = 0, all = 0, left = 0;
    sheet.cells.forEach((line, row) => line.forEach((cell, column) => {
      const entry = entries.get(cell.run);
      if (entry) cell.state = entry.state;
      showCell(row, column, cell, entry);
      all++;
      if (["waiting", "painting", "paused"].includes(cell.state)) { open++; left += entry?.seconds_left ?? 0; }
      if (["done", "stopped"].includes(cell.state)) made++;
    }));
    stop.hidden = open === 0;
    const say = open === 0 ? `${made} of ${all} variants are painted. Click the one that you like.`
      : `${made} of ${all} are painted${app.state.queue.paused ? "; the queue is paused" : ""}.${left > 0 && open === 1 ? ` ${timeText(left)} left.` : ""}`;
    if (text.textContent !== say) text.textContent = say;
  }

  function take(row, column) {
    const chosen = { [columns.option]: columns.values[column], ...(rows ? { [rows.option]: rows.values[row] } : {}) };
    for (const name in chosen) if (chosen[name] === false) chosen[name] = null; // a switch that is off is not given
    app.setOptions(chosen);
    for (const [key, { button }] of cells) button.setAttribute("aria-pressed", String(key === `${row},${column}`));
    taken.hidden = false;
    taken.replaceChildren(make("p", {}, icon("check"), make("span", { text: `Taken: ${titleOf(row, column)}` })),
      make("button", { text: "See all settings", onclick: () => app.go("make") }), make("button", { class: "primary", text: "Paint it", onclick: () => app.queueRun() }));
  }

  async function stopAll() {
    const open = app.state.queue.runs.filter((entry) => entry.sheet === id && ["waiting", "painting", "paused"].includes(entry.state)).reverse();
    for (const entry of open) if (!(await app.attempt(post(at("runs", entry.id, "cancel"))))) return;
  }

  let asking = false, again = false;
  async function refresh() {
    if (asking) { again = true; return; }
    asking = true;
    do {
      again = false;
      try { sheet.cells = (await get(at("sheets", id))).cells; } catch { /* the next news bring another chance */ }
    } while (again);
    asking = false;
    showAll();
  }
  offs.push(app.on("queue", refresh), app.on("progress", showAll));
  showAll();
}
