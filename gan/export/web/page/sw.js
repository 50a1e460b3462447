// Keeps the folder's files, so that the page works without a network after the first visit.
importScripts("site.js");
const CACHE = `gan ${registration.scope}`;
const FILES = self.SITE.files;
const LARGE = /^(models|runtime)\//; // kept when they are first used

// The hash is in the address: neither a browser nor a host can answer with an older file.
const address = (path) => new URL(`${path}?${FILES[path].hash}`, registration.scope).href;

async function kept(path) {
  const cache = await caches.open(CACHE);
  const found = await cache.match(address(path));
  if (found) return found;
  const answer = await fetch(address(path));
  if (answer.status !== 200) return answer;
  // Without a list of redirects, with which browsers reject pages.
  const plain = new Response(answer.body, { headers: answer.headers });
  const copy = plain.clone();
  return [plain, cache.put(address(path), copy)];
}

async function install() {
  const small = Object.keys(FILES).filter((path) => !LARGE.test(path));
  await Promise.all(small.map(async (path) => {
    const answer = await kept(path);
    if (!(answer instanceof Response)) await answer[1];
    else if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  }));
  await self.skipWaiting();
}

async function activate() {
  const cache = await caches.open(CACHE);
  const current = new Set(Object.keys(FILES).map(address));
  for (const request of await cache.keys()) if (!current.has(request.url)) await cache.delete(request);
  await self.clients.claim();
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  const scope = new URL(registration.scope);
  if (event.request.method !== "GET" || origin !== scope.origin || !pathname.startsWith(scope.pathname)) return;
  const path = pathname.slice(scope.pathname.length).replace(/^index\.html$/, "");
  if (!(path in FILES)) return;
  const answer = kept(path);
  event.respondWith(answer.then((found) => (found instanceof Response ? found : found[0])));
  // A full disk is not an error of this visit.
  event.waitUntil(answer.then((found) => (found instanceof Response ? null : found[1])).catch(() => {}));
});
