// Numbers as people read them.

const pad = (n) => String(n).padStart(2, "0");

// A clock: 0:07, 12:30, 1:02:03.
export function clockText(seconds) {
  if (seconds === null || seconds === undefined || !isFinite(seconds)) return "–";
  const whole = Math.round(seconds), hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${pad(minutes)}:${pad(whole % 60)}` : `${minutes}:${pad(whole % 60)}`;
}

// In words and no more exact than a forecast is: "20 s", "3 min", "1 h 10 min".
export function timeText(seconds) {
  if (seconds === null || seconds === undefined || !isFinite(seconds)) return "";
  if (seconds < 1) return "1 s";
  if (seconds < 20) return `${Math.round(seconds)} s`;
  if (seconds < 95) return `${Math.round(seconds / 5) * 5} s`;
  if (seconds < 600) return `${(seconds / 60).toFixed(1).replace(".0", "")} min`;
  if (seconds < 5700) return `${Math.round(seconds / 60)} min`;
  const hours = Math.floor(seconds / 3600), minutes = Math.round((seconds % 3600) / 600) * 10;
  if (hours >= 48) return `${Math.round(hours / 24)} days`;
  return minutes === 60 ? `${hours + 1} h` : minutes ? `${hours} h ${minutes} min` : `${hours} h`;
}

export function bytesText(bytes) {
  if (!(bytes >= 0)) return "";
  if (bytes < 1e3) return `${bytes} bytes`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1e3, unit = 0;
  while (value >= 999.5 && unit < 3) { value /= 1e3; unit++; }
  return `${value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

export const sizeText = (width, height) => `${width}\u2009×\u2009${height}`;

export function agoText(epoch) {
  const seconds = Date.now() / 1000 - epoch;
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  const day = new Date(epoch * 1000), today = new Date();
  const time = day.toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", hour12: false });
  if (day.toDateString() === today.toDateString()) return `today, ${time}`;
  today.setDate(today.getDate() - 1);
  if (day.toDateString() === today.toDateString()) return `yesterday, ${time}`;
  return day.toLocaleDateString("en", { day: "numeric", month: "long", year: day.getFullYear() === new Date().getFullYear() ? undefined : "numeric" });
}

// What comes last in a path or a long name stays readable.
export const stemOf = (name) => name.replace(/\.[a-z0-9]{1,5}$/i, "");

// How much of a run is done: of its time where that is known, for later scales take longer.
export function partOf(entry) {
  if (entry.seconds > 0 && entry.seconds_left !== null && entry.seconds_left >= 0) return entry.seconds / (entry.seconds + entry.seconds_left);
  return entry.iterations ? entry.iteration / entry.iterations : 0;
}
