"use strict";
(() => {
  const $ = (query, all = document) => all.querySelector(query);
  const $$ = (query, all = document) => [...all.querySelectorAll(query)];
  const keep = {
    get: (name) => { try { return JSON.parse(localStorage.getItem(name)); } catch { return null; } },
    set: (name, value) => { try { localStorage.setItem(name, JSON.stringify(value)); } catch { /* full, or forbidden */ } },
    drop: (name) => { try { localStorage.removeItem(name); } catch { /* forbidden */ } },
  };
  const DAY = 24 * 60 * 60 * 1000;

  // Who signs in or out leaves nothing of anybody's on the phone.
  if (location.pathname.startsWith("/connexion")) {
    keep.drop("brouillon");
    if (window.caches) caches.delete("suivis");
  }
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js").catch(() => {});

  // The choice so far stands in the address: the last one is kept for a day.
  const here = location.pathname + location.search;
  const step = /^\/c\/[^/]+(\/(fibres|lieux|verifier))?$/.test(location.pathname);
  if (step && $("header .contrat")) keep.set("brouillon", { url: here, le: Date.now() });
  if (location.pathname.startsWith("/d/")) keep.drop("brouillon");
  const resume = $("#reprise");
  const draft = keep.get("brouillon");
  if (resume && draft && Date.now() - draft.le < DAY) {
    const contract = decodeURIComponent((draft.url.match(/^\/c\/([^/?]+)/) || [])[1] || "");
    const link = document.createElement("a");
    link.className = "bouton second large";
    link.href = draft.url;
    link.textContent = "Reprendre " + contract;
    resume.append(link);
    resume.hidden = false;
  } else if (draft && Date.now() - draft.le >= DAY) keep.drop("brouillon");

  // Without network.
  const banner = $("#reseau");
  const offline = (text) => { if (banner) { banner.textContent = text; banner.hidden = !text; } };
  const NOTHING = "Pas de réseau. Rien n'est parti. Votre choix est gardé sur ce téléphone.";
  const stale = () => {
    const at = $("main [data-verifie]");
    offline("Pas de réseau. Dernier état connu" + (at ? ", à " + at.dataset.verifie : ", ci-dessous") + ".");
  };
  const network = () => {
    if (navigator.onLine) offline("");
    else if (location.pathname.startsWith("/d/")) stale();
    else offline(NOTHING);
  };
  addEventListener("online", () => { network(); if ($("[data-recharge]")) location.reload(); });
  addEventListener("offline", network);
  // The event may come before the network does. At its own address, the page is what was asked for.
  if ($("[data-recharge]") && location.pathname !== "/hors-ligne") setInterval(() => {
    if (navigator.onLine) fetch("/manifeste.json", { cache: "no-store" }).then(() => location.reload(), () => {});
  }, 3000);
  if (!navigator.onLine) network();
  $$("[data-recharge]").forEach((one) => one.addEventListener("click", (event) => {
    event.preventDefault();
    location.reload();
  }));

  // Nothing is sent without network, and nothing twice.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!navigator.onLine) {
      event.preventDefault();
      offline(NOTHING);
      banner?.scrollIntoView();
      return;
    }
    if (form.dataset.parti) { event.preventDefault(); return; }
    if (form.method.toLowerCase() !== "post") return;
    form.dataset.parti = "1";
    if ("envoi" in form.dataset) {
      const button = $("[data-envoi-bouton]");
      if (button) { button.textContent = "Envoi en cours…"; button.setAttribute("aria-disabled", "true"); }
    }
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) { $$("form").forEach((form) => delete form.dataset.parti); location.reload(); }
  });

  // Copy, share, print.
  const textOf = (id) => {
    const from = document.getElementById(id);
    if (!from) return "";
    const rows = $$("dl > div", from).map((row) => $("dt", row).textContent.trim() + " : " + $("dd", row).textContent.replace(/\s+/g, " ").trim());
    const chips = $$(".puce .vh", from).map((chip) => chip.textContent);
    return rows.length ? [...chips, ...rows].join("\n") : from.textContent.trim();
  };
  const say = (text) => { const place = $("#annonce"); if (place) place.textContent = text; };
  const wire = (root) => {
    $$("[data-copie]", root).forEach((button) => {
      if (!navigator.clipboard) return;
      button.hidden = false;
      button.addEventListener("click", async () => {
        try { await navigator.clipboard.writeText(textOf(button.dataset.copie)); } catch { return; }
        const name = button.textContent;
        button.textContent = "Copié";
        say("Copié");
        setTimeout(() => { button.textContent = name; }, 2000);
      });
    });
    $$("[data-partage]", root).forEach((button) => {
      if (!navigator.share) return;
      button.hidden = false;
      button.addEventListener("click", () => navigator.share({ title: document.title, text: textOf(button.dataset.partage) }).catch(() => {}));
    });
    $$("[data-imprime]", root).forEach((button) => {
      button.hidden = false;
      button.addEventListener("click", () => print());
    });
    const first = $("[data-focus]", root);
    if (first) first.focus();
  };
  wire(document);

  // Follows a page that changes by itself, as long as somebody looks at it.
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const seen = () => document.visibilityState === "visible" ? Promise.resolve()
    : new Promise((done) => document.addEventListener("visibilitychange", done, { once: true }));
  const swap = (text) => {
    const next = new DOMParser().parseFromString(text, "text/html");
    const [main, bar] = [$("main", next), $("footer.bas", next)];
    if (!main || !bar) return false;
    const old = $("main");
    const open = $$("details", old).some((one) => one.open);
    if (old.innerHTML !== main.innerHTML || old.dataset.suivre !== main.dataset.suivre) {
      const said = $("[data-annonce]", main);
      const before = $("[data-annonce]", old);
      if (said && said.textContent !== before?.textContent) say(said.textContent.trim());
      const focused = document.activeElement;
      const kept = focused && (old.contains(focused) || $("footer.bas").contains(focused));
      old.replaceWith(document.adoptNode(main));
      $("footer.bas").replaceWith(document.adoptNode(bar));
      if (open) $$("details", $("main")).forEach((one) => { one.open = true; });
      document.title = next.title;
      wire($("main"));
      if (kept) $("main").focus({ preventScroll: true });
    }
    return true;
  };
  let lamp = null;
  const follow = async () => {
    for (;;) {
      const main = $("main[data-suivre]");
      if (!main) return;
      await wait(Math.max(Number(main.dataset.pause) * 1000, 250));
      await seen();
      if (!lamp && navigator.wakeLock) lamp = await navigator.wakeLock.request("screen").catch(() => null);
      try {
        const answer = await fetch(main.dataset.suivre, { credentials: "same-origin", headers: { accept: "text/html" } });
        if (answer.redirected && !new URL(answer.url).pathname.startsWith(location.pathname)) { location.assign(answer.url); return; }
        if (!swap(await answer.text())) { location.reload(); return; }
        if (navigator.onLine) offline("");
        if (!answer.ok) await wait(5000);
      } catch {
        stale();
        await wait(5000);
      }
    }
  };
  if ($("main[data-suivre]")) follow();

  // Seconds that are counted down between two looks.
  setInterval(() => $$("[data-dans]").forEach((one) => {
    const left = Math.max(0, Number(one.dataset.dans) - 1);
    one.dataset.dans = left;
    one.textContent = left ? "dans " + left + " s" : "maintenant";
  }), 1000);

  // A label that is photographed, where the phone can read it.
  const scan = $("[data-scan]");
  if (scan && "BarcodeDetector" in window) {
    scan.closest(".scan").hidden = false;
    scan.addEventListener("change", async () => {
      const [file] = scan.files;
      if (!file) return;
      try {
        const [code] = await new BarcodeDetector().detect(await createImageBitmap(file));
        if (code) { document.getElementById(scan.dataset.scan).value = code.rawValue; say("Étiquette lue"); } else say("Étiquette illisible : saisissez la référence");
      } catch { say("Étiquette illisible : saisissez la référence"); }
    });
  }
})();
