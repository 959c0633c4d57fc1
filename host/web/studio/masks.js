// Regions by hand: masks of the content and of the styles, and which style goes where.
import { icon, make } from "./dom.js";
import { stemOf } from "./format.js";
import { makeMaskCanvas } from "./mask_canvas.js";
import { PARTS, describe, makeStyleChoices, regionName } from "./mask_words.js";
import { pngOf } from "./mask_map.js";
import { keyOf, openWork, saveWork } from "./mask_work.js";

let work = null; // stays while one goes elsewhere
let end = null;

export async function mount(container, app) {
  const content = app.image(app.run.content), styles = app.run.styles.map(({ id }) => app.image(id));
  if (!content || styles.length === 0 || styles.includes(null)) {
    container.append(make("div", { class: "gallery-empty" }, icon("regions"), make("p", { text: "Regions are painted over a content and its styles." }),
      make("p", { class: "hint", text: "Choose a content and at least one style first." }), make("button", { class: "primary", text: "Choose them", onclick: () => app.go("make") })));
    return;
  }
  if (!work || work.key !== keyOf(app.run)) {
    const opened = await app.attempt(openWork(app));
    if (!opened || !container.isConnected) return;
    work = opened;
  }
  end = mountEditor(container, app, work);
}

export function unmount() {
  if (end) end();
  end = null;
}

const radiusOf = (value, map) => 1 + (Math.max(map.width, map.height) * 0.2 - 1) * (value / 100) ** 2;

