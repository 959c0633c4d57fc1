// Which options a sheet can vary, what they are called in words, and values that are worth trying.

// In words, and first in the list; the others go by the names of their options.
const WORDS = {
  strength: "How much style",
  "style-weight": "Weight of the style",
  "content-weight": "How much content",
  "style-scale": "Size of the strokes",
  "original-colors": "Keep the colors",
  "match-colors": "Match the colors",
  start: "Where it begins",
  seed: "Another throw of the dice",
  "tv-weight": "Smoothness",
  optimizer: "Optimizer",
  preset: "Method",
  iterations: "Rounds of painting",
  model: "Network",
};
const FIXED = { strength: ["0.2", "0.4", "0.6", "0.75", "0.9"], start: ["noise", "content"], seed: ["1", "2", "3", "4"], iterations: ["20", "50", "100", "200"], "style-scale": ["0.5", "0.7", "1", "1.4", "2"] };
const SKIPPED = ["image-size", "format", "bits", "quality", "memory", "workspace", "tile", "device", "spill", "choices"]; // these do not change what it looks like, or how large it is

export const isSwitch = (row) => row.kind === "flag" || row.kind === "switch";
const tidy = (number) => String(Number(number.toPrecision(3)));

// Groups [title, [[name, words]]], those in words first.
export function choicesOf(groups) {
  const rows = groups.flatMap((group) => group.options);
  const first = Object.keys(WORDS).filter((name) => rows.some((row) => row.name === name)).map((name) => [name, WORDS[name]]);
  const rest = groups.map((group) => [group.name, group.options
    .filter((row) => !WORDS[row.name] && !SKIPPED.includes(row.name) && valuesOf(row, {}, []).length > 1).map((row) => [row.name, `${row.name}: ${row.help}`])]);
  return [["In words", first], ...rest].filter(([, options]) => options.length > 0);
}
export const wordsOf = (name) => WORDS[name] ?? name;

// Values around what the run has.
export function valuesOf(row, options, networks) {
  if (isSwitch(row)) return ["off", "on"];
  if (row.name === "model") return networks.filter((network) => network.installed).map((network) => network.name);
  if (FIXED[row.name]) return FIXED[row.name];
  if (row.words?.length) return row.words.slice(0, 6);
  if (row.kind !== "number" && row.kind !== "integer") return [];
  const now = parseFloat(options[row.name] ?? row.default), least = row.least ?? -Infinity, most = row.most ?? Infinity;
  if (!Number.isFinite(now)) return [];
  const spread = now === 0 ? (row.kind === "integer" ? [0, 1, 2, 3] : [0, 0.1, 1, 10]) : [now / 4, now / 2, now, now * 2, now * 4];
  const values = spread.map((value) => (row.kind === "integer" ? Math.round(value) : value)).filter((value) => value >= least && value <= most);
  return [...new Set(values.map(tidy))];
}

// "10, 20" -> ["10", "20"]; words that mean a switch are what the program takes.
export function readValues(row, text) {
  const parts = [...new Set(text.split(/[,;\s]+/).map((part) => part.trim()).filter(Boolean))];
  return isSwitch(row) ? parts.map((part) => (/^(on|yes|true|1)$/i.test(part) ? "on" : "off")) : parts;
}

// A switch that is off is an option that is not there.
export const optionValue = (row, value) => (isSwitch(row) ? (value === "on" ? true : null) : value);
export const sheetValue = (row, value) => (isSwitch(row) ? value === "on" : value);
