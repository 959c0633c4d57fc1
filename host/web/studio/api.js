// The program's interface: requests, the secret that buttons need, and events.

export class Failure extends Error {
  constructor(message, code, option) {
    super(message);
    this.code = code; // of HTTP; 0: no answer
    this.option = option;
  }
}

// at("results", "a b.png", "file", { download: 1 }) -> "api/results/a%20b.png/file?download=1"
export function at(...parts) {
  const last = parts.at(-1), query = typeof last === "object" && last !== null ? parts.pop() : {};
  const asked = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const path = `api/${parts.map(encodeURIComponent).join("/")}`;
  return asked.length ? `${path}?${asked.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&")}` : path;
}

async function failureOf(answer) {
  const text = await answer.text().catch(() => "");
  try {
    const { error, option } = JSON.parse(text);
    return new Failure(error || `The program answers ${answer.status}.`, answer.status, option);
  } catch { return new Failure(text.trim() || `The program answers ${answer.status}.`, answer.status); }
}

async function ask(url, options) {
  let answer;
  try { answer = await fetch(url, options); } catch { throw new Failure("The program does not answer.", 0); }
  if (!answer.ok) throw await failureOf(answer);
  return answer;
}

async function valueOf(answer) {
  const text = await answer.text();
  return text && (answer.headers.get("Content-Type") || "").includes("json") ? JSON.parse(text) : text.trim();
}

export const get = async (url) => valueOf(await ask(url, { cache: "no-store" }));

let secret = "";
async function button() {
  if (!secret) secret = (await get("state")).button;
  return secret;
}
export function takeSecret(news) { secret = news; }

async function send(url, type, body) {
  for (let again = false; ; again = true) {
    const headers = { "X-Pastiche-Button": await button() };
    if (type) headers["Content-Type"] = type;
    try { return await valueOf(await ask(url, { method: "POST", headers, body })); } catch (problem) {
      if (problem.code !== 403 || again) throw problem;
      secret = ""; // the program was started anew
    }
  }
}

export const post = (url, value) =>
  value === undefined ? send(url, null, "") : send(url, "application/json", JSON.stringify(value));
export const upload = (url, blob) => send(url, "application/octet-stream", blob);
export const press = (name, text = "") => send(name, null, text); // a button of the live page

// Calls take(name, data) for what comes. A page that nobody sees keeps no connection: a browser has only six of them.
export function listen(names, take, lost) {
  let source = null;
  function open() {
    source = new EventSource("api/events");
    for (const name of names)
      source.addEventListener(name, (event) => {
        let data = {};
        try { data = JSON.parse(event.data); } catch { /* an event is news even without data */ }
        take(name, data);
      });
    source.onopen = () => take("open", {});
    source.onerror = () => { close(); lost(); };
  }
  function close() {
    if (source) source.close();
    source = null;
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) close();
    else if (!source) open();
  });
  if (!document.hidden) open();
  return { open() { if (!source && !document.hidden) open(); }, close };
}
