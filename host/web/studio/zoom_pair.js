// Two images in panes of equal size that show the same place, by wheel, drag, pinch and keys.
import { make } from "./dom.js";

const MOST = 32, STEP = 1.25, PUSH = 40;

// figures: [{ text, url, width, height }, ...]. The place and zoom are relative to the fitted images, so that images of different
// sizes go together.
export function makeZoomPair(figures) {
  let zoom = 1, x = 0.5, y = 0.5; // what is in the middle of each pane
  const pair = { onchange: null };

  const panes = figures.map((figure) => {
    const { text, url } = figure, image = make("img", { src: url, alt: text, draggable: false });
    if (!figure.width) image.addEventListener("load", () => { Object.assign(figure, { width: image.naturalWidth, height: image.naturalHeight }); show(); });
    const pane = make("div", { class: "compare-pane", tabindex: "0", role: "group",
      "aria-label": `${text}: plus and minus zoom, arrows move, 0 fits; the other image follows` }, image);
    return { pane, image };
  });
  pair.element = make("div", { class: "compare-pair" }, panes.map(({ pane }) => pane));

  const fitOf = (i) => {
    const { pane } = panes[i], { width, height } = figures[i];
    return Math.min(pane.clientWidth / width, pane.clientHeight / height);
  };

  function show() {
    panes.forEach(({ pane, image }, i) => {
      if (!figures[i].width) return;
      const scale = fitOf(i) * zoom, { width, height } = figures[i];
      const w = width * scale, h = height * scale;
      // Where an image is smaller than its pane it stays in the middle.
      const left = w <= pane.clientWidth ? (pane.clientWidth - w) / 2 : pane.clientWidth / 2 - x * w;
      const top = h <= pane.clientHeight ? (pane.clientHeight - h) / 2 : pane.clientHeight / 2 - y * h;
      image.style.width = `${w}px`;
      image.style.height = `${h}px`;
      image.style.transform = `translate(${left}px, ${top}px)`;
      image.classList.toggle("pixels", scale * devicePixelRatio >= 2);
    });
    if (pair.onchange && figures[0].width) pair.onchange(`${Math.round(100 * fitOf(0) * zoom * devicePixelRatio)} %`);
  }

  // Half a pane of the image stays in view.
  function limit() {
    const half = 0.5 / zoom, least = Math.min(half, 0.5), most = Math.max(1 - half, 0.5);
    x = Math.min(most, Math.max(least, x));
    y = Math.min(most, Math.max(least, y));
    show();
  }

  // By a factor, around a place in a pane (its middle if none is given).
  pair.by = (factor, i = 0, px = null, py = null) => {
    const before = zoom, { pane } = panes[i];
    zoom = Math.min(MOST, Math.max(1, zoom * factor));
    if (px !== null && before !== zoom) {
      const { width, height } = figures[i], fit = fitOf(i);
      const dx = px - pane.clientWidth / 2, dy = py - pane.clientHeight / 2;
      x += (dx / (width * fit)) * (1 / before - 1 / zoom);
      y += (dy / (height * fit)) * (1 / before - 1 / zoom);
    }
    limit();
  };
  pair.fit = () => { zoom = 1; x = y = 0.5; show(); };
  pair.pixels = () => { zoom = Math.min(MOST, Math.max(1, 1 / (fitOf(0) * devicePixelRatio))); limit(); };
  const push = (i, dx, dy) => {
    const scale = fitOf(i) * zoom;
    x += dx / (figures[i].width * scale);
    y += dy / (figures[i].height * scale);
    limit();
  };

  panes.forEach(({ pane }, i) => {
    const pointers = new Map();
    const spread = () => { const [a, b] = [...pointers.values()]; return Math.hypot(a.x - b.x, a.y - b.y); };
    pane.addEventListener("wheel", (event) => {
      event.preventDefault();
      const box = pane.getBoundingClientRect();
      pair.by(STEP ** -Math.sign(event.deltaY), i, event.clientX - box.x, event.clientY - box.y);
    }, { passive: false });
    pane.addEventListener("pointerdown", (event) => {
      if (event.button > 0) return;
      pane.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    });
    pane.addEventListener("pointermove", (event) => {
      const last = pointers.get(event.pointerId);
      if (!last) return;
      const before = pointers.size === 2 ? spread() : 0, now = { x: event.clientX, y: event.clientY };
      pointers.set(event.pointerId, now);
      if (pointers.size === 2 && before > 0) {
        const box = pane.getBoundingClientRect(), [a, b] = [...pointers.values()];
        pair.by(spread() / before, i, (a.x + b.x) / 2 - box.x, (a.y + b.y) / 2 - box.y);
      }
      push(i, (last.x - now.x) / pointers.size, (last.y - now.y) / pointers.size);
    });
    for (const name of ["pointerup", "pointercancel"]) pane.addEventListener(name, (event) => pointers.delete(event.pointerId));
    pane.addEventListener("dblclick", (event) => {
      const box = pane.getBoundingClientRect();
      if (zoom > 1) pair.fit(); else pair.by(4, i, event.clientX - box.x, event.clientY - box.y);
    });
    pane.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const act = {
        "+": () => pair.by(STEP), "=": () => pair.by(STEP), "-": () => pair.by(1 / STEP), 0: pair.fit, 1: pair.pixels,
        ArrowLeft: () => push(i, -PUSH, 0), ArrowRight: () => push(i, PUSH, 0), ArrowUp: () => push(i, 0, -PUSH), ArrowDown: () => push(i, 0, PUSH),
      }[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    });
  });

  const watch = new ResizeObserver(limit);
  watch.observe(pair.element);
  pair.destroy = () => watch.disconnect();
  return pair;
}

