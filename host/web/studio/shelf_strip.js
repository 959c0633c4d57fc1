// Images used before: a click puts one into the run, the cross takes it off the shelf.
import * as api from "./api.js";
import { icon, make } from "./dom.js";
import { thumbnail } from "./images.js";
import { drag, putInto, takeOut } from "./intake.js";

const FEW = 14;

export function shelfStrip(app) {
  let role = "style", all = false;
  const list = make("ul", { class: "shelf-list" });
  const more = make("button", { class: "small quiet", onclick: () => { all = !all; show(); } });
  const choices = make("div", { class: "segments", role: "radiogroup", "aria-label": "What to use from the shelf" },
    ...[["style", "as the style"], ["content", "as your image"]].map(([value, text]) => make("span", {},
      make("input", { type: "radio", name: "shelf-role", id: `shelf-${value}`, checked: value === role, onchange: () => { role = value; show(); } }),
      make("label", { for: `shelf-${value}`, text }))));
  const place = make("section", { class: "shelf", "aria-labelledby": "shelf-title" },
    make("div", { class: "shelf-head" }, make("h2", { id: "shelf-title", text: "The shelf: used before" }), choices), list, more);

  async function forget(entry) {
    const answer = await app.attempt(api.post(api.at("shelf", entry.id, "forget")));
    if (!answer) return;
    if (app.run.content === entry.id) takeOut(app, "content");
    takeOut(app, "style", entry.id);
    app.state.shelf = app.state.shelf.filter((other) => other.id !== entry.id);
    app.tell("shelf");
    app.say(`${entry.name} is off the shelf.`, { action: "Undo", run: () => app.attempt(api.post(api.at("undo", answer.undo))) });
  }

  function card(entry) {
    const used = role === "content" ? app.run.content === entry.id : app.run.styles.some((style) => style.id === entry.id);
    return make("li", { class: "shelf-item" },
      make("button", { class: "thumb", "aria-pressed": String(used), "data-image": entry.id, title: entry.name, draggable: true, "aria-keyshortcuts": "Delete",
        onkeydown: (event) => { if (event.key === "Delete") forget(entry); },
        ondragstart: (event) => drag(event, entry.id),
        onclick: () => (used ? takeOut : putInto)(app, role, entry.id) },
      thumbnail(entry), make("span", { class: "thumb-name", text: entry.name })),
      make("button", { class: "icon forget", tabIndex: -1, "aria-label": `Take ${entry.name} off the shelf`, onclick: () => forget(entry) }, icon("close")));
  }

  let shown = null;
  function show() {
    const key = JSON.stringify([role, all, app.run.content, app.run.styles, app.state.shelf]);
    if (key === shown) return;
    shown = key;
    const images = app.state.shelf.filter((entry) => entry.role !== "mask" && entry.kind !== "mask" && (role === "style" || entry.kind === "image"));
    images.sort((a, b) => (b.role === role) - (a.role === role)); // stable: of equal ones, the last used comes first
    place.hidden = images.length === 0;
    const focused = document.activeElement?.dataset?.image;
    list.replaceChildren(...(all ? images : images.slice(0, FEW)).map(card));
    if (focused) list.querySelector(`[data-image="${CSS.escape(focused)}"]`)?.focus();
    more.hidden = images.length <= FEW;
    more.textContent = all ? "Show fewer" : `Show all ${images.length}`;
  }
  return { place, show };
}
