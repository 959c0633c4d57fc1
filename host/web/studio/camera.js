// A photograph with the camera of this machine. Phones have a better way of their own; so does a page that is not on this machine.
import { make } from "./dom.js";
import { choose, takeFiles } from "./intake.js";

export async function takePhoto(app, role) {
  const touch = matchMedia("(hover: none) and (pointer: coarse)").matches;
  if (touch || !navigator.mediaDevices?.getUserMedia) { choose(app, role, { camera: true, multiple: false }); return; }

  const video = make("video", { class: "camera-image", autoplay: true, playsinline: true, "aria-label": "What the camera sees" });
  video.muted = true;
  const hint = make("p", { class: "hint", text: "The browser asks whether the page may use the camera." });
  const shoot = make("button", { class: "primary", text: "Take the photo", disabled: true });
  const cancel = make("button", { class: "quiet", text: "Cancel", onclick: () => dialog.close() });
  const dialog = make("dialog", { class: "wide-dialog", "aria-label": "Camera" }, video, hint, make("div", { class: "row" }, cancel, shoot));
  let stream = null;
  dialog.addEventListener("close", () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();

  try { stream = await navigator.mediaDevices.getUserMedia({ video: { width: { ideal: 3840 }, height: { ideal: 2160 } } }); } catch (problem) {
    hint.textContent = problem.name === "NotAllowedError" ? "The browser does not let the page use the camera." : "No camera was found.";
    hint.classList.add("wrong");
    return;
  }
  if (!dialog.open) { for (const track of stream.getTracks()) track.stop(); return; }
  video.srcObject = stream;
  await video.play().catch(() => {});
  hint.textContent = "";
  shoot.disabled = false;
  shoot.focus();
  shoot.addEventListener("click", () => {
    const canvas = make("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob((blob) => takeFiles(app, [new File([blob], `photo ${new Date().toISOString().slice(0, 19).replace("T", " ").replace(/:/g, ".")}.png`, { type: "image/png" })], role));
    dialog.close();
  });
}
