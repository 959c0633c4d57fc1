// One image, large: zoom to its pixels with panning, and a slider between before and after.
import { icon, make } from "./dom.js";

const MOST = 16; // screen pixels for a pixel of the image
const between = (value, least, most) => Math.min(Math.max(value, least), most);

export function makeViewer(container) {
  const layers = ["after", "before"].map((name) => make("div", { class: `viewer-layer ${name}` })); // before lies above, cut at the slider
  const slider = make("div", { class: "viewer-slider", role: "slider", tabIndex: 0, hidden: true, "aria-label": "Before and after", "aria-orientation": "horizontal",
    "aria-valuemin": 0, "aria-valuemax": 100 }, make("span", { class: "viewer-grip" }, icon("halves")));
  const tags = [make("span", { class: "viewer-tag left", text: "Before", hidden: true }), make("span", { class: "viewer-tag right", text: "After", hidden: true })];
  const frame = make("div", { class: "viewer-frame", tabIndex: 0, role: "group", "aria-label": "The image. Plus and minus zoom, arrow keys move it." }, ...layers, ...tags, slider);
  const button = (glyph, name, onclick) => make("button", { class: "icon", "aria-label": name, title: name, onclick }, icon(glyph));
  const halves = make("button", { class: "small", "aria-pressed": "false", onclick: () => compare(!comparing) }, icon("halves"), make("span", { text: "Before / after" }));
  const percent = make("button", { class: "small", "aria-label": "Every pixel", onclick: () => zoomTo(isFit() ? pixelZoom() : 1) });
  const tools = make("div", { class: "toolbar viewer-tools" }, halves, make("span", { class: "viewer-zoom" },
    button("minus", "Smaller", () => zoomTo(zoom / 1.5)), percent, button("plus", "Larger", () => zoomTo(zoom * 1.5))));
  const place = make("div", { class: "viewer" }, frame, tools);
  container.append(place);

  let size = null, zoom = 1, x = 0, y = 0, cut = 50, comparing = false, current = null, loading = 0; // size: in pixels of the image
  const isFit = () => zoom <= 1.001;
  const pixelZoom = () => (size && frame.clientWidth ? size.width / fitted().width / (devicePixelRatio || 1) : 1);
  function fitted() { // the image as it lies in the frame at zoom 1, in CSS pixels
    const ratio = Math.min(frame.clientWidth / size.width, frame.clientHeight / size.height);
    return { width: size.width * ratio, height: size.height * ratio };
  }

  function arrange() {
    const transform = `translate(${x}px, ${y}px) scale(${zoom})`, pixels = size && zoom >= 1.5 * pixelZoom();
    for (const layer of layers) {
      const image = layer.firstElementChild;
      if (!image) continue;
      image.style.transform = transform;
      image.classList.toggle("pixels", Boolean(pixels));
    }
    frame.classList.toggle("zoomed", !isFit());
    layers[1].style.clipPath = comparing ? `inset(0 ${100 - cut}% 0 0)` : "";
    layers[1].hidden = !comparing;
    slider.hidden = !comparing;
    for (const tag of tags) tag.hidden = !comparing;
    slider.style.left = `${cut}%`;
    slider.setAttribute("aria-valuenow", Math.round(cut));
    slider.setAttribute("aria-valuetext", `${Math.round(cut)} % before`);
    if (size) percent.textContent = isFit() ? "Fit" : `${Math.round((100 * zoom) / pixelZoom())} %`;
  }

  // The point of the frame under the pointer, or its middle, stays where it is.
  function zoomTo(wanted, at) {
    if (!size) return;
    const most = Math.max(MOST * pixelZoom(), 1), next = between(wanted, 1, most), box = frame.getBoundingClientRect();
    const [px, py] = at ? [at.clientX - box.left - box.width / 2, at.clientY - box.top - box.height / 2] : [0, 0];
    x = px - ((px - x) * next) / zoom;
    y = py - ((py - y) * next) / zoom;
    zoom = next;
    pan(0, 0);
    if (!isFit()) wantWhole();
  }
  function pan(byX, byY) {
    if (!size) return;
    const { width, height } = fitted(), room = [Math.max(0, (width * zoom - frame.clientWidth) / 2), Math.max(0, (height * zoom - frame.clientHeight) / 2)];
    x = between(x + byX, -room[0], room[0]);
    y = between(y + byY, -room[1], room[1]);
    arrange();
  }
  function fit() { zoom = 1; x = y = 0; arrange(); }
  function compare(on) {
    comparing = Boolean(on && current?.before);
    halves.setAttribute("aria-pressed", String(comparing));
    if (comparing && !layers[1].firstElementChild) showBefore();
    arrange();
  }

  async function decoded(url, text) {
    const image = make("img", { alt: text, draggable: false });
    image.src = url;
    await image.decode(); // so that it replaces the old one whole
    return image;
  }
  function measure(image) {
    if (!current.width) size = { width: image.naturalWidth, height: image.naturalHeight };
    frame.style.setProperty("--ratio", size.width / size.height);
  }
  async function showBefore() {
    const was = current;
    try {
      const image = await decoded(was.before, "The image before");
      if (current?.before !== was.before) return;
      layers[1].replaceChildren(image);
      arrange();
    } catch { /* only the result, then */ }
  }
  async function wantWhole() {
    if (!current?.whole || current.wholeShown) return;
    current.wholeShown = true;
    const was = current;
    try {
      const image = await decoded(was.whole, was.text);
      if (current !== was) return;
      layers[0].replaceChildren(image);
      measure(image);
      arrange();
    } catch { /* the smaller one stays */ }
  }

  /* ---- pointer, wheel, keys ---- */

  const touches = new Map();
  let dragging = null;
  const cutAt = (event) => { const box = frame.getBoundingClientRect(); cut = between((100 * (event.clientX - box.left)) / box.width, 0, 100); arrange(); };
  frame.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    touches.set(event.pointerId, event);
    dragging = touches.size > 1 ? "pinch" : slider.contains(event.target) || (comparing && isFit()) ? "cut" : isFit() ? null : "pan";
    if (!dragging) return;
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    if (dragging === "cut") { cutAt(event); slider.focus({ preventScroll: true }); }
  });
  frame.addEventListener("pointermove", (event) => {
    const before = touches.get(event.pointerId);
    if (!before) return;
    if (dragging === "cut") cutAt(event);
    else if (dragging === "pan") pan(event.clientX - before.clientX, event.clientY - before.clientY);
    else if (dragging === "pinch") {
      const other = [...touches.values()].find((one) => one.pointerId !== event.pointerId);
      const span = (a) => Math.hypot(a.clientX - other.clientX, a.clientY - other.clientY) || 1;
      zoomTo((zoom * span(event)) / span(before), { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 });
    }
    touches.set(event.pointerId, event);
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"])
    frame.addEventListener(name, (event) => { touches.delete(event.pointerId); if (!touches.size) dragging = null; });
  frame.addEventListener("dblclick", (event) => zoomTo(isFit() ? Math.max(pixelZoom(), 2) : 1, event));
  frame.addEventListener("wheel", (event) => {
    if (isFit() && event.deltaY > 0 && !event.ctrlKey) return; // the page scrolls
    if (isFit() && !event.ctrlKey && !frame.contains(document.activeElement)) return; // as long as nobody works with it
    event.preventDefault();
    zoomTo(zoom * Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400)), event);
  }, { passive: false });
  frame.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const step = event.shiftKey ? 200 : 50, onSlider = event.target === slider;
    const cuts = { ArrowLeft: cut - (event.shiftKey ? 10 : 2), ArrowRight: cut + (event.shiftKey ? 10 : 2), Home: 0, End: 100 };
    const moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
    if (onSlider && event.key in cuts) { cut = between(cuts[event.key], 0, 100); arrange(); }
    else if (event.key === "+" || event.key === "=") zoomTo(zoom * 1.5);
    else if (event.key === "-") zoomTo(zoom / 1.5);
    else if (event.key === "0") fit();
    else if (event.key === "1") zoomTo(pixelZoom());
    else if (!isFit() && event.key in moves) pan(...moves[event.key]);
    else return;
    event.preventDefault();
  });
  const watch = new ResizeObserver(() => pan(0, 0));
  watch.observe(frame);

  return {
    place, fit, compare,
    // after, before: URLs; whole: that of after in all its pixels, for zooming; width, height: of that, where known. What is shown
    // under the same key again is a newer state and keeps zoom and place.
    async show({ after, before = null, whole = null, width, height, text, key = after }) {
      const number = ++loading, fresh = !current || current.key !== key, otherBefore = !current || current.before !== before;
      current = { after, before, whole, width, text, key, wholeShown: Boolean(!fresh && !isFit() && whole) };
      if (width) size = { width, height };
      if (width) frame.style.setProperty("--ratio", width / height);
      place.classList.remove("empty");
      halves.hidden = !before;
      if (otherBefore) layers[1].replaceChildren();
      if (fresh) fit();
      compare(comparing);
      try {
        const image = await decoded(current.wholeShown ? whole : after, text);
        if (number !== loading) return true;
        layers[0].replaceChildren(image);
        measure(image);
        arrange();
        return true;
      } catch { return false; }
    },
    clear() {
      loading++;
      current = size = null;
      for (const layer of layers) layer.replaceChildren();
      compare(false);
      place.classList.add("empty");
    },
    destroy() { watch.disconnect(); place.remove(); },
  };
}
