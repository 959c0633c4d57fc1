// Two results beside each other, zoomed and moved as one, and what differs in their settings.
import { icon, make } from "./dom.js";
import { agoText } from "./format.js";
import { runOf, sizeOf, summaryText, titleOf, useSettings } from "./results.js";
import { makeZoomPair } from "./zoom_pair.js";

export async function mountCompare(container, app, all, offs) {
  const names = app.args.slice(0, 2);
  const pair = [];
  for (const name of names) pair.push(await all.find(name));
  const lost = names.filter((name, i) => !pair[i]);
  if (lost.length > 0) {
    container.append(make("div", { class: "gallery-empty" }, make("p", { text: `There is no image ${lost.join(" and no ")} any more.` }),
      make("button", { text: "All images", onclick: () => app.go("gallery") })));
    return;
  }

  const figures = pair.map((result) => ({ text: result.name, url: all.url(result, "view"), width: result.width, height: result.height }));
  const zoom = makeZoomPair(figures);
  offs.push(zoom.destroy);
  const level = make("output", { class: "compare-level", "aria-live": "off" });
  zoom.onchange = (text) => { level.textContent = text; };
  const act = (label, name, run) => make("button", { class: "icon quiet", "aria-label": label, title: label, onclick: run }, icon(name));
  container.append(
    make("div", { class: "gallery-head" },
      make("button", { class: "quiet gallery-back", onclick: () => app.go("gallery") }, "All images"),
      make("h2", { class: "title", text: "Compare" }),
      make("span", { class: "compare-tools" },
        act("Swap the sides", "swap", () => app.go("gallery", names[1], names[0])),
        make("button", { class: "quiet small", text: "Fit", onclick: () => zoom.fit() }),
        make("button", { class: "quiet small", text: "Every pixel", onclick: () => zoom.pixels() }),
        act("Zoom out", "minus", () => zoom.by(1 / 1.5)), level, act("Zoom in", "plus", () => zoom.by(1.5)))),
    zoom.element,
    make("div", { class: "compare-captions" }, pair.map((result) => makeCaption(app, result))));
  zoom.fit();

  const table = make("section", { class: "panel compare-table", "aria-label": "What differs" }, make("h2", { text: "What differs" }));
  container.append(table);
  const found = await Promise.all(pair.map((result) => (result.summary ? runOf(app, result.name) : null)));
  table.append(makeDifferences(app, pair, found));
}

function makeCaption(app, result) {
  return make("div", {},
    make("a", { href: `#gallery/${encodeURIComponent(result.name)}`, text: titleOf(result) }),
    make("p", { class: "hint", text: `${[summaryText(result), sizeOf(result), agoText(result.made)].filter(Boolean).join(" · ")}` }),
    result.summary && make("button", { text: "Use its settings", "aria-label": `Use the settings of ${result.name}`, onclick: () => useSettings(app, result.name) }));
}

// Rows [what, value of the first, value of the second].
function rowsOf(app, pair, found) {
  const facts = pair.map((result, i) => {
    const run = found[i]?.run, facts = new Map();
    if (result.summary) {
      facts.set("content", result.summary.content);
      facts.set("styles", result.summary.styles.join(", "));
      facts.set("iterations made", `${result.summary.iterations}${result.summary.stopped ? ", stopped" : ""}`);
    }
    if (result.width) facts.set("size", sizeOf(result));
    if (run?.styles?.length > 1) facts.set("shares", run.styles.map((style) => style.share).join(" : "));
    if (run) facts.set("regions", run.content_mask ? "yes" : "no");
    for (const [name, value] of Object.entries(run?.options ?? {})) facts.set(`--${name}`, value === true ? "yes" : String(value));
    return facts;
  });
  const usual = (name, i) => {
    if (!found[i]) return "unknown";
    const row = name.startsWith("--") && app.option ? app.option(name.slice(2)) : null;
    return row && row.default !== false && row.default !== undefined && row.default !== "" ? `${row.default} (default)` : name.startsWith("--") ? "default" : "–";
  };
  return [...new Set([...facts[0].keys(), ...facts[1].keys()])]
    .map((name) => [name, ...facts.map((all, i) => all.get(name) ?? usual(name, i))])
    .filter(([, a, b]) => a !== b && a !== b.replace(/ \(default\)$/, "") && b !== a.replace(/ \(default\)$/, ""));
}

function makeDifferences(app, pair, found) {
  const rows = rowsOf(app, pair, found);
  if (rows.length === 0) return make("p", { class: "hint", text: "Nothing: content, styles and settings are the same." });
  return make("table", {},
    make("thead", {}, make("tr", {}, make("th", { scope: "col", text: "Setting" }), pair.map((result) => make("th", { scope: "col", text: titleOf(result) })))),
    make("tbody", {}, rows.map(([name, ...values]) => make("tr", {}, make("th", { scope: "row", text: name }), values.map((text) => make("td", { text }))))));
}
