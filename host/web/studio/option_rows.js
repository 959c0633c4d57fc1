// All options of the program in its own words, folded away: one row for each, from the table that the program sends.
import { freshId, icon, make } from "./dom.js";

const isOn = (value) => value === true || ["true", "1", "on"].includes(value);

// The manual's text: its lines are no paragraphs, and between backquotes stand names.
function manualText(text) {
  return text.replace(/\s*\n\s*/g, " ").split("`").map((part, i) => (i % 2 ? make("code", { text: part }) : part));
}

function rangeText(row) {
  const parts = [];
  if (row.kind === "flag" || row.kind === "switch") return "";
  if (row.least !== undefined && row.most !== undefined && row.most > row.least && row.most < 1e9) parts.push(`${row.least} to ${row.most}`);
  if (row.default !== undefined && row.default !== null && row.default !== "") parts.push(`usually ${row.default}`);
  return parts.join(", ");
}

function optionRow(app, row) {
  const id = freshId("option"), help = `${id}-help`, common = { id, "aria-describedby": help };
  let control, read;
  if (row.kind === "flag" || row.kind === "switch") {
    control = make("input", { type: "checkbox", class: "switch", role: "switch", ...common });
    read = () => { control.checked = isOn(app.value(row.name)); };
    control.addEventListener("change", () => app.setOptions({ [row.name]: control.checked ? true : null }));
  } else if (row.words?.length) {
    const words = row.default && row.words.includes(row.default) ? row.words : ["", ...row.words];
    control = make("select", common, ...words.map((word) => make("option", { value: word, text: word || `usual${row.default ? `: ${row.default}` : ""}` })));
    read = () => { control.value = app.run.options[row.name] ?? (row.words.includes(row.default) ? row.default : ""); };
    control.addEventListener("change", () => app.setOptions({ [row.name]: control.value === "" || control.value === row.default ? null : control.value }));
  } else {
    const numeric = ["integer", "number"].includes(row.kind);
    control = make("input", { type: "text", class: numeric ? "number" : "text", inputmode: numeric ? "decimal" : null, placeholder: row.default || row.value || null,
      spellcheck: "false", autocomplete: "off", ...common });
    read = () => { control.value = app.run.options[row.name] ?? ""; };
    control.addEventListener("change", () => {
      const value = control.value.trim();
      app.setOptions({ [row.name]: value === "" || value === row.default ? null : value });
    });
  }
  const usual = make("button", { class: "icon quiet", "aria-label": `${row.name}: as usual`, title: "As usual", onclick: () => app.setOptions({ [row.name]: null }) }, icon("undo"));
  const wrong = make("p", { class: "hint wrong", role: "alert", hidden: true });
  const text = row.text || row.help;
  const place = make("div", { class: "option-row", "data-option": row.name },
    make("label", { for: id, text: row.name }), make("span", { class: "option-control" }, control, usual),
    make("p", { class: "hint", id: help }, manualText(text), rangeText(row) && make("small", { text: ` (${rangeText(row)})` })), wrong);
  return {
    row, place, words: `${row.name} ${row.help} ${text}`.toLowerCase(),
    show() {
      if (document.activeElement !== control || control.type === "checkbox") read();
      const changed = app.run.options[row.name] !== undefined, forecast = app.state.forecast;
      place.classList.toggle("changed", changed);
      usual.style.visibility = changed ? "visible" : "hidden";
      const error = forecast?.option === row.name ? forecast.error : "";
      wrong.hidden = !error;
      wrong.textContent = error;
      if (error) control.setAttribute("aria-invalid", "true"); else control.removeAttribute("aria-invalid");
      return changed;
    },
  };
}

const ELSEWHERE = ["style-blend-weights"]; // the styles' shares

export function allOptions(app) {
  const groups = app.state.studio.groups.map((group) => {
    const rows = group.options.filter((row) => !ELSEWHERE.includes(row.name)).map((row) => optionRow(app, row));
    const count = make("span", { class: "count" });
    const place = make("details", { class: "option-group" }, make("summary", {}, make("span", { text: group.name }), count), rows.map((row) => row.place));
    return { rows, place, count };
  });
  const nothing = make("p", { class: "hint", text: "No option has this word.", hidden: true });
  const search = make("input", { type: "search", class: "text", placeholder: "Search the options", "aria-label": "Search the options" });
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const { rows, place } of groups) {
      let here = 0;
      for (const row of rows) {
        row.place.hidden = !words.every((word) => row.words.includes(word));
        here += !row.place.hidden;
      }
      place.hidden = here === 0;
      place.open = words.length > 0 && here > 0;
      found += here;
    }
    nothing.hidden = found > 0;
  });
  const reset = make("button", { class: "small", text: "All as usual", onclick: () => app.setRun({ ...app.run, options: {} }) });
  const count = make("span", { class: "count" });
  const place = make("details", { class: "panel fold" }, make("summary", {}, make("span", { text: "All settings" }), count),
    make("div", { class: "fold-inside" }, make("div", { class: "toolbar" }, search, reset), nothing, groups.map((group) => group.place)));
  return {
    place,
    show() {
      let all = 0;
      for (const group of groups) {
        const changed = group.rows.filter((row) => row.show()).length;
        group.count.textContent = changed ? `${changed} changed` : "";
        all += changed;
      }
      count.textContent = all ? `${all} changed` : "";
      reset.disabled = all === 0;
    },
  };
}
