// The losses over the iterations, on a logarithmic scale, as an SVG that is drawn anew whenever there is news.
"use strict";

function makeChart(place, legend) {
  const DECADES_MOST = 9;

  // style.relu3_1 -> the class of its color; the styles' layers share a hue, the deeper the darker.
  function classesOf(terms) {
    const styles = terms.filter((term) => term.startsWith("style.")).length;
    let style = 0;
    return terms.map((term) => {
      if (!term.startsWith("style.")) return term.startsWith("content.") ? "content" : term;
      const step = styles > 1 ? Math.round((style++ * 4) / (styles - 1)) : 2;
      return "style-" + step;
    });
  }
  const nameOf = (term) => (term === "tv" ? "smoothness" : term.replace(".", " ").replace("relu", ""));

  // 1, 2, 5, 10, 20, 50 ... up to all: the axis grows seldom.
  function rangeFor(iteration, iterations) {
    for (let most = 20; most < iterations; most *= 10)
      for (const step of [1, 2.5, 5]) if (most * step >= iteration && most * step < iterations) return most * step;
    return Math.max(iterations, 2);
  }

  const raised = (n) => "10" + String(n).replace(/./g, (c) => (c === "-" ? "\u207b" : "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"[c]));
  const short = (value) => {
    if (value === null || !isFinite(value)) return "–";
    if (value === 0) return "0";
    if (Math.abs(value) >= 1e5 || Math.abs(value) < 1e-2) return value.toExponential(2).replace("e+", "e");
    return value.toPrecision(Math.abs(value) >= 1000 ? 4 + (Math.abs(value) >= 10000) : 3);
  };

  function element(name, attributes, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  let rows = [], shown = "";
  function drawLegend(data, classes) {
    const key = data.terms.join();
    if (key !== shown) {
      shown = key;
      legend.replaceChildren();
      legend.style.setProperty("--rows", Math.ceil((data.terms.length + 1) / 2));
      rows = ["total", ...data.terms].map((term, i) => {
        const row = legend.insertRow(), swatch = element("svg", { viewBox: "0 0 18 8", "aria-hidden": "true" });
        swatch.append(element("path", { d: "M1 4H17", class: i ? classes[i - 1] : "total" }));
        const name = document.createElement("th"), value = document.createElement("td");
        name.scope = "row";
        name.textContent = i ? nameOf(term) : "total";
        row.append(swatch, name, value);
        return value;
      });
    }
    rows.forEach((row, i) => { row.textContent = short(i ? data.values[i - 1] : data.loss); });
  }

  function draw(data) {
    const classes = classesOf(data.terms);
    if (data.terms.length) drawLegend(data, classes);
    const width = place.clientWidth, height = place.clientHeight, left = 40, right = 8, top = 8, bottom = 22;
    const svg = element("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    const points = data.points.slice();
    if (data.iteration && (!points.length || points[points.length - 1][0] !== data.iteration))
      points.push([data.iteration, data.loss, ...data.values]);

    let least = Infinity, most = -Infinity;
    for (const point of points)
      for (let i = 1; i < point.length; i++)
        if (point[i] > 0) { least = Math.min(least, point[i]); most = Math.max(most, point[i]); }
    if (most < 0) { least = 1; most = 10; }
    const high = Math.ceil(Math.log10(most) + 1e-9), low = Math.max(Math.floor(Math.log10(least)), high - DECADES_MOST);
    const span = Math.max(high - low, 1), end = rangeFor(data.iteration, data.iterations);
    const x = (iteration) => left + ((iteration - 1) / Math.max(end - 1, 1)) * (width - left - right);
    const y = (value) => top + ((high - Math.log10(value)) / span) * (height - top - bottom);

    for (let n = low; n <= low + span; n++) {
      if (span > 5 && (n - low) % 2) continue;
      const at = Math.round(top + ((high - n) / span) * (height - top - bottom)) + 0.5;
      svg.append(element("line", { class: "grid", x1: left, x2: width - right, y1: at, y2: at }));
      svg.append(element("text", { x: left - 6, y: at + 3.5, "text-anchor": "end" }, raised(n)));
    }
    for (const part of [0, 0.5, 1]) {
      const iteration = Math.max(1, Math.round(end * part));
      svg.append(element("text", { x: x(iteration), y: height - 4, "text-anchor": part === 0 ? "start" : part === 1 ? "end" : "middle" },
        iteration));
    }
    for (const mark of data.marks)
      if (mark >= 1) svg.append(element("line", { class: "mark", x1: x(mark), x2: x(mark), y1: top, y2: height - bottom }));

    // A gap where a loss was not a number or 0; what is below the last decade lies on the axis.
    const floor = 10 ** (high - span);
    for (let i = data.terms.length + 1; i >= 1; i--) {
      let path = "", open = false;
      for (const point of points) {
        const value = point[i];
        if (!(value > 0)) { open = false; continue; }
        path += `${open ? "L" : "M"}${x(point[0]).toFixed(1)} ${y(Math.max(value, floor)).toFixed(1)}`;
        open = true;
      }
      if (path) svg.append(element("path", { d: path + (path.includes("L") ? "" : "h.01"), class: i === 1 ? "total" : classes[i - 2] }));
    }
    place.replaceChildren(svg);
  }

  let last = null;
  new ResizeObserver(() => { if (last) draw(last); }).observe(place);
  return {
    short,
    show(data) { last = data; draw(data); },
  };
}
