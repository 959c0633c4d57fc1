// All results, newest first: as a wall, one by one (#gallery/NAME), or two beside each other (#gallery/NAME/NAME).
import { mountCompare } from "./compare.js";
import { icon, make } from "./dom.js";
import { agoText } from "./format.js";
import { mountResult } from "./result.js";
import { deleteResults, keyOf, makeResults, sizeOf, summaryText, titleOf } from "./results.js";

let results = null; // stays read while one goes elsewhere
let end = null;

export async function mount(container, app) {
  results ??= makeResults(app);
  const [first, second] = app.args;
  const open = second ? mountCompare : first ? mountResult : mountWall;
  const offs = [];
  end = () => offs.splice(0).forEach((off) => off());
  await open(container, app, results, offs);
}

export function unmount() {
  if (end) end();
  end = null;
}

const RATIO_LEAST = 0.6, RATIO_MOST = 2.4; // very high and very wide ones are cropped on the wall
let place = 0; // how far down one was

async function mountWall(container, app, all, offs) {
  const chosen = new Set(), tiles = new Map();
  const wall = make("ol", { class: "gallery-wall", "aria-label": "Results" });
  const count = make("p", { class: "hint" });
  const below = make("div", { class: "gallery-below" });
  const bar = makeBar();
  container.append(make("div", { class: "gallery-head" }, make("h2", { class: "title", text: "Gallery" }), count), wall, below, bar.element);

  // Thumbnails come when they are seen, and are given up when they are passed by before they came.
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      const image = target.querySelector("img");
      if (isIntersecting) {
        if (!image.getAttribute("src")) image.src = target.dataset.thumb;
      } else if (image.getAttribute("src") && !image.complete) image.removeAttribute("src");
    }
  }, { rootMargin: "200px 0px" });
  const reach = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) goOn(); }, { rootMargin: "1000px 0px" });
  offs.push(() => { place = scrollY; seen.disconnect(); reach.disconnect(); });

  /* ---- what is chosen ---- */

  function makeBar() {
    const text = make("p", { role: "status" });
    const compare = make("button", { class: "primary", text: "Compare", onclick: () => app.go("gallery", ...chosen) });
    const remove = make("button", { text: "Delete", onclick: removeChosen });
    const clear = make("button", { class: "quiet", text: "Choose none", onclick: () => { chosen.clear(); showChosen(); wall.querySelector("a")?.focus(); } });
    return { text, compare, element: make("div", { class: "gallery-bar", hidden: true, role: "group", "aria-label": "What is chosen" }, text, compare, remove, clear) };
  }

  function showChosen() {
    for (const name of [...chosen]) if (!all.list.some((result) => result.name === name)) chosen.delete(name);
    for (const tile of tiles.values()) {
      const is = chosen.has(tile.dataset.name);
      tile.classList.toggle("chosen", is);
      tile.querySelector("input").checked = is;
    }
    const n = chosen.size;
    wall.classList.toggle("choosing", n > 0);
    bar.element.hidden = n === 0;
    bar.compare.disabled = n !== 2;
    bar.text.textContent = n === 1 ? "1 chosen. Choose another one to compare them." : n === 2 ? "2 chosen" : `${n} chosen. Two can be compared.`;
  }

  async function removeChosen() {
    const names = [...chosen];
    if (names.length > 2 && !(await app.ask({ title: `Delete ${names.length} images?`, text: "This can be undone right afterwards.", yes: "Delete" }))) return;
    await deleteResults(app, names);
    chosen.clear();
    await again();
  }

  /* ---- the wall ---- */

  function makeTile(result) {
    const tile = make("li", { class: "gallery-tile", "data-name": result.name, "data-thumb": all.url(result, "thumb") });
    const ratio = Math.min(RATIO_MOST, Math.max(RATIO_LEAST, result.width / result.height || 1));
    const image = make("img", { alt: "", draggable: false });
    image.addEventListener("load", () => image.classList.add("there"));
    const pick = make("input", { type: "checkbox", "aria-label": `Choose ${result.name}`, onchange: (event) => {
      if (event.target.checked) chosen.add(result.name); else chosen.delete(result.name);
      showChosen();
    } });
    tile.style.setProperty("--ratio", ratio.toFixed(3));
    tile.append(
      make("a", { href: `#gallery/${encodeURIComponent(result.name)}`, title: `${result.name}\n${summaryText(result)}\n${sizeOf(result)}` },
        make("span", { class: "gallery-frame" }, image), make("span", { class: "gallery-name", text: titleOf(result) }), make("small", { text: agoText(result.made) })),
      make("label", { class: "gallery-pick" }, pick));
    seen.observe(tile);
    return tile;
  }

  // Only what changed is moved, so that the focus and the place stay.
  function showWall() {
    const wanted = all.list.map(keyOf), keys = new Set(wanted);
    for (const [key, tile] of tiles) if (!keys.has(key)) { seen.unobserve(tile); tile.remove(); tiles.delete(key); }
    let next = wall.firstElementChild;
    all.list.forEach((result, i) => {
      if (!tiles.has(wanted[i])) tiles.set(wanted[i], makeTile(result));
      const tile = tiles.get(wanted[i]);
      if (tile === next) next = next.nextElementSibling; else wall.insertBefore(tile, next);
    });
    count.textContent = all.total === 0 ? "" : `${all.total} ${all.total === 1 ? "image" : "images"} in ${app.state.studio.folder}`;
    if (all.total === 0) below.replaceChildren(makeEmpty());
    else below.replaceChildren();
    showChosen();
  }

  function makeEmpty() {
    return make("div", { class: "gallery-empty" }, icon("image"), make("p", { text: "Nothing is painted yet." }),
      make("p", { class: "hint", text: `Every image that you paint comes here. So do images that you put into ${app.state.studio.folder}.` }),
      make("button", { class: "primary", text: "Paint the first one", onclick: () => app.go("make") }));
  }

  function showFailure(problem) {
    if (!(problem instanceof app.api.Failure)) throw problem;
    below.replaceChildren(make("div", { class: "gallery-empty" }, make("p", { text: problem.message }), make("button", { text: "Try again", onclick: again })));
  }

  let busy = false, stale = false;
  async function goOn() {
    if (busy) return;
    busy = true;
    try { if (await all.more()) showWall(); else if (all.total === 0) showWall(); } catch (problem) { showFailure(problem); }
    busy = false;
    if (stale) { await again(); return; }
    reach.unobserve(below); // so that it is told again when it is still in reach
    if (all.list.length < all.total) reach.observe(below);
  }
  async function again() {
    if (busy) { stale = true; return; }
    busy = true;
    stale = false;
    try { await all.refresh(); showWall(); } catch (problem) { showFailure(problem); }
    busy = false;
    if (stale) await again();
    reach.unobserve(below);
    if (all.list.length < all.total) reach.observe(below);
  }

  offs.push(app.on("results", again));
  if (all.read) { showWall(); scrollTo(0, place); }
  await again();
}
