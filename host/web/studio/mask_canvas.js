// A picture with its regions over it, painted on by pointer or by keys.
import { make } from "./dom.js";

const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8];

// tools(): { tool: "brush" | "eraser" | "fill", region, radius (of the map), similar: bool, tolerance }
// told({ changed: bool, text }): after a step, and for a screen reader.
export function makeMaskCanvas(regions, tools, told) {
  const image = make("img", { alt: "", draggable: false });
  const canvas = make("canvas", {});
  const ring = make("span", { class: "mask-ring", hidden: true });
  const paper = make("div", { class: "mask-paper", tabindex: "0", role: "application" }, image, canvas, ring);
  const element = make("div", { class: "mask-stage" }, paper);
  const context = canvas.getContext("2d");
  let map = null, pixels = null, zoom = 0, last = null, cursor = null, isDown = false, shown = null;

  const self = { element, paper };

  /* ---- to be seen ---- */

  function draw(x0, y0, x1, y1) {
    const w = x1 - x0 + 1, h = y1 - y0 + 1, data = context.createImageData(w, h);
    const words = new Uint32Array(data.data.buffer), colors = regions.map(({ color: [r, g, b] }, i) => (i === 0 ? 0 : ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0));
    for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) words[y * w + x] = colors[map.labels[(y + y0) * map.width + x + x0]];
    context.putImageData(data, x0, y0);
  }
  self.redraw = () => draw(0, 0, map.width - 1, map.height - 1);

  self.show = (newMap, url, name) => {
    map = newMap;
    pixels = null;
    last = null;
    isDown = false;
    cursor = { x: map.width / 2, y: map.height / 2 };
    canvas.width = map.width;
    canvas.height = map.height;
    map.changed = draw;
    self.redraw();
    if (shown !== url) image.src = url;
    shown = url;
    ring.hidden = true;
    paper.setAttribute("aria-label", `${name}. Arrows move the brush, with Shift farther. Space paints, D puts the brush down and lifts it. B brush, E eraser, F fill, digits choose a region.`);
    self.size();
  };

  // The picture's colors at the map's size, for the fill; read when first needed.
  async function readPixels() {
    if (pixels) return pixels;
    await image.decode();
    const { width, height } = map, sheet = (w, h) => new OffscreenCanvas(Math.max(1, w), Math.max(1, h)).getContext("2d", { willReadFrequently: true });
    const small = sheet(Math.round(width / 3), Math.round(height / 3)), whole = sheet(width, height); // smaller and back: without grain
    small.imageSmoothingQuality = "high";
    small.drawImage(image, 0, 0, small.canvas.width, small.canvas.height);
    whole.drawImage(small.canvas, 0, 0, width, height);
    pixels = whole.getImageData(0, 0, width, height).data;
    return pixels;
  }

  self.size = () => {
    if (!map) return;
    const room = Math.min(element.clientWidth, ((innerHeight * 0.68) * map.width) / map.height), before = paper.offsetWidth;
    const middle = [(element.scrollLeft + element.clientWidth / 2) / (before || 1), (element.scrollTop + element.clientHeight / 2) / (paper.offsetHeight || 1)];
    paper.style.width = `${Math.max(1, room * ZOOMS[zoom])}px`;
    paper.style.aspectRatio = `${map.width} / ${map.height}`;
    element.style.maxHeight = `${Math.ceil(innerHeight * 0.68) + 2}px`;
    element.scrollLeft = middle[0] * paper.offsetWidth - element.clientWidth / 2;
    element.scrollTop = middle[1] * paper.offsetHeight - element.clientHeight / 2;
  };
  self.zoom = (step) => {
    zoom = Math.min(ZOOMS.length - 1, Math.max(0, zoom + step));
    self.size();
    return ZOOMS[zoom];
  };
  self.strength = (part) => { canvas.style.opacity = String(part); };

  function showRing(x, y) {
    const scale = paper.clientWidth / map.width, { tool, radius } = tools(), across = tool === "fill" ? 14 : Math.max(6, 2 * radius * scale);
    ring.hidden = false;
    ring.style.width = ring.style.height = `${across}px`;
    ring.style.transform = `translate(${x * scale - across / 2}px, ${y * scale - across / 2}px)`;
  }
  self.showRing = () => { if (!ring.hidden) showRing(cursor.x, cursor.y); };

  /* ---- painting ---- */

  const place = (event) => {
    const box = paper.getBoundingClientRect();
    return { x: ((event.clientX - box.x) / box.width) * map.width, y: ((event.clientY - box.y) / box.height) * map.height };
  };
  function stroke(from, to) {
    const { tool, region, radius } = tools();
    map.stroke(from.x - 0.5, from.y - 0.5, to.x - 0.5, to.y - 0.5, Math.max(0.5, radius), tool === "eraser" ? 0 : region);
  }
  async function fillAt({ x, y }) {
    const { region, similar, tolerance } = tools(), px = Math.floor(x), py = Math.floor(y);
    if (px < 0 || py < 0 || px >= map.width || py >= map.height) return;
    const colors = similar ? await readPixels() : null;
    map.begin();
    map.fill(px, py, region, colors, tolerance);
    told({ changed: map.end(), text: `Filled with ${regions[region].name}` });
  }

  paper.addEventListener("pointerdown", (event) => {
    if (event.button > 0 || !event.isPrimary || !map) return;
    event.preventDefault();
    paper.focus({ preventScroll: true });
    const here = place(event);
    cursor = here;
    showRing(here.x, here.y);
    if (tools().tool === "fill") { fillAt(here); return; }
    paper.setPointerCapture(event.pointerId);
    map.begin();
    stroke(here, here);
    last = here;
  });
  paper.addEventListener("pointermove", (event) => {
    if (!map || !event.isPrimary) return;
    const here = place(event);
    cursor = here;
    showRing(here.x, here.y);
    if (!last) return;
    for (const one of event.getCoalescedEvents?.() ?? []) { const to = place(one); stroke(last, to); last = to; }
    stroke(last, here);
    last = here;
  });
  const endStroke = () => {
    if (!last) return;
    last = null;
    told({ changed: map.end(), text: "" });
  };
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) paper.addEventListener(name, endStroke);
  paper.addEventListener("pointerleave", () => { if (!last && document.activeElement !== paper) ring.hidden = true; });

  /* ---- by keys ---- */

  const where = () => {
    const label = map.labels[Math.min(map.height - 1, Math.max(0, Math.floor(cursor.y))) * map.width + Math.min(map.width - 1, Math.max(0, Math.floor(cursor.x)))];
    return `${Math.round((100 * cursor.x) / map.width)} % right, ${Math.round((100 * cursor.y) / map.height)} % down, ${label ? regions[label].name : "not painted"}`;
  };
  function move(dx, dy, far) {
    const step = Math.max(1, Math.min(map.width, map.height) * (far ? 0.1 : 0.02));
    const to = { x: Math.min(map.width, Math.max(0, cursor.x + dx * step)), y: Math.min(map.height, Math.max(0, cursor.y + dy * step)) };
    if (isDown && tools().tool !== "fill") { map.begin(); stroke(cursor, to); told({ changed: map.end(), text: "" }); }
    cursor = to;
    showRing(to.x, to.y);
    ring.scrollIntoView({ block: "nearest", inline: "nearest" });
    told({ changed: false, text: where() });
  }
  paper.addEventListener("focus", () => { if (paper.matches(":focus-visible")) showRing(cursor.x, cursor.y); });
  paper.addEventListener("blur", () => { ring.hidden = true; isDown = false; });
  paper.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !map) return;
    const far = event.shiftKey;
    const act = {
      ArrowLeft: () => move(-1, 0, far), ArrowRight: () => move(1, 0, far), ArrowUp: () => move(0, -1, far), ArrowDown: () => move(0, 1, far),
      " ": dab, Enter: dab,
      d: () => { isDown = !isDown; told({ changed: false, text: isDown ? "Brush down" : "Brush up" }); },
    }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  function dab() {
    if (tools().tool === "fill") { fillAt(cursor); return; }
    map.begin();
    stroke(cursor, cursor);
    told({ changed: map.end(), text: `Painted at ${where()}` });
  }

  const watch = new ResizeObserver(() => self.size());
  watch.observe(element);
  self.destroy = () => watch.disconnect();
  return self;
}
