// The few settings that matter, in words; each is an option or two of the program.
import { secondsWith } from "./forecast.js";
import { freshId, make } from "./dom.js";
import { timeText } from "./format.js";
import { presetChoice } from "./presets.js";

const tidy = (value) => String(Number(value.toPrecision(3)));

// A preset has defaults of its own, which the page does not know.
const hasOwnDefaults = (app) => (app.run.options.preset ?? "best") !== "best";

// A slider with a word for where it stands: of an option's values from 0 to 1, or of factors of its usual value,
// base ** -reach to base ** reach.
function wordSlider(app, { option, title, help, words, base, reach }) {
  const name = freshId("slider"), row = app.option(option);
  if (!row) return { place: null, show() {} };
  const usual = Number(row.default) || 1;
  const [min, max, step] = base ? [-reach, reach, reach / 20] : [0, 1, 0.05];
  const valueOf = (x) => tidy(base ? usual * base ** x : x), placeOf = (value) => base ? (value > 0 ? Math.log(value / usual) / Math.log(base) : min) : value;
  const slider = make("input", { type: "range", id: name, min, max, step, "aria-describedby": `${name}-help` });
  const word = make("output", { for: name, class: "setting-word" }), exact = make("small", { class: "setting-option" });
  const wordOf = (x) => words[Math.min(words.length - 1, Math.max(0, Math.round(((x - min) / (max - min)) * (words.length - 1))))];
  function say(x, value) {
    word.textContent = wordOf(x);
    exact.textContent = `${option} ${value}`;
    slider.setAttribute("aria-valuetext", `${wordOf(x)}, ${option} ${value}`);
  }
  const valueAt = () => valueOf(Number(slider.value));
  slider.addEventListener("input", () => say(Number(slider.value), valueAt()));
  slider.addEventListener("change", () => app.setOptions({ [option]: Math.abs(Number(slider.value) - placeOf(usual)) < 1e-9 ? null : valueAt() }));
  const place = make("div", { class: "setting" },
    make("div", { class: "setting-head" }, make("label", { for: name, text: title }), word),
    slider, make("p", { class: "setting-foot hint" }, make("span", { id: `${name}-help`, text: help }), exact));
  return {
    place,
    show() {
      const value = Number(app.value(option)), x = placeOf(value);
      slider.value = x;
      say(x, tidy(value));
    },
  };
}

// A choice of a few values, each with its time, and any other number.
function numberChoice(app, { option, title, help, choices, with: parameter, unit, least, most }) {
  const name = freshId("choice");
  const radios = choices.map(([value, text], i) => {
    const time = make("small", { class: "choice-time" });
    const radio = make("input", { type: "radio", name, id: `${name}-${i}`, value, onchange: () => app.setOptions({ [option]: value }) });
    return { value, radio, time, place: make("span", {}, radio, make("label", { for: `${name}-${i}` }, make("span", { text }), time)) };
  });
  const field = make("input", { type: "text", inputmode: "numeric", class: "number", "aria-label": `${title}, as a number of ${unit}`, size: 6 });
  field.addEventListener("change", () => {
    const value = Math.round(Number(field.value.trim()));
    if (value >= least && value <= most) app.setOptions({ [option]: String(value) });
    else { app.say(`${title}: a number from ${least} to ${most}, please.`, { wrong: true }); show(); }
  });
  const place = make("fieldset", { class: "setting" }, make("legend", { class: "unseen", text: title }),
    make("div", { class: "setting-head" }, make("span", { "aria-hidden": "true", text: title }), make("span", { class: "exact" }, field, make("small", { text: unit }))),
    make("div", { class: "segments wide" }, radios.map((radio) => radio.place)),
    make("p", { class: "setting-foot hint" }, make("span", { text: help })));
  function show() {
    const known = app.state.forecast, planned = known?.iterations && { iterations: known.iterations, size: Math.max(known.width, known.height) }[parameter];
    const now = app.run.options[option] ?? String(planned || app.value(option)); // a preset may have another default
    field.value = now;
    for (const { value, radio, time } of radios) {
      radio.checked = value === now;
      const text = timeText(secondsWith(app, { [parameter]: Number(value) }));
      time.textContent = text && `about ${text}`;
    }
  }
  return { place, show };
}

function colorSwitch(app) {
  const name = freshId("switch");
  const box = make("input", { type: "checkbox", class: "switch", role: "switch", id: name, "aria-describedby": `${name}-help` });
  box.addEventListener("change", () => app.setOptions({ "original-colors": box.checked ? true : null }));
  const place = make("div", { class: "setting" },
    make("div", { class: "setting-head" }, make("label", { for: name, text: "Keep my colors" }), box),
    make("p", { class: "setting-foot hint" }, make("span", { id: `${name}-help`, text: "Take the strokes of the style, but not its colors." })));
  return { place, show() { box.checked = ["true", "1", "on"].includes(String(app.value("original-colors"))); } };
}

// Where the run begins: what the image keeps of the content from the outset.
function startChoice(app) {
  const name = freshId("start"), values = [["noise", "Freely"], ["content", "Close to my image"]];
  const radios = values.map(([value, text], i) => {
    const radio = make("input", { type: "radio", name, id: `${name}-${i}`, onchange: () => app.setOptions({ start: value === app.option("start")?.default && !hasOwnDefaults(app) ? null : value }) });
    return { value, radio, place: make("span", {}, radio, make("label", { for: `${name}-${i}`, text })) };
  });
  const place = make("fieldset", { class: "setting" }, make("legend", { class: "unseen", text: "How it is drawn" }),
    make("div", { class: "setting-head" }, make("span", { "aria-hidden": "true", text: "How it is drawn" })),
    make("div", { class: "segments wide" }, radios.map((radio) => radio.place)),
    make("p", { class: "setting-foot hint" }, make("span", { text: "Close keeps faces and lines; free invents more." })));
  return { place, show() { for (const { value, radio } of radios) radio.checked = (app.run.options.start ?? (hasOwnDefaults(app) ? null : app.value("start"))) === value; } };
}

export function fewSettings(app) {
  const all = [
    wordSlider(app, { option: "strength", title: "How much style", help: "Less keeps more of your image.",
      words: ["A hint", "A little", "Less", "Balanced", "A lot", "Almost only style"] }),
    wordSlider(app, { option: "style-scale", title: "Size of the strokes", help: "How large the style's marks become.", base: 2, reach: 1.5,
      words: ["Very fine", "Fine", "As in the style", "Broad", "Very broad"] }),
    colorSwitch(app),
    startChoice(app),
    numberChoice(app, { option: "image-size", title: "Size of the result", help: "The longer side of the result.", with: "size", unit: "pixels",
      choices: [["256", "S"], ["512", "M"], ["768", "L"], ["1280", "XL"]], least: 16, most: 65535 }),
    numberChoice(app, { option: "iterations", title: "Quality", help: "More rounds of painting look better.", with: "iterations", unit: "rounds",
      choices: [["60", "Sketch"], ["150", "Quick"], ["400", "Good"], ["1000", "Best"]], least: 1, most: 1000000 }),
    presetChoice(app),
  ];
  return {
    place: make("div", { class: "settings" }, all.map((one) => one.place)),
    show() { for (const one of all) one.show(); },
  };
}

// What a first run has: close to the image, and few rounds until it is known what they take.
export const firstOptions = { "image-size": "512", iterations: "60", start: "content" };

// As fine as about a minute allows.
export function roundsForAMinute(app) {
  return ["400", "150"].find((rounds) => secondsWith(app, { iterations: Number(rounds) }) <= 75) ?? "60";
}
