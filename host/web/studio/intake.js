// How files come in: dropped, pasted, chosen. Each goes to the shelf and takes its place in the run.
import * as api from "./api.js";
import { make } from "./dom.js";

const OWN = "application/x-pastiche-image"; // what the shelf's images are dragged as

/* Each style has its mask: a color of the content's regions, or an image. masks: those of the styles that are now in the run;
 * where one is missing, the regions no longer hold. */
function setStyles(app, styles, masks) {
  const { content_mask, style_masks, ...rest } = app.run, holds = content_mask && masks.length === styles.length && masks.every(Boolean) && styles.length > 0;
  app.setRun({ ...rest, styles, ...(holds && { content_mask, style_masks: masks }) });
  if (content_mask && !holds && styles.length) app.say("The regions are off, because the styles have changed.", { action: "Choose regions", run: () => app.go("masks") });
}
const isColor = (mask) => mask?.startsWith("#");

function setContent(app, image) {
  const { content_mask, style_masks, ...rest } = app.run; // the masks were of the content before
  app.setRun({ ...(app.run.content === image ? app.run : rest), content: image });
}

export function putInto(app, role, image) {
  const { styles, style_masks: masks = [] } = app.run;
  if (role === "content") setContent(app, image);
  else if (!styles.some((style) => style.id === image)) setStyles(app, [...styles, { id: image, share: 1 }], [...masks, masks.find(isColor)]);
}

export function takeOut(app, role, image) {
  const { styles, style_masks: masks = [] } = app.run, stays = styles.map((style) => style.id !== image);
  if (role === "content") setContent(app, null);
  else setStyles(app, styles.filter((_, i) => stays[i]), masks.filter((_, i) => stays[i]));
}

export function replaceStyle(app, index, image) {
  const { styles, style_masks: masks = [] } = app.run;
  setStyles(app, styles.map((style, i) => (i === index ? { ...style, id: image } : style)), masks.map((mask, i) => (i === index && !isColor(mask) ? null : mask)));
}

const emptyRole = (app) => (app.run.content ? "style" : "content");

// The first file that comes to an empty content is the content; role null leaves that open.
export async function takeFiles(app, files, role) {
  for (const file of files) {
    const as = role ?? emptyRole(app);
    app.tell("reading", { role: as, name: file.name });
    try {
      const entry = await api.upload(api.at("shelf", { name: file.name || "pasted.png", role: as }), file);
      app.add(entry);
      putInto(app, entry.kind === "style" ? "style" : as, entry.id);
      if (entry.kind !== "style") offerSettings(app, file);
    } catch (problem) {
      if (!(problem instanceof api.Failure)) throw problem;
      app.say(problem.message, { wrong: true });
    }
    app.tell("reading", null);
    if (as === "content") role = role === "content" ? "content" : null;
  }
}

// A file that the program wrote tells how it was made, in plain letters.
const MARK = "pastiche", LOOKED_AT = 64e6;
async function offerSettings(app, file) {
  if (file.size > LOOKED_AT || !new TextDecoder("latin1").decode(await file.arrayBuffer()).includes(MARK)) return;
  try {
    const read = await api.upload(api.at("read", { name: file.name }), file);
    app.say(`${file.name} was painted by pastiche.`, { action: "Load its settings", run: () => takeSettings(app, read) });
  } catch { /* it has no settings, only the name */ }
}

function takeSettings(app, { run, missing = [], notes = [] }) {
  app.loadRun(run);
  if (missing.length) app.say(`Not found on this machine: ${missing.join(", ")}`, { wrong: true });
  for (const note of notes) app.say(`${note[0].toUpperCase()}${note.slice(1)}.`);
}

export async function loadResult(app, file) {
  const read = await app.attempt(api.upload(api.at("read", { name: file.name }), file));
  if (read) takeSettings(app, read);
}

export function choose(app, role, { camera = false, multiple = role === "style", take } = {}) {
  const input = make("input", { type: "file", multiple, accept: camera ? "image/*" : role === "style" ? "image/*,.style" : "image/*",
    capture: camera ? "environment" : null });
  input.addEventListener("change", () => { if (input.files.length) (take ?? ((files) => takeFiles(app, files, role)))([...input.files]); });
  input.click();
}

// Makes a place take files and images of the shelf; it shows by data-over that it would.
export function takeDrops(app, place, role) {
  let depth = 0;
  const wants = (event) => [...event.dataTransfer.types].some((type) => type === "Files" || type === OWN);
  const leave = () => { depth = 0; delete place.dataset.over; };
  place.addEventListener("dragenter", (event) => {
    if (!wants(event)) return;
    event.preventDefault();
    depth++;
    place.dataset.over = "";
  });
  place.addEventListener("dragover", (event) => { if (wants(event)) event.preventDefault(); });
  place.addEventListener("dragleave", () => { if (--depth <= 0) leave(); });
  place.addEventListener("drop", (event) => {
    leave();
    if (event.defaultPrevented || !wants(event)) return; // a place inside took it
    event.preventDefault();
    const own = event.dataTransfer.getData(OWN), isFolder = [...event.dataTransfer.items].some((item) => item.webkitGetAsEntry?.()?.isDirectory);
    if (isFolder) app.say("A folder cannot be dropped here; drop the images in it.", { wrong: true });
    else if (own) putInto(app, role ?? emptyRole(app), own);
    else takeFiles(app, [...event.dataTransfer.files], role);
    if (role === null && document.body.dataset.route !== "make") app.go("make");
  });
}

export function drag(event, image) {
  event.dataTransfer.setData(OWN, image);
  event.dataTransfer.effectAllowed = "copy";
}

// Anywhere on the page: a drop beside the places, and what is pasted.
export function takePastes(app) {
  takeDrops(app, document.documentElement, null);
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    const place = document.activeElement?.closest("[data-role]");
    takeFiles(app, files, place ? place.dataset.role : null);
    if (document.body.dataset.route !== "make") app.go("make");
  });
}
