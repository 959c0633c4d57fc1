// The run as a command for the terminal, and settings out of a result.
import { icon, make } from "./dom.js";
import { choose, loadResult } from "./intake.js";

async function copy(app, text, code) {
  try {
    await navigator.clipboard.writeText(text);
    app.say("The command is copied.");
  } catch { // only pages of this machine or of https may copy
    getSelection().selectAllChildren(code);
    app.say("The command is selected; copy it with Ctrl-C.");
  }
}

export function commandPart(app) {
  const code = make("code"), text = make("pre", { class: "command", tabIndex: 0, "aria-label": "The command" }, code);
  const button = make("button", { class: "small", onclick: () => copy(app, code.textContent, code) }, icon("copy"), make("span", { text: "Copy" }));
  const place = make("details", { class: "panel fold" }, make("summary", {}, make("span", { text: "Show as command" })),
    make("div", { class: "fold-inside" }, make("p", { class: "hint", text: "What the terminal would take for the same image." }), text, make("div", { class: "toolbar" }, button)));
  return {
    place,
    show() {
      const { forecast } = app.state;
      code.textContent = forecast?.command ?? "";
      text.hidden = button.disabled = !forecast?.command;
    },
  };
}

export function fromResult(app) {
  return make("button", { class: "small quiet", onclick: () => choose(app, "content", { multiple: false, take: ([file]) => loadResult(app, file) }) },
    icon("image"), make("span", { text: "Settings from a result" }));
}
