// The page: a picture or the camera on one side, its translation on the other.
import { Camera } from "./camera.js";
import { Engine, Stopped } from "./engine.js";
import { areKept, keepFiles } from "./offline.js";
import { openPicture } from "./picture.js";
import { workingSize } from "./pixels.js";
import { bar, element, say, show } from "./state.js";

const SITE = self.SITE;
const SIZES = [256, 384, 512, 768, 1024];
const engine = new Engine(loading);
const camera = new Camera(element("video"));
let picture, result, pace, busy = false, keeping = Promise.resolve(false);

function loading({ progress, total, stage }) {
  if (stage) {
    say("Starting the model");
    bar(null);
    return;
  }
  const megabytes = Math.ceil(total / 1e6);
  say(`Downloading the model: ${Math.round(progress * megabytes)} of ${megabytes} MB`, { quiet: true });
  bar(progress);
}

function model() {
  return SITE.models[element("direction").value];
}

/** Offer the size of the training first, then others. */
function offerSizes() {
  const trained = model().size;
  const before = Number(element("size").value);
  const sizes = [...new Set([trained ?? SIZES[0], ...SIZES])].sort((a, b) => a - b);
  element("size").replaceChildren(...sizes.map((size) => new Option(
    size === trained ? `${size}, as in the training` : `${size}`, size,
  )));
  element("size").value = sizes.includes(before) ? before : trained ?? SIZES[0];
}

/** Load the chosen model, and say when the page is ready. */
async function load() {
  const chosen = model();
  try {
    say("Loading the model");
    pace = await engine.load(chosen);
    ready();
    if (await keeping) show("offline", await areKept(await engine.files(chosen)));
  } catch (error) {
    if (!(error instanceof Stopped)) say(sentence(error), { wrong: true });
  } finally {
    bar();
  }
}

function ready() {
  if (!busy && !camera.open) say(picture ? "Ready: press Translate." : "Ready: choose a picture.");
  enable();
}

function enable() {
  element("translate").disabled = !busy && (!picture || camera.open);
  element("translate").textContent = busy ? "Stop" : "Translate";
  for (const id of ["file", "camera", "direction", "size"]) element(id).disabled = busy;
}

function sentence(error) {
  const text = error.message.trim();
  return text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? "" : ".");
}

/** Take a file as the picture. */
async function choose(file) {
  if (!file || busy) return;
  closeCamera();
  try {
    say("Opening the picture");
    const opened = await openPicture(file);
    forget();
    picture?.close();
    picture = opened;
    element("photo").src = picture.url;
    document.body.style.setProperty("--ratio", picture.width / picture.height);
    show("photo", true);
    show("hint", false);
    ready();
    if (picture.smaller) {
      say(`Ready. The picture is large: its translation has ${picture.width} × ${picture.height} pixels.`);
    }
  } catch (error) {
    say(`${error.message}.`, { wrong: true }); // begins with the file's name
  }
}

function change() {
  if (!camera.open) forget();
  ready();
}

/** Remove the translation of another picture, direction or size. */
function forget() {
  if (result) URL.revokeObjectURL(result);
  result = undefined;
  show("both", false);
  show("empty", true);
  element("download").removeAttribute("href");
  element("download").setAttribute("aria-disabled", "true");
}

async function translate() {
  if (busy) {
    engine.stop();
    return;
  }
  busy = true;
  enable();
  forget();
  const chosen = model(), size = Number(element("size").value);
  const [width, height] = workingSize(picture.width, picture.height, size);
  const start = performance.now();
  const expected = pace * width * height;
  const clock = setInterval(() => {
    if (pace) bar(Math.min(0.95, (performance.now() - start) / expected));
  }, 100);
  try {
    element("sides").lastElementChild.scrollIntoView({ block: "nearest" });
    say(`Translating at ${width} × ${height} pixels${expected > 3000 ? `, about ${Math.round(expected / 1000)} seconds` : ""}`);
    const blob = await engine.translate(chosen, await picture.decode(), size, picture.type);
    const seconds = (performance.now() - start) / 1000;
    pace = (seconds * 1000) / (width * height);
    await present(blob, picture.named(chosen.direction));
    say(`Done at ${width} × ${height} pixels, in ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} seconds.`);
  } catch (error) {
    if (error instanceof Stopped) say("Stopped.");
    else say(`The translation failed: ${error.message}. A smaller working size needs less memory.`, { wrong: true });
  } finally {
    clearInterval(clock);
    bar();
    busy = false;
    enable();
  }
}

