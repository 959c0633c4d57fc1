// Asks what the run being prepared would take, whenever it changes; app.state.forecast has the answer, or its error.
import * as api from "./api.js";
import { later } from "./dom.js";

export function begin(app) {
  let asked = 0;
  const ask = later(async () => {
    const number = ++asked, { run } = app;
    let forecast = null;
    if (run.content && run.styles.length) {
      try { forecast = await api.post(api.at("forecast"), run); } catch (problem) {
        if (!(problem instanceof api.Failure)) throw problem;
        forecast = { error: problem.message, option: problem.option };
      }
    }
    if (number !== asked) return;
    app.state.forecast = forecast;
    app.tell("forecast");
  }, 200);
  app.on("run", ask);
  app.on("queue", ask); // the pace is known better after each run
  ask();
}

// Seconds that the run would take with another number of iterations or another size; null: not known.
export function secondsWith(app, { iterations, size }) {
  const known = app.state.forecast;
  if (!known?.seconds) return null;
  const times = iterations ? iterations / known.iterations : 1, side = Math.max(known.width, known.height);
  return known.seconds * times * (size ? (size / side) ** 2 : 1);
}
