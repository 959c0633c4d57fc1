// What is being painted: a map for each picture, read from the masks of a run and stored as masks again.
import { REGIONS, hexOf, labelsOf, makeMap, mapSize, pngOf } from "./mask_map.js";
import { PARTS } from "./mask_words.js";
import { stemOf } from "./format.js";

export const keyOf = (run) => JSON.stringify([run.content, run.styles.map(({ id }) => id), run.content_mask ?? null, run.style_masks ?? null]);

const colorOf = (text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));

// The pixels of a mask, at the size of a map, without a smooth edge.
async function pixelsOf(app, mask, width, height) {
  const answer = await fetch(app.api.at("shelf", mask, "file"));
  if (!answer.ok) throw new app.api.Failure("A mask of these settings is not on the shelf any more.", answer.status);
  let picture;
  try { picture = await createImageBitmap(await answer.blob(), { colorSpaceConversion: "none", premultiplyAlpha: "none" }); } catch {
    throw new app.api.Failure("A mask of these settings is in a format that this browser does not read.", 415);
  }
  const on = new OffscreenCanvas(width, height).getContext("2d");
  on.imageSmoothingEnabled = false;
  on.drawImage(picture, 0, 0, width, height);
  return on.getImageData(0, 0, width, height).data;
}

export async function openWork(app) {
  const { run } = app, regions = REGIONS.map((region) => ({ ...region }));
  const images = [app.image(run.content), ...run.styles.map(({ id }) => app.image(id))], planes = [];
  for (const [i, image] of images.entries()) {
    const [width, height] = image.kind === "style" ? [64, 64] : mapSize(image.width, image.height);
    const mask = i === 0 ? run.content_mask : run.style_masks?.[i - 1];
    const plane = { image, goes: i === 0 ? PARTS : images.length === 2 ? 1 : i - 1, map: null };
    if (!mask || mask.startsWith("#")) {
      plane.map = makeMap(width, height);
      if (mask) plane.goes = labelsOf(Uint8ClampedArray.of(...colorOf(mask), 255), regions)[0];
    } else {
      plane.goes = PARTS;
      plane.map = makeMap(width, height, labelsOf(await pixelsOf(app, mask, width, height), regions));
    }
    planes.push(plane);
  }
  const used = planes.flatMap(({ map, goes }) => [...map.shares(regions.length).keys()].filter((r) => map.labels.includes(r)).concat(goes === PARTS ? 0 : goes));
  const count = Math.min(regions.length, Math.max(3, images.length, ...used.map((region) => region + 1)));
  return { key: keyOf(run), regions, planes, count, saved: true,
    use: { plane: 0, tool: "brush", region: 1, size: 35, similar: true, tolerance: 30, strength: 60 } };
}

// Uploads the masks; resolves to what the run needs of them.
export async function saveWork(app, { regions, planes }) {
  const colors = regions.map(({ color }) => color), { at, upload } = app.api, masks = [];
  for (const { image, map, goes } of planes) {
    if (goes !== PARTS) { masks.push(hexOf(regions[goes].color)); continue; }
    const entry = await upload(at("shelf", { name: `${stemOf(image.name)} regions.png`, role: "mask" }), await pngOf(map, colors));
    app.add?.(entry);
    masks.push(entry.id);
  }
  return { content_mask: masks[0], style_masks: masks.slice(1) };
}