/** Show a translation before and after, and offer it as a download. */
async function present(blob, name) {
  result = URL.createObjectURL(blob);
  element("after").src = result;
  element("before").src = picture.url;
  await Promise.all([element("after").decode(), element("before").decode()]);
  show("empty", false);
  show("both", true);
  slide();
  const link = element("download");
  link.href = result;
  link.download = name;
  link.removeAttribute("aria-disabled");
}

function slide() {
  element("both").style.setProperty("--at", `${element("slider").value}%`);
}

/** Move the border to a finger or the mouse: on iPhones, sliders hear their thumb only. */
function drag({ type, buttons, clientX, currentTarget }) {
  if (type === "pointermove" && !buttons) return;
  const box = currentTarget.getBoundingClientRect();
  element("slider").value = (100 * (clientX - box.left)) / box.width;
  slide();
}

async function openCamera() {
  if (camera.open) {
    closeCamera();
    ready();
    return;
  }
  if (busy) return;
  try {
    await camera.start();
  } catch (error) {
    say(sentence(error), { wrong: true });
    return;
  }
  forget();
  document.body.style.setProperty("--ratio", camera.ratio);
  views(true);
  live();
}

function closeCamera() {
  if (!camera.open) return;
  camera.stop();
  if (picture) document.body.style.setProperty("--ratio", picture.width / picture.height);
  views(false);
}

/** Show the camera and its translation, or the picture and its own. */
function views(seen) {
  for (const id of ["video", "live", "take"]) show(id, seen);
  show("photo", !seen && picture);
  show("hint", !seen && !picture);
  show("empty", !seen && !result);
  document.body.classList.toggle("filming", seen);
  element("camera").textContent = seen ? "Close the camera" : "Camera";
  enable();
}

/** Translate what the camera sees until it is closed. */
async function live() {
  const canvas = element("live"), context = canvas.getContext("bitmaprenderer");
  say("The camera is on. Its pictures are translated one after another.");
  try {
    while (camera.open) {
      const bitmap = await engine.translate(model(), await camera.frame(), Number(element("size").value));
      if (!camera.open) return bitmap.close();
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
      context.transferFromImageBitmap(bitmap);
    }
  } catch (error) {
    closeCamera();
    if (!(error instanceof Stopped)) say(sentence(error), { wrong: true });
  }
}

async function take() {
  await choose(await camera.take());
  element("translate").focus();
  await translate();
}

function listen() {
  element("file").addEventListener("change", ({ target }) => { choose(target.files[0]); target.value = ""; });
  element("translate").addEventListener("click", translate);
  element("camera").addEventListener("click", openCamera);
  element("take").addEventListener("click", take);
  element("slider").addEventListener("input", slide);
  for (const type of ["pointerdown", "pointermove"]) element("both").addEventListener(type, drag);
  element("size").addEventListener("change", change);
  element("direction").addEventListener("change", () => { change(); offerSizes(); load(); });
  addEventListener("paste", (event) => choose(event.clipboardData.files[0]));
  const drop = element("drop");
  addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
  addEventListener("dragleave", () => drop.classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    choose(event.dataTransfer.files[0]);
  });
}

async function start() {
  SITE.models.forEach(({ label }, at) => element("direction").append(new Option(label, at)));
  show("directions", SITE.models.length > 1);
  show("camera", Camera.possible);
  offerSizes();
  listen();
  keeping = keepFiles();
  await keeping; // so that what is loaded is kept
  await load();
}

start();
