// Which network paints, and how to get the finer one.
import * as api from "./api.js";
import { freshId, make } from "./dom.js";
import { bytesText } from "./format.js";

const RECOMMENDED = "vgg19";
const fetching = {}; // name -> { done, total, error }; outlives the view

export function networkPart(app) {
  const place = make("section", { class: "panel network", "aria-label": "The network" });
  const nameOf = (network) => network.title || network.name;
  const plain = (name) => name.replace(/^built-in:(.*)\.[a-z]+$/, "$1, built in"); // of a file

  async function begin(name) {
    fetching[name] = { done: 0, total: 0 };
    show();
    try { await api.post(api.at("networks", name, "fetch")); } catch (problem) {
      fetching[name] = { error: problem.message };
      show();
    }
  }

  async function take(data) {
    const was = fetching[data.name];
    fetching[data.name] = data;
    if (!data.error && data.total > 0 && data.done >= data.total) {
      try { app.state.studio = await api.get(api.at("studio")); } catch { /* the next news bring it */ }
      if (app.state.studio.networks.some((network) => network.name === data.name && network.installed)) {
        delete fetching[data.name];
        app.say("The network is here.");
        if (was && data.name === RECOMMENDED) app.setOptions({ model: data.name });
      }
    }
    show();
  }

  function chooser(networks) {
    const id = freshId("network"), { network } = app.state.studio;
    const usual = networks.some((one) => one.name === network?.name);
    const select = make("select", { id, onchange: () => app.setOptions({ model: select.value || null }) },
      usual ? null : make("option", { value: "", text: network ? plain(network.name) : "as usual" }),
      ...networks.map((one) => make("option", { value: one.name === network?.name ? "" : one.name, text: nameOf(one) })));
    select.value = app.run.options.model && networks.some((one) => one.name === app.run.options.model) ? app.run.options.model : "";
    return make("div", { class: "setting-head" }, make("label", { for: id, text: "Network" }), select);
  }

  function offer(network) {
    const news = fetching[network.name];
    if (news && !news.error) {
      const part = news.total ? news.done / news.total : 0;
      const bar = make("div", { class: "bar", role: "progressbar", "aria-label": `Fetching ${nameOf(network)}`, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": Math.round(100 * part) }, make("div"));
      bar.firstElementChild.style.width = `${100 * part}%`;
      return make("div", {}, make("p", { class: "hint", text: `Fetching ${nameOf(network)}: ${bytesText(news.done)}${news.total ? ` of ${bytesText(news.total)}` : ""}` }), bar);
    }
    return make("div", {}, make("p", { class: "hint" }, `${nameOf(network)} paints finer strokes than the networks inside the program. It is fetched once${network.bytes ? `, ${bytesText(network.bytes)}` : ""}.`,
        network.licence ? ` License: ${network.licence}.` : ""),
      news?.error && make("p", { class: "hint wrong", role: "alert", text: news.error }),
      make("div", { class: "toolbar" }, make("button", { class: "small", text: news?.error ? "Try again" : `Get ${nameOf(network)}`, onclick: () => begin(network.name) })));
  }

  function show() {
    const { networks, network } = app.state.studio, name = network ? plain(network.name) : "none is installed", installed = networks.filter((one) => one.installed);
    const wanted = networks.find((one) => one.name === RECOMMENDED && !one.installed && !network?.name.includes(RECOMMENDED));
    const coming = networks.filter((one) => fetching[one.name] && one !== wanted);
    place.replaceChildren(
      installed.length > 1 ? chooser(installed) : make("p", { class: "network-name" }, make("span", { text: "Network" }), make("strong", { text: name })),
      ...[wanted, ...coming].filter(Boolean).map(offer));
  }
  return { place, show, take };
}
