// The content and the styles of the run that is being prepared, each a place that takes images.
import * as api from "./api.js";
import { takePhoto } from "./camera.js";
import { crop } from "./crop.js";
import { freshId, icon, make } from "./dom.js";
import { sizeText } from "./format.js";
import { choose, putInto, replaceStyle, takeDrops, takeOut } from "./intake.js";

// An image of the shelf, small; style files have no image to show, only their name.
export function thumbnail(entry, alt = "") {
  const place = make("span", { class: "thumb-image" });
  if (entry.kind === "style") place.append(make("span", { class: "thumb-file" }, icon("brush"), "style file"));
  else place.append(make("img", { src: api.at("shelf", entry.id, "thumb"), alt, loading: "lazy", decoding: "async", draggable: false,
    onerror: () => place.replaceChildren(make("span", { class: "thumb-file" }, icon("image"), "no preview")) }));
  return place;
}

const button = (glyph, text, onclick, name) =>
  make("button", { class: "small", onclick, "aria-label": name ?? null }, icon(glyph), make("span", { text }));

const remove = (name, onclick) => make("button", { class: "small icon quiet remove", "aria-label": name, title: name, onclick }, icon("close"));

function invitation(app, role, { glyph, title, text }) {
  return make("div", { class: "invitation" }, icon(glyph), make("p", { class: "invitation-title", text: title }), make("p", { class: "hint", text }),
    make("div", { class: "toolbar" },
      button("folder", "Choose a file", () => choose(app, role), role === "content" ? "Choose a file as the content" : "Choose files as styles"),
      button("camera", "Camera", () => takePhoto(app, role), `Take the ${role} with the camera`)));
}

/* ---- the content ---- */

export function contentPlace(app) {
  const inside = make("div", { class: "place-inside" });
  const place = make("section", { class: "place content-place", "data-role": "content", "aria-label": "Content" },
    make("h2", {}, make("span", { class: "step", text: "1" }), "Your image"), inside);
  takeDrops(app, place, "content");

  let shown = null;
  function show() {
    const entry = app.image(app.run.content), key = `${entry?.id} ${app.run.content_mask}`;
    if (key === shown) return; // the image need not come again
    shown = key;
    place.classList.toggle("filled", Boolean(entry));
    if (!entry) {
      inside.replaceChildren(invitation(app, "content", { glyph: "image", title: "Drop a photograph here", text: "or paste it, choose a file, take one with the camera" }));
      return;
    }
    const image = make("img", { class: "content-image", src: api.at("shelf", entry.id, "view"), alt: entry.name, width: entry.width, height: entry.height });
    inside.replaceChildren(
      make("div", { class: "content-mat" }, image),
      make("div", { class: "toolbar" },
        make("p", { class: "name" }, make("span", { text: entry.name }), make("small", { text: sizeText(entry.width, entry.height) })),
        remove("Remove the content", () => takeOut(app, "content")),
        button("swap", "Replace", () => choose(app, "content", { multiple: false })),
        button("crop", "Crop", () => crop(app, entry, (made) => putInto(app, "content", made.id))),
        button("regions", app.run.content_mask ? "Regions: on" : "Regions", () => app.go("masks"))));
  }
  return { place, show };
}

/* ---- the styles ---- */

// Parts of a hundred: what one style gains, the others lose in proportion.
function sharesWith(shares, index, percent) {
  const rest = shares.reduce((sum, share, i) => sum + (i === index ? 0 : share), 0);
  return shares.map((share, i) => (i === index ? percent : Math.round((100 - percent) * (rest ? share / rest : 1 / (shares.length - 1)))));
}

function share(app, style, index) {
  const name = freshId("share"), all = app.run.styles.map((one) => one.share), total = all.reduce((a, b) => a + b, 0) || 1;
  const percent = Math.round((100 * style.share) / total);
  const text = make("output", { for: name, text: `${percent} %` });
  const slider = make("input", { type: "range", id: name, min: 0, max: 100, step: 1, value: percent });
  const shares = () => sharesWith(all, index, Number(slider.value));
  slider.addEventListener("input", () => {
    const list = slider.closest(".style-list"), now = shares();
    list.querySelectorAll("output").forEach((other, i) => { other.textContent = `${now[i]} %`; });
    list.querySelectorAll("input[type=range]").forEach((other, i) => { if (other !== slider) other.value = now[i]; });
  });
  slider.addEventListener("change", () => {
    const now = shares();
    app.setRun({ ...app.run, styles: app.run.styles.map((one, i) => ({ ...one, share: now[i] })) });
  });
  return make("div", { class: "share" }, make("label", { for: name, class: "unseen", text: "Share" }), slider, text);
}

function styleCard(app, style, index) {
  const entry = app.image(style.id), several = app.run.styles.length > 1;
  return make("li", { class: "style-card" }, thumbnail(entry, entry.name),
    make("div", { class: "style-about" },
      make("div", { class: "toolbar" },
        make("p", { class: "name" }, make("span", { text: entry.name }), entry.width ? make("small", { text: sizeText(entry.width, entry.height) }) : null),
        remove(`Remove the style ${entry.name}`, () => takeOut(app, "style", style.id))),
      several && share(app, style, index),
      make("div", { class: "toolbar" },
        entry.kind !== "style" && button("crop", "Crop", () => crop(app, entry, (made) => replaceStyle(app, index, made.id)), `Crop the style ${entry.name}`))));
}

export function stylesPlace(app) {
  const inside = make("div", { class: "place-inside" });
  const place = make("section", { class: "place styles-place", "data-role": "style", "aria-label": "Styles" },
    make("h2", {}, make("span", { class: "step", text: "2" }), "The style"), inside);
  takeDrops(app, place, "style");

  let shown = null;
  function show() {
    const styles = app.run.styles.filter((style) => app.image(style.id)), key = JSON.stringify(styles);
    if (key === shown) return;
    shown = key;
    place.classList.toggle("filled", styles.length > 0);
    if (!styles.length) {
      inside.replaceChildren(invitation(app, "style", { glyph: "brush", title: "Drop a painting here", text: "or anything with strokes, marks or a texture that you like" }));
      return;
    }
    const focused = inside.contains(document.activeElement) && document.activeElement.type === "range"
      ? [...inside.querySelectorAll("input[type=range]")].indexOf(document.activeElement) : -1;
    inside.replaceChildren(
      make("ul", { class: styles.length === 1 ? "style-list one" : "style-list" }, ...styles.map((style) => styleCard(app, style, app.run.styles.indexOf(style)))),
      make("div", { class: "add-style" }, make("span", { class: "hint", text: "Styles can be blended: drop another one here" }),
        button("plus", "Add a style", () => choose(app, "style")),
        button("camera", "Camera", () => takePhoto(app, "style"), "Take a style with the camera")));
    inside.querySelectorAll("input[type=range]")[focused]?.focus();
  }
  return { place, show };
}
