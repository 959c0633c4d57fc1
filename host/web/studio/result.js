// One result: the image, what it was made of, and what can be done with it.
import { icon, make } from "./dom.js";
import { agoText, bytesText } from "./format.js";
import { deleteResults, paintAgain, runOf, sizeOf, summaryText, titleOf, useSettings, vary } from "./results.js";
import { makeViewer } from "./viewer.js";

export async function mountResult(container, app, all, offs) {
  const name = app.args[0], { at } = app.api;
  const result = await all.find(name);
  if (!result) {
    container.append(make("div", { class: "gallery-empty" }, make("p", { text: `There is no image ${name} any more.` }),
      make("button", { text: "All images", onclick: () => app.go("gallery") })));
    return;
  }
  const index = all.list.indexOf(result);
  if (index === all.list.length - 1) await all.more();
  const newer = all.list[index - 1], older = all.list[index + 1];
  const go = (other) => other && app.go("gallery", other.name);

  const step = (other, label, glyph) => make("button", { class: "icon quiet", "aria-label": label, title: label, disabled: !other, onclick: () => go(other) }, icon(glyph));
  const stage = make("div", { class: "gallery-stage" });
  const facts = make("div", { class: "panel gallery-facts" });
  container.append(
    make("div", { class: "gallery-head" },
      make("button", { class: "quiet gallery-back", onclick: () => app.go("gallery") }, "All images"),
      make("p", { class: "hint", text: `${index + 1} of ${all.total}` }),
      step(newer, "Newer image", "left"), step(older, "Older image", "right")),
    make("div", { class: "gallery-one" }, stage, facts));

  const viewer = makeViewer(stage);
  offs.push(() => viewer.destroy());
  const show = (before) => viewer.show({ after: all.url(result, "view"), before, width: result.width, height: result.height, text: result.name });
  show(null);

  const remove = async () => {
    if ((await deleteResults(app, [name])).length === 0) return;
    await app.attempt(all.refresh());
    const next = older ?? newer;
    if (next) app.go("gallery", next.name); else app.go("gallery");
  };
  const made = make("section", { class: "gallery-made", "aria-label": "Made from" });
  const settings = make("section", { class: "gallery-settings", "aria-label": "Settings" });
  const { summary } = result;
  facts.append(
    make("h2", { class: "title gallery-title", text: titleOf(result) }),
    make("p", { class: "hint", text: [sizeOf(result), bytesText(result.bytes), agoText(result.made)].filter(Boolean).join(" · ") }),
    make("p", { class: "hint", hidden: !summary, text: summary ? `${summary.iterations} iterations` : "" }),
    make("div", { class: "gallery-acts" }, // before what comes later, so that no button moves away
      make("button", { class: "primary", text: "Paint again", disabled: !summary, title: "The same settings once more", onclick: () => paintAgain(app, name) }),
      make("button", { text: "Use its settings", disabled: !summary, title: "Load them under Make, to change some", onclick: () => useSettings(app, name) }),
      make("button", { text: "Vary", disabled: !summary, title: "Small variants of it, under Try", onclick: () => vary(app, name) }),
      make("button", { text: "Compare", disabled: !newer && !older, title: "Beside the next image", onclick: () => app.go("gallery", name, (older ?? newer).name) }),
      make("a", { class: "button", href: at("results", name, "file", { download: 1 }), download: name }, icon("download"), "Download"),
      make("button", { class: "quiet", text: "Delete", onclick: remove })),
    made, settings);

  const onKey = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest?.("input, select, textarea, .gallery-stage")) return;
    const act = { ArrowLeft: () => go(newer), ArrowRight: () => go(older), Escape: () => app.go("gallery"), Delete: remove }[event.key];
    if (act) { event.preventDefault(); act(); }
  };
  document.addEventListener("keydown", onKey);
  offs.push(() => document.removeEventListener("keydown", onKey));
  offs.push(app.on("results", async () => {
    await app.attempt(all.refresh());
    if (!(await all.find(name)) && app.args[0] === name) app.go("gallery");
  }));

  if (!summary) {
    made.append(make("p", { class: "hint", text: `This image tells no settings: it is ${summaryText(result)}.` }));
    return;
  }
  const found = await runOf(app, name);
  if (!found || app.args[0] !== name) return;
  const { run, missing } = found;
  made.append(make("h3", { text: "Made from" }), makeSources(app, run, summary));
  if (missing.length > 0) made.append(make("p", { class: "hint wrong", text: `Not found any more: ${missing.join(", ")}` }));
  for (const note of found.notes ?? []) made.append(make("p", { class: "hint", text: note }));
  settings.append(...settingRows(run.options));
  if (run.content) show(at("shelf", run.content, "view"));
}

function makeSources(app, run, summary) {
  const images = [[run.content, summary.content], ...summary.styles.map((name, i) => [run.styles[i]?.id, name])];
  return make("ul", { class: "gallery-sources" }, images.map(([image, name]) => make("li", {},
    image ? make("img", { alt: "", src: app.api.at("shelf", image, "thumb"), loading: "lazy" }) : make("span", { class: "gallery-lost" }, icon("warning")),
    make("span", { text: name, title: name }))));
}

export function settingRows(options) {
  const names = Object.keys(options ?? {});
  if (names.length === 0) return [make("h3", { text: "Settings" }), make("p", { class: "hint", text: "As the program has them by default." })];
  return [make("h3", { text: "Settings that differ from the defaults" }),
    make("dl", {}, names.flatMap((name) => [make("dt", { text: name }), make("dd", { text: options[name] === true ? "yes" : String(options[name]) })]))];
}
