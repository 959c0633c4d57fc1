// What a browser remembers of the page: light or dark, and whether single keys do things. Runs before anything is drawn.
"use strict";

const look = (() => {
  const root = document.documentElement;
  const names = { system: "Theme: auto", light: "Theme: light", dark: "Theme: dark" };

  // Where storage is forbidden the choice holds for this page alone.
  function remembered(key, otherwise) {
    try { return localStorage.getItem("pastiche-" + key) ?? otherwise; } catch { return otherwise; }
  }
  function remember(key, value) {
    try { localStorage.setItem("pastiche-" + key, value); } catch { /* see above */ }
  }

  let theme = remembered("theme", "system");
  function dress() {
    if (!(theme in names)) theme = "system";
    if (theme === "system") delete root.dataset.theme; else root.dataset.theme = theme;
    const name = document.getElementById("theme-name");
    if (name) name.textContent = names[theme];
  }
  dress();

  return {
    keys: remembered("keys", "on") !== "off",
    nextTheme() {
      const all = Object.keys(names);
      theme = all[(all.indexOf(theme) + 1) % all.length];
      remember("theme", theme);
      dress();
      return names[theme];
    },
    setKeys(on) {
      this.keys = on;
      remember("keys", on ? "on" : "off");
      root.dataset.keys = on ? "on" : "off";
    },
    dress,
  };
})();
