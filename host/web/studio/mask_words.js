// Which style goes where: choices for each style, and what comes of it in words.
import { make } from "./dom.js";
import { stemOf } from "./format.js";

export const PARTS = "parts"; // of a style: which parts of it go where is painted on it

const and = (words) => (words.length > 1 ? `${words.slice(0, -1).join(", ")} and ${words.at(-1)}` : words[0]);
const percent = (part) => (part > 0 && part < 0.01 ? "under 1 %" : `${Math.round(100 * part)} %`);
export const regionName = (regions, index) => (index === 0 ? "what is not painted" : `the ${regions[index].name} region`);

// styles: [{ name, isFile (of a style: only whole), goes: region or PARTS, shares: of its map }]
export function makeStyleChoices(regions, styles, count, changed) {
  return styles.map((style, i) => {
    const select = make("select", { "aria-label": `Where ${style.name} goes`, onchange: () => changed(i, select.value === PARTS ? PARTS : Number(select.value)) },
      Array.from({ length: count }, (_, region) => make("option", { value: String(region), text: `all of it to ${regionName(regions, region)}` })),
      !style.isFile && make("option", { value: PARTS, text: "parts of it, painted on it" }));
    select.value = String(style.goes);
    return make("li", {}, style.thumb && make("img", { alt: "", src: style.thumb, loading: "lazy" }),
      make("div", {}, make("span", { class: "mask-style-name", text: stemOf(style.name), title: style.name }), select));
  });
}

// What the run would do: a line for each region of the content, and whether something is wrong with it.
export function describe(regions, contentShares, styles) {
  const lines = [];
  let taken = 0;
  contentShares.forEach((share, region) => {
    if (share === 0) return;
    const sources = styles.flatMap((style) => {
      if (style.goes === region) return [stemOf(style.name)];
      if (style.goes === PARTS && style.shares[region] > 0) return [region === 0 ? `the rest of ${stemOf(style.name)}` : `the ${regions[region].name} part of ${stemOf(style.name)}`];
      return [];
    });
    if (sources.length > 0) taken++;
    const name = region === 0 ? "What is not painted" : `The ${regions[region].name} region`;
    const small = share < 0.001 ? " It is too small to count." : "";
    lines.push({ region, text: `${name} (${percent(share)}) ${sources.length > 0 ? `is painted like ${and(sources)}.` : "stays as it is in the content."}${small}`, isWrong: share < 0.001 });
  });
  for (const style of styles) {
    const goes = style.goes === PARTS ? style.shares.some((share, region) => share > 0 && contentShares[region] > 0) : contentShares[style.goes] > 0;
    if (!goes) lines.push({ region: null, text: `${stemOf(style.name)} goes nowhere: ${style.goes === PARTS ? "none of its colors is" : `${regionName(regions, style.goes)} is not`} in the content.`, isWrong: true });
  }
  return { lines, isUseless: taken === 0 };
}
