// A map of regions: for each pixel the number of its region, 0 for the rest. No soft edges, so that every color is exact.

// Far apart in color, and each with a word. The first is what nobody painted.
export const REGIONS = [
  { name: "white", color: [255, 255, 255] },
  { name: "red", color: [230, 25, 40] },
  { name: "blue", color: [0, 90, 255] },
  { name: "green", color: [0, 160, 60] },
  { name: "yellow", color: [255, 220, 0] },
  { name: "purple", color: [150, 30, 190] },
  { name: "orange", color: [255, 125, 0] },
  { name: "cyan", color: [0, 215, 225] },
  { name: "pink", color: [255, 130, 200] },
];
export const hexOf = ([r, g, b]) => `#${[r, g, b].map((v) => v.toString(16).padStart(2, "0")).join("")}`;

const SIDE_LEAST = 512, SIDE_MOST = 1024; // of a map: as fine as a brush needs
const UNDO_MOST = 60;
const STEP_PART = 0.16, REACH_PART = 3.5; // of the fill's tolerance: from pixel to pixel, and from where it began

// The size of a map for an image: its proportions, as exactly as whole pixels allow. Small images have several pixels for one.
export function mapSize(width, height) {
  const side = Math.max(width, height), scale = side > SIDE_MOST ? SIDE_MOST / side : Math.ceil(SIDE_LEAST / side);
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

export function makeMap(width, height, labels = new Uint8Array(width * height)) {
  const map = { width, height, labels, changed: null };
  let before = null, undos = [], redos = [];

  const touch = (x0, y0, x1, y1) => { if (map.changed) map.changed(x0, y0, x1, y1); };

  /* ---- undo: what a step covered, as it was ---- */

  map.begin = () => { before = map.labels.slice(); };
  map.end = () => {
    if (!before) return false;
    let x0 = width, y0 = height, x1 = -1, y1 = -1;
    for (let y = 0, at = 0; y < height; y++)
      for (let x = 0; x < width; x++, at++)
        if (before[at] !== map.labels[at]) {
          if (x < x0) x0 = x;
          if (x > x1) x1 = x;
          if (y < y0) y0 = y;
          y1 = y;
        }
    const old = before;
    before = null;
    if (x1 < 0) return false;
    undos.push(cut(old, x0, y0, x1, y1));
    if (undos.length > UNDO_MOST) undos.shift();
    redos = [];
    return true;
  };
  function cut(from, x0, y0, x1, y1) {
    const w = x1 - x0 + 1, data = new Uint8Array(w * (y1 - y0 + 1));
    for (let y = y0; y <= y1; y++) data.set(from.subarray(y * width + x0, y * width + x1 + 1), (y - y0) * w);
    return { x0, y0, x1, y1, data };
  }
  function swap(from, to) {
    const step = from.pop();
    if (!step) return false;
    const { x0, y0, x1, y1, data } = step, w = x1 - x0 + 1;
    to.push(cut(map.labels, x0, y0, x1, y1));
    for (let y = y0; y <= y1; y++) map.labels.set(data.subarray((y - y0) * w, (y - y0 + 1) * w), y * width + x0);
    touch(x0, y0, x1, y1);
    return true;
  }
  map.undo = () => swap(undos, redos);
  map.redo = () => swap(redos, undos);
  map.canUndo = () => undos.length > 0;
  map.canRedo = () => redos.length > 0;

  /* ---- painting ---- */

  // All pixels within a radius of the way from one place to another.
  map.stroke = (ax, ay, bx, by, radius, label) => {
    const x0 = Math.max(0, Math.floor(Math.min(ax, bx) - radius)), x1 = Math.min(width - 1, Math.ceil(Math.max(ax, bx) + radius));
    const y0 = Math.max(0, Math.floor(Math.min(ay, by) - radius)), y1 = Math.min(height - 1, Math.ceil(Math.max(ay, by) + radius));
    const dx = bx - ax, dy = by - ay, length = dx * dx + dy * dy, most = radius * radius;
    for (let y = y0; y <= y1; y++)
      for (let x = x0; x <= x1; x++) {
        const part = length > 0 ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
        const ex = x - ax - part * dx, ey = y - ay - part * dy;
        if (ex * ex + ey * ey <= most) map.labels[y * width + x] = label;
      }
    if (x1 >= x0 && y1 >= y0) touch(x0, y0, x1, y1);
  };

  map.fillAll = (label) => { map.labels.fill(label); touch(0, 0, width - 1, height - 1); };

  // What hangs together with a place: of its region, and if there are pixels (RGBA of the map's size), also of its color: like
  // that of the place, or less like it and reached in small steps, as in a sky that grows paler.
  map.fill = (px, py, label, pixels = null, tolerance = 0) => {
    const start = py * width + px, own = map.labels[start], like = 2 * tolerance ** 2, near = (tolerance * STEP_PART) ** 2, far = (tolerance * REACH_PART) ** 2;
    const done = new Uint8Array(width * height), stack = [start];
    const apart = (a, b) => (pixels[4 * a] - pixels[4 * b]) ** 2 + (pixels[4 * a + 1] - pixels[4 * b + 1]) ** 2 + (pixels[4 * a + 2] - pixels[4 * b + 2]) ** 2;
    const go = (from, at) => {
      if (done[at] || map.labels[at] !== own) return;
      const away = pixels ? apart(at, start) : 0;
      if (away > like && (away > far || apart(at, from) > near)) return;
      done[at] = 1;
      stack.push(at);
    };
    done[start] = 1;
    while (stack.length > 0) {
      const at = stack.pop(), x = at % width;
      if (x > 0) go(at, at - 1);
      if (x < width - 1) go(at, at + 1);
      if (at >= width) go(at, at - width);
      if (at < width * (height - 1)) go(at, at + width);
    }
    if (pixels) closeHoles(done);
    for (let at = 0; at < done.length; at++) if (done[at] && map.labels[at] === own) map.labels[at] = label;
    touch(0, 0, width - 1, height - 1);
  };

  // Single pixels that a color left out, because pictures have grain: those with five filled neighbors or more.
  function closeHoles(done) {
    for (let round = 0; round < 2; round++) {
      const old = done.slice();
      for (let y = 1; y < height - 1; y++)
        for (let x = 1; x < width - 1; x++) {
          const at = y * width + x;
          if (old[at]) continue;
          const near = old[at - 1] + old[at + 1] + old[at - width] + old[at + width] + old[at - width - 1] + old[at - width + 1] + old[at + width - 1] + old[at + width + 1];
          if (near >= 5) done[at] = 1;
        }
    }
  }

  // The share of each region.
  map.shares = (count) => {
    const sums = new Array(count).fill(0);
    for (const label of map.labels) sums[label]++;
    return sums.map((sum) => sum / map.labels.length);
  };
  return map;
}

/* ---- as files ---- */

const crcTable = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});
function chunk(name, data) {
  const made = new Uint8Array(data.length + 12), view = new DataView(made.buffer);
  view.setUint32(0, data.length);
  made.set([...name].map((letter) => letter.charCodeAt(0)), 4);
  made.set(data, 8);
  let crc = 0xffffffff;
  for (const byte of made.subarray(4, data.length + 8)) crc = crcTable[(crc ^ byte) & 255] ^ (crc >>> 8);
  view.setUint32(data.length + 8, ~crc);
  return made;
}

