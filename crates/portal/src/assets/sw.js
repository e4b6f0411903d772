"use strict";
// The shell of the portal, and the last follow-ups as they were seen. Nothing is ever sent from here.
const SHELL = ["/hors-ligne", ...("COQUE")];
const NAME = "coque-" + SHELL.join().length + "-" + SHELL[1].slice(8, 20);
const SEEN_MAX = 20;

addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(SHELL)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => names.filter((name) => name !== NAME && name !== "suivis"));
  event.waitUntil(old.then((names) => Promise.all(names.map((name) => caches.delete(name)))).then(() => clients.claim()));
});

// Where the phone has no room, what is oldest makes some; what cannot be kept is shown all the same.
const keep = async (path, answer) => {
  try {
    const cache = await caches.open("suivis");
    const forget = async (most) => {
      const all = await cache.keys();
      await Promise.all(all.slice(0, Math.max(0, all.length - most)).map((one) => cache.delete(one)));
    };
    await cache.delete(path);
    await forget(SEEN_MAX - 1);
    try {
      await cache.put(path, answer.clone());
    } catch {
      await forget(1);
      await cache.put(path, answer);
    }
  } catch { /* no room at all */ }
};

// A follow-up is kept whenever it is seen, whether the page was opened or has changed in place.
const seen = async (request, answer) => {
  const { pathname, search } = new URL(request.url);
  if (pathname.startsWith("/d/") && !search.includes("deja=") && answer.ok && !answer.redirected) await keep(pathname, answer.clone());
  return answer;
};

const page = (body, status) => new Response(body, { status, headers: { "content-type": "text/html; charset=utf-8" } });

// A form that was on its way when the network went: nobody here knows whether it arrived.
const lost = async (request) => {
  const shell = await (await caches.match("/hors-ligne")).text();
  let id = "";
  try { id = (await request.formData()).get("demande") || ""; } catch { /* no form */ }
  if (!/^[0-9a-f]{32}$/.test(id)) return page(shell, 503);
  const doubt = "<h1>Le réseau a coupé pendant l'envoi</h1><p class=\"note e-attente\">On ne sait pas encore si la demande est passée. <b>Ne la refaites pas</b> : dès que le réseau revient, vérifiez.</p>";
  const text = shell
    .replace(/(<div id="hors-ligne">)[^]*?(<\/div>)/, "$1" + doubt + "$2")
    .replace(/<a [^>]*data-recharge[^>]*>[^<]*<\/a>/, "<a class=\"bouton premier\" href=\"/d/" + id + "\">Vérifier</a>")
    .replace("<div id=\"reprise\" hidden></div>", "")
    .replace("<title>Pas de réseau", "<title>Envoi interrompu");
  return page(text, 503);
};

const navigate = async (request) => {
  const copy = request.method === "POST" ? request.clone() : null;
  try {
    const answer = await fetch(request);
    return request.method === "GET" ? seen(request, answer) : answer;
  } catch {
    if (copy) return lost(copy);
    const { pathname, search } = new URL(request.url);
    const last = pathname.startsWith("/d/") && !search.includes("deja=") ? await caches.match(pathname, { cacheName: "suivis" }) : null;
    return last || page(await (await caches.match("/hors-ligne")).text(), 503);
  }
};

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(navigate(request));
  else if (url.pathname.startsWith("/d/")) event.respondWith(fetch(request).then((answer) => seen(request, answer)));
  else if (url.pathname.startsWith("/actifs/")) event.respondWith(caches.match(request).then((kept) => kept || fetch(request)));
});
