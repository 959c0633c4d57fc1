// Make: the images, the settings, and the button that paints.
import * as api from "./api.js";
import { commandPart, fromResult } from "./command.js";
import { icon, make } from "./dom.js";
import { bytesText, sizeText, timeText } from "./format.js";
import { contentPlace, stylesPlace } from "./images.js";
import { networkPart } from "./network.js";
import { allOptions } from "./option_rows.js";
import { fewSettings, firstOptions, roundsForAMinute } from "./settings.js";
import { shelfStrip } from "./shelf_strip.js";

let offs = [];

async function useDemo(app, button) {
  button.disabled = true;
  const answer = await app.attempt(api.post(api.at("demo")));
  button.disabled = false;
  if (!answer) return;
  for (const entry of [...answer.images].reverse()) app.add(entry);
  const content = answer.images.find((entry) => entry.role === "content"), style = answer.images.find((entry) => entry.role === "style");
  app.setRun({ ...app.run, content: content?.id ?? null, styles: style ? [{ id: style.id, share: 1 }] : [] });
}

function demoOffer(app) {
  const button = make("button", { text: "Try it with example images", onclick: () => useDemo(app, button) });
  const place = make("div", { class: "demo-offer" }, make("p", { text: "No image at hand?" }), button);
  return { place, show() { place.hidden = Boolean(app.run.content && app.run.styles.length) || app.state.shelf.length > 3; } };
}

function greeting(app) {
  const place = make("p", { class: "greeting", text: "Paint one image in the manner of another: choose both, then press Paint." });
  return { place, show() { place.hidden = Boolean(app.run.content || app.run.styles.length); } };
}

function paintBar(app) {
  const button = make("button", { class: "primary paint-button", title: "Ctrl+Enter", "aria-keyshortcuts": "Control+Enter" }, icon("brush"), make("span", { text: "Paint" }));
  const says = make("p", { class: "paint-says", role: "status" });
  const variants = make("button", { class: "quiet", text: "Try variants first", onclick: () => app.go("try") });
  button.addEventListener("click", async () => {
    button.disabled = true;
    await app.queueRun();
    show();
  });

  function forecastText() {
    const { run, state } = app, { forecast } = state;
    if (!run.content && !run.styles.length) return "Choose an image and a style.";
    if (!run.content) return "Now choose your image.";
    if (!run.styles.length) return "Now choose a style.";
    if (!forecast) return "";
    if (forecast.error) return forecast.error;
    const size = `${sizeText(forecast.width, forecast.height)}, ${forecast.iterations} rounds`;
    const text = forecast.seconds ? `About ${timeText(forecast.seconds)} for ${size}` : `${size}: the first run shows how fast this machine is`;
    return forecast.fits ? text : `${text}. It may need more memory than the device has${forecast.bytes ? `: ${bytesText(forecast.bytes)}` : ""}.`;
  }
  function show() {
    const { run, state } = app, ready = run.content && run.styles.length && !state.forecast?.error;
    const busy = state.queue.runs.some((entry) => ["waiting", "painting", "paused"].includes(entry.state));
    button.disabled = !ready || state.gone;
    button.lastElementChild.textContent = busy ? "Add to the queue" : "Paint";
    variants.hidden = !ready;
    const text = state.studio.ready === false && ready ? `${forecastText()}. The device is still being opened.` : forecastText();
    if (says.textContent !== text) says.textContent = text;
    says.classList.toggle("wrong", Boolean(state.forecast?.error && ready !== null && run.content && run.styles.length));
  }
  return { place: make("div", { class: "paint-bar" }, says, make("div", { class: "toolbar" }, variants, button)), show, press: () => button.click() };
}

function readingNote() {
  const place = make("p", { class: "reading", role: "status", hidden: true });
  return { place, take(news) { place.hidden = !news; place.textContent = news ? `Reading ${news.name}` : ""; } };
}

export async function mount(container, app) {
  const content = contentPlace(app), styles = stylesPlace(app), shelf = shelfStrip(app), demo = demoOffer(app), hello = greeting(app), reading = readingNote();
  const few = fewSettings(app), options = allOptions(app), command = commandPart(app), network = networkPart(app), bar = paintBar(app);

  if (app.fresh && !Object.keys(app.run.options).length) app.run.options = { ...firstOptions }; // later it begins with what was used last
  container.append(
    make("div", { class: "make-images" }, hello.place, make("div", { class: "places" }, content.place, styles.place), reading.place, demo.place, shelf.place),
    make("aside", { class: "make-settings", "aria-label": "Settings" },
      make("section", { class: "panel", "aria-labelledby": "few-title" },
        make("div", { class: "panel-head" }, make("h2", { id: "few-title" }, make("span", { class: "step", text: "3" }), "How it looks"), fromResult(app)), few.place),
      network.place, options.place, command.place),
    bar.place);

  const images = () => { content.show(); styles.show(); shelf.show(); demo.show(); hello.show(); };
  const settle = () => { // the first forecast of this browser's first run, unless somebody has chosen already
    if (!app.fresh || !app.state.forecast?.seconds) return;
    app.fresh = false;
    if (JSON.stringify(app.run.options) === JSON.stringify(firstOptions)) app.setOptions({ iterations: roundsForAMinute(app) });
  };
  const figures = () => { few.show(); options.show(); command.show(); bar.show(); };
  offs = [
    app.on("run", () => { images(); figures(); network.show(); }),
    app.on("shelf", images),
    app.on("forecast", () => { figures(); settle(); }),
    app.on("queue", bar.show),
    app.on("gone", bar.show),
    app.on("fetch", network.take),
    app.on("reading", reading.take),
  ];
  const keys = (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !document.querySelector("dialog[open]")) bar.press(); };
  document.addEventListener("keydown", keys);
  offs.push(() => document.removeEventListener("keydown", keys));
  images();
  figures();
  network.show();
  app.setRun(app.run); // asks for its forecast
}

export function unmount() {
  for (const off of offs) off();
  offs = [];
}