// A PNG with a palette: the colors are those of the regions to the last bit, whatever a browser does with its canvases.
export async function pngOf(map, colors) {
  const { width, height, labels } = map, rows = new Uint8Array((width + 1) * height), head = new DataView(new ArrayBuffer(13));
  for (let y = 0; y < height; y++) rows.set(labels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  head.setUint32(0, width);
  head.setUint32(4, height);
  head.setUint8(8, 8);  // bits
  head.setUint8(9, 3);  // palette
  const packed = new Response(new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate")));
  return new Blob([Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10), chunk("IHDR", new Uint8Array(head.buffer)), chunk("PLTE", Uint8Array.from(colors.flat())),
    chunk("IDAT", new Uint8Array(await packed.arrayBuffer())), chunk("IEND", new Uint8Array())], { type: "image/png" });
}

const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

// Labels for the pixels (RGBA) of a mask. Colors that are not among the regions become regions of their own, until there are 16.
export function labelsOf(pixels, regions, areaLeast = 0.001, regionsMost = 16) {
  const count = pixels.length / 4, sums = new Map();
  for (let at = 0; at < pixels.length; at += 4) {
    const key = (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
    sums.set(key, (sums.get(key) ?? 0) + 1);
  }
  const colorOf = (key) => [key >> 16, (key >> 8) & 255, key & 255];
  const nearest = (color) => {
    let best = 0;
    regions.forEach((region, i) => { if (apart(region.color, color) < apart(regions[best].color, color)) best = i; });
    return best;
  };
  for (const [key, sum] of [...sums].sort((a, b) => b[1] - a[1])) {
    const color = colorOf(key);
    if (sum >= areaLeast * count && regions.length < regionsMost && apart(regions[nearest(color)].color, color) > 60)
      regions.push({ name: hexOf(color), color });
  }
  const labels = new Uint8Array(count), known = new Map();
  for (const key of sums.keys()) known.set(key, nearest(colorOf(key)));
  for (let i = 0, at = 0; i < count; i++, at += 4) labels[i] = known.get((pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2]);
  return labels;
}
