/** The service worker: keeps the page's own files, so that the page works without a network. */

/** The page's files, and a digest that identifies this build; both are inserted by the build. */
declare const FILES: readonly string[];
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

// All other files, such as packed models, come from the network alone.
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
