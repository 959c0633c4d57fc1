// Whole sets of options: the program's own, those of other programs, and what people saved in this browser.
import { freshId, icon, make } from "./dom.js";

const KEPT = "pastiche-studio-presets";

function saved() {
  try { return JSON.parse(localStorage.getItem(KEPT) || "{}"); } catch { return {}; }
}
function save(all) {
  try { localStorage.setItem(KEPT, JSON.stringify(all)); return true; } catch { return false; }
}
const same = (a, b) => {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
};

function askName(then) {
  const id = freshId("preset-name"), field = make("input", { type: "text", class: "text", id, maxlength: 60, required: true, autocomplete: "off" });
  const form = make("form", { method: "dialog" }, make("h2", { text: "Save these settings" }), make("label", { for: id, text: "Under the name" }), field,
    make("div", { class: "row" }, make("button", { class: "quiet", text: "Cancel", onclick: () => dialog.close() }), make("button", { class: "primary", type: "submit", text: "Save" })));
  const dialog = make("dialog", { class: "form-dialog", "aria-label": "Save these settings" }, form);
  form.addEventListener("submit", () => { if (field.value.trim()) then(field.value.trim()); });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

export function presetChoice(app) {
  const id = freshId("preset"), select = make("select", { id });
  const others = (app.option("preset")?.words ?? []).filter((word) => word !== "best");
  const add = make("button", { class: "small quiet", text: "Save these", onclick: () => askName((name) => {
    if (!save({ ...saved(), [name]: app.run.options })) app.say("The browser does not let the page remember anything.", { wrong: true });
    else app.say(`Saved as ${name}.`);
    show();
  }) });
  const remove = make("button", { class: "icon quiet", title: "Delete this preset", "aria-label": "Delete this preset", onclick: () => {
    const { [select.value.slice(5)]: gone, ...rest } = saved(), name = select.value.slice(5);
    save(rest);
    show();
    app.say(`${name} is deleted.`, { action: "Undo", run: () => { save({ ...saved(), [name]: gone }); show(); } });
  } }, icon("close"));
  const place = make("div", { class: "setting" }, make("div", { class: "setting-head" }, make("label", { for: id, text: "Presets" }), make("span", { class: "preset-choice" }, select, remove)),
    make("div", { class: "setting-foot hint" }, make("span", { text: "Whole sets of settings, yours or of other programs." }), add));

  select.addEventListener("change", () => {
    const { value } = select;
    if (value.startsWith("mine:")) app.setRun({ ...app.run, options: saved()[value.slice(5)] ?? {} });
    else if (value !== "own") app.setRun({ ...app.run, options: value === "usual" ? {} : { preset: value.slice(6) } });
  });
  function show() {
    const all = saved(), { options } = app.run;
    const mine = Object.keys(all).find((name) => same(all[name], options));
    const value = mine !== undefined ? `mine:${mine}` : same(options, {}) ? "usual" : same(options, { preset: options.preset }) && others.includes(options.preset) ? `other:${options.preset}` : "own";
    const entry = (key, text) => make("option", { value: key, text });
    const group = (label, entries) => { const made = make("optgroup", { label }); made.append(...entries); return made; };
    select.replaceChildren(...(value === "own" ? [entry("own", "as set here")] : []), entry("usual", "pastiche, as usual"),
      ...(others.length ? [group("As other programs do it", others.map((word) => entry(`other:${word}`, word)))] : []),
      ...(Object.keys(all).length ? [group("Mine", Object.keys(all).map((name) => entry(`mine:${name}`, name)))] : []));
    select.value = value;
    remove.hidden = mine === undefined;
    add.hidden = value !== "own";
  }
  return { place, show };
}
