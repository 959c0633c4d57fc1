// A part of an image: a frame that is drawn, moved and sized with the pointer or the arrow keys; the program cuts it.
import * as api from "./api.js";
import { make } from "./dom.js";

const LEAST = 0.05;
const shapes = [["Free", null], ["1:1", 1], ["4:3", 4 / 3], ["3:2", 3 / 2], ["16:9", 16 / 9], ["3:4", 3 / 4], ["2:3", 2 / 3]];
const between = (value, least, most) => Math.min(Math.max(value, least), most);

export function crop(app, entry, done) {
  const box = { x: 0.1, y: 0.1, width: 0.8, height: 0.8 };
  let shape = null; // width over height, in parts of the image

  const corners = ["nw", "ne", "sw", "se"].map((corner) => make("span", { class: `crop-corner ${corner}`, "data-corner": corner }));
  const frame = make("div", { class: "crop-frame", tabIndex: 0, role: "group", "aria-roledescription": "frame",
    "aria-label": "The part to keep. Arrow keys move it, with Shift they size it." }, ...corners);
  const image = make("img", { src: api.at("shelf", entry.id, "view"), alt: entry.name, draggable: false });
  const area = make("div", { class: "crop-area" }, image, frame);
  const says = make("p", { class: "hint", role: "status" });
  const choices = make("div", { class: "segments", role: "radiogroup", "aria-label": "Shape" }, ...shapes.map(([name, ratio], i) => {
    const radio = make("input", { type: "radio", name: "crop-shape", id: `crop-shape-${i}`, checked: i === 0, onchange: () => setShape(ratio) });
    return make("span", {}, radio, make("label", { for: `crop-shape-${i}`, text: name }));
  }));
  const cut = make("button", { class: "primary", text: "Crop", onclick: apply });
  const cancel = make("button", { class: "quiet", text: "Cancel", onclick: () => dialog.close() });
  const dialog = make("dialog", { class: "wide-dialog", "aria-label": `Crop ${entry.name}` },
    make("h2", { text: `Crop ${entry.name}` }), area, choices, says, make("div", { class: "row" }, cancel, cut));
  dialog.addEventListener("close", () => dialog.remove());

  function show() {
    frame.style.left = `${100 * box.x}%`;
    frame.style.top = `${100 * box.y}%`;
    frame.style.width = `${100 * box.width}%`;
    frame.style.height = `${100 * box.height}%`;
    says.textContent = `${Math.round(box.width * entry.width)} × ${Math.round(box.height * entry.height)} of ${entry.width} × ${entry.height} pixels`;
  }
  function setShape(ratio) {
    shape = ratio && (ratio * entry.height) / entry.width;
    if (shape) {
      const area = box.width * box.height, middle = [box.x + box.width / 2, box.y + box.height / 2];
      box.width = Math.min(Math.sqrt(area * shape), 1, shape);
      box.height = box.width / shape;
      box.x = between(middle[0] - box.width / 2, 0, 1 - box.width);
      box.y = between(middle[1] - box.height / 2, 0, 1 - box.height);
    }
    show();
  }
  function size(corner, x, y) { // the opposite corner stays
    const left = corner.includes("w"), top = corner.includes("n");
    const fixed = [left ? box.x + box.width : box.x, top ? box.y + box.height : box.y];
    const room = [left ? fixed[0] : 1 - fixed[0], top ? fixed[1] : 1 - fixed[1]];
    let width = between(Math.abs(fixed[0] - x) * ((left ? x < fixed[0] : x > fixed[0]) ? 1 : 0), LEAST, room[0]);
    let height = between(Math.abs(fixed[1] - y) * ((top ? y < fixed[1] : y > fixed[1]) ? 1 : 0), LEAST, room[1]);
    if (shape) {
      width = Math.min(Math.max(width, height * shape), room[0], room[1] * shape);
      height = width / shape;
    }
    Object.assign(box, { width, height, x: left ? fixed[0] - width : fixed[0], y: top ? fixed[1] - height : fixed[1] });
    show();
  }

  area.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    const place = area.getBoundingClientRect();
    const at = (e) => [between((e.clientX - place.left) / place.width, 0, 1), between((e.clientY - place.top) / place.height, 0, 1)];
    const [x, y] = at(event), begun = { ...box };
    let corner = event.target.dataset.corner;
    const moves = !corner && frame.contains(event.target);
    if (!corner && !moves) { // a new frame is drawn
      Object.assign(box, { x: between(x, 0, 1 - LEAST), y: between(y, 0, 1 - LEAST), width: LEAST, height: LEAST });
      corner = "se";
    }
    const move = (e) => {
      const [nowX, nowY] = at(e);
      if (corner) { size(corner, nowX, nowY); return; }
      box.x = between(begun.x + nowX - x, 0, 1 - box.width);
      box.y = between(begun.y + nowY - y, 0, 1 - box.height);
      show();
    };
    area.setPointerCapture(event.pointerId);
    area.addEventListener("pointermove", move);
    area.addEventListener("lostpointercapture", () => area.removeEventListener("pointermove", move), { once: true });
    frame.focus();
  });
  frame.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!by) return;
    event.preventDefault();
    const step = event.ctrlKey ? 0.002 : 0.02;
    if (event.shiftKey) size("se", box.x + box.width + by[0] * step, box.y + box.height + by[1] * step);
    else {
      box.x = between(box.x + by[0] * step, 0, 1 - box.width);
      box.y = between(box.y + by[1] * step, 0, 1 - box.height);
      show();
    }
  });

  async function apply() {
    cut.disabled = true;
    const made = await app.attempt(api.post(api.at("shelf", entry.id, "crop"), box));
    cut.disabled = false;
    if (!made) return;
    app.add(made);
    dialog.close();
    done(made);
  }

  show();
  document.body.append(dialog);
  dialog.showModal();
  frame.focus();
}
