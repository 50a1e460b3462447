// Registers the service worker, and tells whether files are kept.
const SITE = self.SITE;
const PATIENCE = 8000; // milliseconds

/** Return whether a service worker answers this page's requests from now on. */
export async function keepFiles() {
  const container = navigator.serviceWorker;
  if (!container) return false; // without https
  try {
    const registration = await container.register("sw.js", { updateViaCache: "none" });
    if (container.controller) return true;
    const controlled = new Promise((resolve) => {
      container.addEventListener("controllerchange", () => resolve(true), { once: true });
    });
    registration.active?.postMessage("claim"); // after a reload that bypasses it
    return await Promise.race([controlled, pause(PATIENCE).then(() => false)]);
  } catch {
    return false; // private windows, for instance
  }
}

/** Return whether all of these files are kept; wait a little, as they are written in parallel. */
export async function areKept(paths) {
  const cache = await caches.open(`gan ${new URL("./", location).href}`);
  for (let tries = 0; tries < 50; tries++) {
    const found = await Promise.all(paths.map((path) => cache.match(`${path}?${SITE.files[path].hash}`)));
    if (found.every(Boolean)) return true;
    await pause(200);
  }
  return false;
}

function pause(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
