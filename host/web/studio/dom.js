// Elements in one line each, and the few icons.

const AS_PROPERTY = new Set(["value", "checked", "disabled", "hidden", "draggable", "multiple", "open", "tabIndex"]);

// make("button", { class: "quiet", onclick: f, "aria-pressed": "false" }, "Text", child): null, undefined and false are left out.
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) continue;
    if (name === "class") made.className = value;
    else if (name === "text") made.textContent = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (AS_PROPERTY.has(name)) made[name] = value;
    else if (value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  if (tag === "button" && !attributes.type) made.type = "button";
  return made;
}

const paths = {
  image: "M4 5h16v14H4z M4 16l5-5 4 4 2-2 5 5 M15.5 9.5h.01",
  brush: "M20 4c-5 1-9 5-11 9l2 2c4-2 8-6 9-11z M9 13c-3 0-4 2-4 4 0 1-1 2-2 2 3 2 8 1 8-4",
  camera: "M4 8h4l2-3h4l2 3h4v11H4z M12 10a3.5 3.5 0 1 0 .01 0z",
  folder: "M3 6h6l2 2h10v11H3z",
  crop: "M7 2v15h15 M2 7h15v15",
  regions: "M4 4h16v16H4z M4 14c4-4 6 2 9-1s3-6 7-5",
  close: "M6 6l12 12M18 6L6 18",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  up: "M12 19V5M6 11l6-6 6 6",
  down: "M12 5v14M6 13l6 6 6-6",
  grip: "M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01",
  pause: "M8 5v14M16 5v14",
  play: "M7 4.5v15l12-7.5z",
  stop: "M6 6h12v12H6z",
  copy: "M9 9h11v11H9z M5 15H4V4h11v1",
  check: "M5 12.5l4.5 4.5L19 7",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  undo: "M9 5L4 10l5 5M4 10h10a5 5 0 0 1 0 10h-3",
  redo: "M15 5l5 5-5 5M20 10H10a5 5 0 0 0 0 10h3",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  eraser: "M4 15L14 5l6 6-9 9H8z M9 10l6 6",
  fill: "M10 3l9 9-8 8-8-8 6.5-6.5 M4 12h15 M21 16.5c1.3 2 1.3 3.5 0 3.5s-1.3-1.5 0-3.5",
  warning: "M12 3L2 20h20z M12 10v4M12 17h.01",
  halves: "M12 3v18M4 6h16v12H4z",
  more: "M6 9l6 6 6-6",
  swap: "M7 4L3 8l4 4M3 8h13M17 12l4 4-4 4M21 16H8",
};

// Icons only go with words or a name of their button.
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg"), path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "glyph");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", paths[name]);
  svg.append(path);
  return svg;
}

let ids = 0;
export const freshId = (stem) => `${stem}-${++ids}`; // for labels and what they label

// Calls f once, when nothing has asked for it for a while.
export function later(f, milliseconds) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => f(...values), milliseconds);
  };
}
