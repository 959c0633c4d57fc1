// What a sheet varies: one or two options with their values, and what it would cost.
import { icon, later, make } from "./dom.js";
import { timeText } from "./format.js";
import { choicesOf, optionValue, sheetValue, readValues, valuesOf } from "./sheet_values.js";

const CELLS_MOST = 64, SMALL = { "image-size": "192", iterations: "100" }; // as the program makes them
const chosen = { columns: { option: "strength", text: null }, rows: { option: "", text: null } }; // stays while one goes elsewhere

// paint(request): POST api/sheets
export function makeBuilder(app, paint) {
  const { studio } = app.state;
  const cost = make("p", { class: "hint", role: "status" });
  const go = make("button", { class: "primary", onclick: () => paint(request()) }, "Paint the sheet");
  const axes = { columns: makeAxis("columns", "Across", false), rows: makeAxis("rows", "Down", true) };

  function makeAxis(which, title, isOptional) {
    const mine = chosen[which];
    const select = make("select", { "aria-label": `${title}: the setting` }, isOptional && make("option", { value: "", text: "nothing" }),
      choicesOf(studio.groups).map(([name, options]) => make("optgroup", { label: name }, options.map(([value, text]) => make("option", { value, text })))));
    const field = make("input", { type: "text", class: "text", spellcheck: "false", autocomplete: "off", "aria-label": `${title}: its values, with commas between` });
    const usual = make("button", { class: "icon quiet", "aria-label": `${title}: values around the present one`, title: "Values around the present one", onclick: () => { suggest(); showCost(); } }, icon("undo"));
    const suggest = () => {
      const row = app.option(mine.option);
      field.value = row ? valuesOf(row, app.run.options, studio.networks).join(", ") : "";
      mine.text = null;
    };
    select.value = mine.option;
    if (select.selectedIndex < 0) { select.selectedIndex = 0; mine.option = select.value; }
    select.addEventListener("change", () => { mine.option = select.value; suggest(); showCost(); });
    field.addEventListener("input", () => { mine.text = field.value; showCost(); });
    field.addEventListener("keydown", (event) => { if (event.key === "Enter" && !go.disabled) paint(request()); });
    const typed = mine.text;
    suggest();
    if (typed !== null) field.value = mine.text = typed;
    const values = make("span", { class: "sheet-values" }, field, usual);
    return {
      element: make("div", { class: "sheet-axis-row" }, make("span", { class: "sheet-axis-name", text: title }), select, values),
      get: () => {
        values.hidden = !mine.option;
        const row = app.option(mine.option);
        return row ? { row, option: mine.option, values: readValues(row, field.value) } : null;
      },
    };
  }

  function request() {
    const columns = axes.columns.get(), rows = axes.rows.get(), send = ({ row, option, values }) => ({ option, values: values.map((value) => sheetValue(row, value)) });
    return { run: app.run, columns: send(columns), ...(rows ? { rows: send(rows) } : {}) };
  }

  // Says what is wrong, or how long it takes: asked of the program for each value alone, so that its words are the ones one reads.
  const ask = later(async (columns, rows, count) => {
    const number = ++asked, trials = [...columns.values.map((value) => [columns.row, value]), ...(rows ? rows.values.map((value) => [rows.row, value]) : [])];
    let seconds = 0;
    for (const [row, value] of trials) {
      const options = { ...app.run.options, ...SMALL, [row.name]: optionValue(row, value) };
      for (const name in options) if (options[name] === null) delete options[name];
      try {
        const forecast = await app.api.post(app.api.at("forecast"), { ...app.run, options });
        seconds = Math.max(seconds, forecast.seconds ?? 0);
      } catch (problem) {
        if (number !== asked) return;
        if (problem.code === 422) { say(problem.message, true); return; }
        break;
      }
    }
    if (number === asked) say(`${count} small images${seconds > 0 ? `, at most ${timeText(seconds * count)}` : ""}`, false);
  }, 250);
  let asked = 0;
  function say(text, isWrong) {
    cost.textContent = text;
    cost.classList.toggle("wrong", isWrong);
    go.disabled = isWrong;
  }
  function showCost() {
    const columns = axes.columns.get(), rows = axes.rows.get(), count = columns.values.length * (rows ? rows.values.length : 1);
    asked++;
    if (rows && rows.option === columns.option) say("Across and down are the same setting. Choose another one.", true);
    else if (columns.values.length === 0 || (rows && rows.values.length === 0)) say("Give at least one value, with commas between several.", true);
    else if (count > CELLS_MOST) say(`That makes ${count} images. A sheet has ${CELLS_MOST} at most.`, true);
    else { say(`${count} small images`, false); ask(columns, rows, count); }
  }
  showCost();

  const { content, styles } = app.run;
  const source = (image) => make("img", { src: app.api.at("shelf", image, "thumb"), alt: app.image(image)?.name ?? "", title: app.image(image)?.name });
  const element = make("section", { class: "panel sheet-builder", "aria-label": "What to vary" },
    make("div", { class: "sheet-sources" }, source(content), styles.map((style) => source(style.id))),
    make("div", { class: "sheet-axes" }, axes.columns.element, axes.rows.element), make("div", { class: "sheet-go" }, go, cost));
  return { element, destroy: () => { asked++; } };
}