function mountEditor(container, app, work) {
  const { regions } = work;
  const use = work.use;         // { plane, tool, region, size, similar, tolerance, strength }: stays with the work
  const plane = () => work.planes[use.plane];
  const said = make("p", { class: "unseen", role: "status", "aria-live": "polite" });

  const canvas = makeMaskCanvas(regions, () => ({ tool: use.tool, region: use.region, radius: radiusOf(use.size, plane().map), similar: use.similar, tolerance: use.tolerance }),
    ({ changed, text }) => { if (text) said.textContent = text; if (changed) { work.saved = false; showAll(); } });

  /* ---- tools ---- */

  const tool = (name, label, glyph, key) => make("button", { class: "mask-tool", "data-tool": name, title: `${label} (${key})`, onclick: () => choose(name) }, icon(glyph), label);
  const toolButtons = [tool("brush", "Brush", "brush", "B"), tool("eraser", "Eraser", "eraser", "E"), tool("fill", "Fill", "fill", "F")];
  const act = (label, glyph, run) => make("button", { class: "icon quiet", "aria-label": label, title: label, onclick: run }, icon(glyph));
  const undo = act("Undo (Ctrl+Z)", "undo", () => step("undo")), redo = act("Redo (Ctrl+Y)", "redo", () => step("redo"));
  const slider = (label, name, least, most, set) => make("label", { class: "mask-slider" }, make("span", { text: label }),
    make("input", { type: "range", min: least, max: most, step: 1, value: String(use[name]), "aria-label": label, oninput: (event) => { use[name] = Number(event.target.value); set?.(); } }));
  const sizes = slider("Size", "size", 0, 100, () => canvas.showRing());
  const fills = make("div", { class: "mask-fill" },
    make("label", { class: "mask-check" }, make("input", { type: "checkbox", checked: use.similar, onchange: (event) => { use.similar = event.target.checked; showTools(); } }), "similar colors only"),
    slider("Tolerance", "tolerance", 2, 120));
  const level = make("output", { class: "compare-level", text: "1×" });
  const zoom = (way) => { level.textContent = `${canvas.zoom(way)}×`; };

  function choose(name) { use.tool = name; showTools(); canvas.showRing(); }
  function step(what) {
    if (!plane().map[what]()) return;
    work.saved = false;
    said.textContent = what === "undo" ? "Undone" : "Done again";
    showAll();
  }
  function fillAll() {
    const { map } = plane();
    map.begin();
    map.fillAll(use.tool === "eraser" ? 0 : use.region);
    if (map.end()) { work.saved = false; showAll(); }
  }
  function showTools() {
    for (const button of toolButtons) button.setAttribute("aria-pressed", String(button.dataset.tool === use.tool));
    sizes.hidden = use.tool === "fill";
    fills.hidden = use.tool !== "fill";
    fills.querySelector(".mask-slider").hidden = !use.similar;
    undo.disabled = !plane().map.canUndo();
    redo.disabled = !plane().map.canRedo();
  }

  /* ---- pictures, regions, styles ---- */

  const tabs = make("div", { class: "mask-tabs", role: "group", "aria-label": "The picture that is painted on" });
  const list = make("fieldset", { class: "mask-regions" });
  const choices = make("ul", { class: "mask-styles" });
  const words = make("ul", { class: "mask-words", role: "status" });
  const save = make("button", { class: "primary", text: "Use these regions", onclick: keep });

  function showTabs() {
    tabs.replaceChildren(...work.planes.map((one, i) => make("button", { class: "mask-tab", "aria-pressed": String(i === use.plane), title: one.image.name,
      onclick: () => { use.plane = i; open(); } }, make("img", { alt: "", src: app.api.at("shelf", one.image.id, "thumb") }),
    make("span", { text: i === 0 ? "Content" : `Style ${i}` }))));
    tabs.hidden = work.planes.length < 2;
  }
  function showRegions() {
    const shares = plane().map.shares(regions.length);
    list.replaceChildren(make("legend", { text: "Paint with" }), ...regions.slice(1, work.count).map((region, i) => {
      const swatch = make("span", { class: "mask-swatch" });
      swatch.style.background = `rgb(${region.color.join()})`;
      return make("label", { class: "mask-region" },
        make("input", { type: "radio", name: "region", value: String(i + 1), checked: use.region === i + 1, onchange: () => { use.region = i + 1; if (use.tool === "eraser") choose("brush"); } }),
        swatch, make("span", { text: region.name }), make("small", { text: shares[i + 1] > 0 ? `${Math.max(1, Math.round(100 * shares[i + 1]))} %` : "" }));
    }));
    if (work.count < regions.length)
      list.append(make("button", { class: "quiet", onclick: () => { work.count++; use.region = work.count - 1; showAll(); list.querySelector("input:checked")?.focus(); } }, icon("plus"), "Another region"));
  }
  const stylesOf = () => work.planes.slice(1).map((one) => ({ name: one.image.name, isFile: one.image.kind === "style", goes: one.goes,
    thumb: app.api.at("shelf", one.image.id, "thumb"), shares: one.map.shares(regions.length) }));

  function showWords() {
    const styles = stylesOf(), { lines, isUseless } = describe(regions, work.planes[0].map.shares(regions.length), styles);
    const focused = [...choices.querySelectorAll("select")].indexOf(document.activeElement);
    choices.replaceChildren(...makeStyleChoices(regions, styles, work.count, (i, goes) => {
      work.planes[i + 1].goes = goes;
      work.saved = false;
      if (goes === PARTS) { use.plane = i + 1; open(); } else { if (use.plane === i + 1) use.plane = 0; open(); }
    }));
    if (focused >= 0) choices.querySelectorAll("select")[focused]?.focus();
    words.replaceChildren(...lines.map(({ text, isWrong }) => make("li", { class: isWrong ? "wrong" : null, text })));
    save.disabled = isUseless;
  }

  function showAll() { showTools(); showRegions(); showWords(); }
  function open() {
    const { image, goes } = plane();
    showTabs();
    canvas.show(plane().map, app.api.at("shelf", image.id, "view"), `${use.plane === 0 ? "The content" : `Style ${use.plane}`}, ${image.name}`);
    const whole = use.plane > 0 && goes !== PARTS;
    note.hidden = !whole;
    note.replaceChildren(make("p", { text: `All of ${stemOf(image.name)} goes to ${regionName(regions, goes === PARTS ? 0 : goes)}.` }),
      image.kind !== "style" && make("button", { text: "Paint parts of it instead", onclick: () => { plane().goes = PARTS; work.saved = false; open(); } }));
    canvas.paper.classList.toggle("idle", whole);
    showAll();
  }
  const note = make("div", { class: "mask-note", hidden: true });

  /* ---- to and from files ---- */

  async function keep() {
    save.disabled = true;
    const masks = await app.attempt(saveWork(app, work));
    save.disabled = false;
    if (!masks) return;
    app.setRun({ ...app.run, ...masks });
    work.key = keyOf(app.run);
    work.saved = true;
    app.go("make");
    app.say("The regions are part of the settings.");
  }
  async function leave() {
    if (!work.saved && !(await app.ask({ title: "Leave without the regions?", text: "What you painted stays here until you close the page.", yes: "Leave" }))) return;
    app.go("make");
  }
  function drop() {
    const { content_mask: _, style_masks: __, ...run } = app.run;
    app.setRun(run);
    forget();
    app.go("make");
    app.say("The settings have no regions now.");
  }
  async function download() {
    const blob = await pngOf(plane().map, regions.map(({ color }) => color)), url = URL.createObjectURL(blob);
    make("a", { href: url, download: `${stemOf(plane().image.name)} regions.png` }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }
  function clear() {
    const { map } = plane();
    map.begin();
    map.fillAll(0);
    if (map.end()) { work.saved = false; showAll(); }
  }

  container.append(
    make("div", { class: "gallery-head" }, make("button", { class: "quiet gallery-back", onclick: leave }, "Make"), make("h2", { class: "title", text: "Regions" }), tabs),
    make("div", { class: "mask-layout" },
      make("div", { class: "mask-left" },
        make("div", { class: "mask-tools", role: "toolbar", "aria-label": "Tools" }, toolButtons, sizes, fills, make("span", { class: "mask-tail" }, undo, redo)),
        make("div", { class: "mask-frame" }, canvas.element, note),
        make("div", { class: "mask-under" }, slider("Colors over the picture", "strength", 0, 100, () => canvas.strength(use.strength / 100)),
          make("span", { class: "mask-zoom" }, act("Zoom out", "minus", () => zoom(-1)), level, act("Zoom in", "plus", () => zoom(1))),
          make("button", { class: "quiet small", text: "Fill all", title: "The whole picture with the chosen color", onclick: fillAll }),
          make("button", { class: "quiet small", text: "Clear", title: "Nothing painted on this picture", onclick: clear }), make("button", { class: "quiet small", title: "This mask as a PNG file, which the command line takes too", onclick: download }, icon("download"), "Mask file"))),
      make("div", { class: "mask-right" },
        make("section", { class: "panel mask-paints", "aria-label": "Regions" }, list),
        make("section", { class: "panel" }, make("h2", { text: "Which style goes where" }), choices, words,
          make("div", { class: "mask-acts" }, save, app.run.content_mask && make("button", { class: "quiet", text: "Remove regions", onclick: drop }))))),
    said);

  const onKey = (event) => {
    if (document.querySelector("dialog[open]") || event.altKey) return;
    const key = event.key.toLowerCase(), isText = event.target.closest?.("input[type=text], textarea");
    if (event.ctrlKey || event.metaKey) {
      const what = key === "y" || (key === "z" && event.shiftKey) ? "redo" : key === "z" ? "undo" : null;
      if (what && !isText) { event.preventDefault(); step(what); }
      return;
    }
    if (event.target !== canvas.paper) return; // single letters only where one paints
    const size = (by) => { use.size = Math.min(100, Math.max(0, use.size + by)); sizes.querySelector("input").value = String(use.size); canvas.showRing(); };
    const region = (n) => { if (n < work.count) { use.region = n; showRegions(); said.textContent = `Painting ${regions[n].name}`; } };
    const acts = { b: () => choose("brush"), e: () => choose("eraser"), f: () => choose("fill"), "[": () => size(-5), "]": () => size(5), "+": () => zoom(1), "-": () => zoom(-1) };
    const act = acts[key] ?? (/^[1-9]$/.test(key) ? () => region(Number(key)) : null);
    if (act) { event.preventDefault(); act(); }
  };
  document.addEventListener("keydown", onKey);

  open();
  canvas.strength(use.strength / 100);
  return () => { document.removeEventListener("keydown", onKey); canvas.destroy(); };
}

function forget() { work = null; }
