// Three weights, each a slider of factors from a thousandth to a thousandfold of what the run began with, and a field for any number.
"use strict";

function makeWeights(send) {
  const names = ["content", "style", "tv"], fallback = [5, 100, 0.001], words = ["Content", "Style", "Smoothness"];
  const sliders = names.map((_, i) => document.getElementById("w" + i)), fields = names.map((_, i) => document.getElementById("n" + i));
  const reset = document.getElementById("reset"), note = document.getElementById("weights-note"), plain = note.textContent;
  let first = fallback.slice(), current = null, timer = 0;
  const wanted = [null, null, null]; // changed here, and not in force yet

  const text = (value) => String(Number(value.toPrecision(4)));
  const base = (i) => (first[i] > 0 ? first[i] : fallback[i]);
  const position = (i, value) => (value > 0 ? Math.min(3, Math.max(-3, Math.log10(value / base(i)))) : -3);

  function say(message) {
    note.textContent = message || plain;
    note.classList.toggle("wrong", Boolean(message));
  }

  function show(i, value) {
    sliders[i].value = position(i, value);
    sliders[i].setAttribute("aria-valuetext", `${words[i]} weight ${text(value)}`);
    if (document.activeElement !== fields[i] || fields[i].value === "") fields[i].value = text(value);
    fields[i].removeAttribute("aria-invalid");
  }

  function want(i, value) {
    wanted[i] = value;
    clearTimeout(timer);
    timer = setTimeout(() => { // several keys on a slider are one change
      const changes = names.map((name, k) => (wanted[k] === null ? "" : `${name}=${wanted[k]}`)).filter(Boolean);
      send(changes.join("&")).then((problem) => { if (problem) { wanted.fill(null); say(problem); } });
    }, 350);
    say("");
  }

  sliders.forEach((slider, i) => {
    slider.addEventListener("input", () => {
      const value = Number((base(i) * 10 ** Number(slider.value)).toPrecision(3));
      fields[i].value = text(value);
      fields[i].removeAttribute("aria-invalid");
      slider.setAttribute("aria-valuetext", `${words[i]} weight ${text(value)}`);
      wanted[i] = value; // or else the next news would pull it back under the hand
    });
    slider.addEventListener("change", () => { if (wanted[i] !== null) want(i, wanted[i]); });
  });
  fields.forEach((field, i) => {
    field.addEventListener("change", () => {
      const value = Number(field.value.trim().replace(",", "."));
      if (field.value.trim() === "" || !(value >= 0 && value <= 1e12)) {
        field.setAttribute("aria-invalid", "true");
        say(`${words[i]}: a number from 0 up, please.`);
        return;
      }
      field.value = text(value);
      field.removeAttribute("aria-invalid");
      sliders[i].value = position(i, value);
      want(i, Number(value));
    });
  });
  document.getElementById("weights-form").addEventListener("submit", (event) => event.preventDefault());
  reset.addEventListener("click", () => first.forEach((value, i) => {
    if (current && current[i] !== value) { show(i, value); want(i, value); }
  }));

  return {
    reset: () => reset.click(),
    focus: (i) => sliders[i].focus(),
    begin() { wanted.fill(null); say(""); },
    update(state, usable) {
      first = state.first_weights;
      current = state.weights;
      current.forEach((value, i) => {
        if (wanted[i] !== null && Math.abs(value - wanted[i]) <= 1e-6 * Math.abs(wanted[i])) wanted[i] = null;
        if (wanted[i] === null && fields[i].getAttribute("aria-invalid") !== "true") show(i, value);
      });
      for (const input of [...sliders, ...fields]) input.disabled = !usable;
      reset.disabled = !usable || current.every((value, i) => value === first[i]);
    },
  };
}
