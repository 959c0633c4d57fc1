// The list of results as far as it has been read, newest first: the gallery, one result and a comparison share it.
import { sizeText } from "./format.js";

const PAGE = 60;

export const keyOf = ({ name, made, width }) => `${name}\n${made}\n${width}`;
export const sizeOf = ({ width, height }) => (width ? sizeText(width, height) : ""); // of many new files it is known a little later

export function makeResults(app) {
  const { at, get } = app.api;
  const all = { list: [], total: 0, read: false };

  const page = (from, count) => get(at("results", { from, count }));

  // The next page; false when there is none. Results that came meanwhile push the others down, so keys are compared.
  all.more = async () => {
    if (all.read && all.list.length >= all.total) return false;
    const { total, results } = await page(all.list.length, PAGE);
    const known = new Set(all.list.map(keyOf));
    all.list.push(...results.filter((result) => !known.has(keyOf(result))));
    all.total = total;
    all.read = true;
    return results.length > 0;
  };

  // Reads again what has been read.
  all.refresh = async () => {
    const wanted = Math.max(PAGE, all.list.length), list = [];
    let total = 0;
    do {
      const { total: now, results } = await page(list.length, Math.min(PAGE * 4, wanted - list.length));
      total = now;
      if (results.length === 0) break;
      list.push(...results);
    } while (list.length < Math.min(wanted, total));
    Object.assign(all, { list, total, read: true });
  };

  // A result by its name, read page by page up to it; undefined when there is none.
  all.find = async (name) => {
    for (;;) {
      const found = all.list.find((result) => result.name === name);
      if (found || !(await all.more())) return found;
    }
  };

  // An address that changes with the image, because names come back after they were deleted.
  all.url = (result, what) => at("results", result.name, what, { made: Math.round(result.made) });
  return all;
}

const extension = /\.[a-z]{3,4}$/i;
export const titleOf = (result) => result.name.replace(extension, "");

// "photo in waves and night", of what the image itself says.
export function summaryText(result) {
  const { summary } = result;
  if (!summary) return "not made here, or without its settings";
  const stem = (name) => name.replace(extension, "");
  const styles = summary.styles.map(stem);
  return `${stem(summary.content)} in ${styles.length > 1 ? `${styles.slice(0, -1).join(", ")} and ${styles.at(-1)}` : styles[0] ?? "no style"}`;
}

/* ---- what one does with results ---- */

// Deletes and offers to undo it. Resolves to the names that are gone.
export async function deleteResults(app, names) {
  const { at, post } = app.api, undos = [], gone = [];
  for (const name of names) {
    const answer = await app.attempt(post(at("results", name, "delete")));
    if (!answer) break;
    undos.push(answer.undo);
    gone.push(name);
  }
  if (gone.length > 0)
    app.say(gone.length > 1 ? `${gone.length} images are deleted.` : `${gone[0]} is deleted.`, {
      action: "Undo",
      run: async () => {
        for (const undo of undos.reverse()) if (!(await app.attempt(post(at("undo", undo))))) return;
        app.tell("results", {});
        app.say(undos.length > 1 ? "They are back." : `${gone[0]} is back.`);
      },
    });
  return gone;
}

// What a result was made of, or undefined after saying why not.
export const runOf = (app, name) => app.attempt(app.api.get(app.api.at("results", name, "run")));

export const isWhole = (found) => Boolean(found.run?.content && found.run.styles?.length) && found.missing.length === 0;

function sayMissing(app, found) {
  const { missing } = found;
  if (missing.length > 0) app.say(`Not found any more: ${missing.join(", ")}. Choose ${missing.length > 1 ? "others" : "another"} in ${missing.length > 1 ? "their" : "its"} place.`, { wrong: true });
}

export async function useSettings(app, name) {
  const found = await runOf(app, name);
  if (!found) return;
  app.loadRun(found.run);
  sayMissing(app, found);
}

export async function paintAgain(app, name) {
  const found = await runOf(app, name);
  if (!found) return;
  if (isWhole(found)) { await app.queueRun(found.run); return; }
  app.loadRun(found.run);
  sayMissing(app, found);
}

// Small variants around the result.
export async function vary(app, name) {
  const found = await runOf(app, name);
  if (!found) return;
  app.setRun(found.run);
  sessionStorage.removeItem("pastiche-studio-sheet");
  app.go("try");
  sayMissing(app, found);
}
