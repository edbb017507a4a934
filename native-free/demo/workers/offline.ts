/** The service worker: keeps the files of the page, so that the page works without a network. */

/** The names of the files of the page. `build.ts` inserts the value. */
declare const FILES: readonly string[];
/** A digest that identifies this build. `build.ts` inserts the value. */
declare const BUILD: string;

declare const self: ServiceWorkerGlobalScope;

const PREFIX = 'kneser-demo-';
const CACHE = PREFIX + BUILD;

self.addEventListener('install', event => {
  const fill = async (): Promise<void> => {
    const cache = await caches.open(CACHE);
    await cache.addAll(FILES.map(file => new Request(file, { cache: 'reload' })));
    await self.skipWaiting();
  };
  event.waitUntil(fill());
});

self.addEventListener('activate', event => {
  const takeOver = async (): Promise<void> => {
    const old = (await caches.keys()).filter(name => name.startsWith(PREFIX) && name !== CACHE);
    await Promise.all(old.map(name => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(takeOver());
});

// Other files, such as packed models, always come from the network.
self.addEventListener('fetch', event => {
  const { request } = event;
  if (request.method !== 'GET' || request.headers.has('range')) return;
  if (!FILES.some(file => new URL(file, self.location.href).href === request.url)) return;
  const answer = async (): Promise<Response> => {
    const cache = await caches.open(CACHE);
    return (await cache.match(request)) ?? fetch(request);
  };
  event.respondWith(answer());
});
