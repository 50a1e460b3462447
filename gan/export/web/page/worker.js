// Runs the network, so that the page does not freeze.
import { resize, toBytes, toPlanes, workingSize } from "./pixels.js";

const TOLERANCE = 2 / 127.5; // two gray levels
const MOST = 4.2e6; // pixels: more do not fit into a browser's memory

let ort, session, model;

/** Fetch a file, and report how many bytes have arrived. */
async function download(path, bytes, report) {
  const answer = await fetch(path).catch(() => {
    throw new Error(`${path}: cannot be downloaded without a network`);
  });
  if (!answer.ok) throw new Error(`${path}: the server answered ${answer.status}`);
  const content = new Uint8Array(bytes);
  let at = 0;
  for (const reader = answer.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (at + value.length > bytes) throw new Error(`${path}: is not the file of this page; reload it`);
    content.set(value, at);
    at += value.length;
    report(at);
  }
  if (at < bytes) throw new Error(`${path}: the download ended early; reload the page`);
  return content;
}

/** Load the runtime unless it is loaded, and a model, and check what the model computes. */
async function load({ runtime, provider, next, bytes }) {
  const { module, loader, binary } = runtime;
  const total = bytes[next.file] + (ort ? 0 : bytes[binary]);
  let before = 0;
  const report = (arrived) => postMessage({ progress: (before + arrived) / total, total });
  if (!ort) {
    const content = await download(binary, bytes[binary], report);
    before = bytes[binary];
    const loaded = await import(`./${module}`);
    loaded.env.wasm.numThreads = 1; // static hosts do not send the headers that threads require
    loaded.env.wasm.wasmPaths = { mjs: new URL(loader, import.meta.url).href };
    loaded.env.wasm.wasmBinary = content;
    ort = loaded;
  }
  const content = await download(next.file, bytes[next.file], report);
  postMessage({ stage: "starting" });
  await session?.release();
  session = undefined;
  session = await ort.InferenceSession.create(content, {
    executionProviders: [provider],
    logSeverityLevel: 3, // errors
  });
  model = next;
  return check();
}

/** Compare a result with the network's own; return milliseconds for a pixel. */
async function check() {
  const side = model.check.side;
  const input = Float32Array.from(
    { length: model.channels * side * side }, (_, i) => ((i * 37) % 256) / 127.5 - 1,
  );
  await run(input, side, side); // compiles
  const start = performance.now();
  const output = await run(input, side, side);
  const spent = performance.now() - start;
  const wrong = model.check.values.some(
    (value, i) => !(Math.abs(output[i * model.check.step] - value) <= TOLERANCE),
  );
  if (wrong) throw new Error("this browser computes another result than the network");
  return spent / (side * side);
}

async function run(input, width, height) {
  const image = new ort.Tensor("float32", input, [1, model.channels, height, width]);
  const { translation } = await session.run({ image });
  const data = await translation.getData();
  translation.dispose();
  return data;
}

/** Translate a bitmap at a working size; return a file with the bitmap's size, or a bitmap. */
async function translate({ bitmap, size, type }) {
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const source = context.getImageData(0, 0, width, height).data;
  const [wide, high] = workingSize(width, height, size);
  if (wide * high > MOST) {
    throw new Error(`at this size it would be ${wide} × ${high} pixels: choose a smaller size, or crop it`);
  }
  const area = wide * high;
  const input = new Float32Array(model.channels * area);
  toPlanes(source, model.channels).forEach((plane, c) => {
    input.set(resize(plane, width, height, wide, high), c * area);
  });
  const output = await run(input, wide, high);
  if (!output.every(Number.isFinite)) throw new Error("the network's result is not finite");
  let planes = Array.from({ length: output.length / area }, (_, c) => output.subarray(c * area, (c + 1) * area));
  const [outWidth, outHeight] = type ? [width, height] : [wide, high];
  planes = planes.map((plane) => resize(plane, wide, high, outWidth, outHeight));
  canvas.width = outWidth;
  canvas.height = outHeight;
  const pixels = new ImageData(toBytes(planes, type && source), outWidth, outHeight);
  context.putImageData(pixels, 0, 0);
  return type ? canvas.convertToBlob({ type, quality: 0.95 }) : canvas.transferToImageBitmap();
}

const TASKS = { load, translate };

onmessage = async ({ data }) => {
  try {
    const result = await TASKS[data.task](data);
    postMessage({ result }, result instanceof ImageBitmap ? [result] : []);
  } catch (error) {
    postMessage({ error: String(error?.message ?? error) });
  }
};
