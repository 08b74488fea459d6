/* The console's own script: live parts, dialogs, clock, copying, tabs. Every page works without it, only less well. */
(() => {
  "use strict";

  const HIDDEN_FACTOR = 10; // how much slower live parts are asked for while the page is hidden
  const all = (selector, root = document) => root.querySelectorAll(selector);
  const announcements = document.getElementById("announcements");
  const question = document.getElementById("question");

  const announce = (text) => {
    announcements.textContent = "";
    setTimeout(() => { announcements.textContent = text; }, 50);
  };

  /* Requests by htmx: the form token; for live parts, the tag of what is shown, so that an unchanged one costs nothing. */
  const tags = new Map();
  document.addEventListener("htmx:config:request", (event) => {
    const { request, sourceElement } = event.detail.ctx;
    request.headers["X-CSRFToken"] = document.body.dataset.csrf;
    const tag = tags.get(sourceElement.id);
    if (sourceElement.dataset.live && tag) request.headers["If-None-Match"] = tag;
  });
  document.addEventListener("htmx:after:request", (event) => {
    const { response, sourceElement } = event.detail.ctx;
    const tag = response.headers.get("ETag");
    if (sourceElement.dataset.live && tag && response.status === 200) tags.set(sourceElement.id, tag);
    if (response.headers.get("X-Clock")) hear(response.headers.get("X-Clock"), response.headers.get("X-Clock-Seen"));
    const said = response.headers.get("X-Announcement");
    if (said) {
      if (question.open) question.close();
      document.getElementById("alerts").textContent = "";
      announce(decodeURIComponent(said));
    }
  });
  document.addEventListener("htmx:after:swap", (event) => {
    freshen();
    const target = event.detail.ctx.hx?.retarget;
    if (target === "#dialog" && !question.open) question.showModal();
    if (target === "#alerts" && question.open) question.close();
  });

  /* Live parts: asked for every few seconds, much less often in a hidden page, at once when something was changed. */
  const asked = new WeakMap();
  const ask = (part) => {
    asked.set(part, performance.now());
    part.dispatchEvent(new CustomEvent("live"));
  };
  setInterval(() => {
    for (const part of all("[data-live]")) {
      const wait = part.dataset.live * 1000 * (document.hidden ? HIDDEN_FACTOR : 1);
      if (performance.now() - (asked.get(part) ?? 0) >= wait && !question.open) ask(part);
    }
  }, 250);
  const askAll = () => all("[data-live]").forEach(ask);
  document.addEventListener("refresh", askAll);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) askAll(); });
  all("[data-live]").forEach((part) => asked.set(part, performance.now()));

  /* The dialog asks before something is ended. Closed, it is empty. */
  question.addEventListener("close", () => { document.getElementById("dialog").replaceChildren(); });
  document.addEventListener("click", (event) => {
    if (question.open && event.target.closest("[data-close]")) {
      event.preventDefault();
      question.close();
    }
  });

  /* The deployment's clock: what the page was told, moved on by this machine's. Ages and remaining times follow it. */
  const clock = document.querySelector("[data-clock]");
  const note = document.querySelector("[data-clock-note]");
  let told = { at: performance.now(), time: new Date(clock.getAttribute("datetime")), frozen: clock.dataset.clock === "frozen" };
  const now = () => new Date(told.time.getTime() + (told.frozen ? 0 : performance.now() - told.at));
  const clockSeen = document.querySelector("#clock [name=seen]"); // what the buttons of the clock say that they showed
  const hear = (header, seen) => { // "<instant> <note>": the note says that it stands still, or how far it was moved
    if (clockSeen) clockSeen.value = seen;
    const [instant, ...words] = header.split(" ");
    told = { at: performance.now(), time: new Date(instant), frozen: words[0] === "frozen" };
    note.hidden = !words.length;
    write(note, words.join(" "));
  };
  const two = (number) => String(number).padStart(2, "0");
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const time = (date) => [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(":");
  const span = (seconds) => {
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} min`;
    return `${Math.floor(seconds / 86400)} d`;
  };
  const write = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  const freshen = () => {
    const present = now();
    write(clock, `${present.getUTCDate()} ${months[present.getUTCMonth()]} ${present.getUTCFullYear()}, ${time(present)}`);
    for (const element of all("time[data-age], time[data-left]")) {
      const then = new Date(element.getAttribute("datetime"));
      const seconds = Math.floor((present - then) / 1000);
      element.title = `${then.toISOString().slice(0, 19).replace("T", " ")} UTC`;
      if ("age" in element.dataset) write(element, seconds < 1 ? "now" : `${span(seconds)} ago`);
      else write(element, seconds >= 0 ? "over" : span(-seconds));
    }
  };
  freshen();
  setInterval(freshen, 1000);

  /* Small things: menu, theme, filters, choosing all, copying. */
  const menu = document.getElementById("menu");
  menu?.addEventListener("click", () => {
    const open = document.body.classList.toggle("menu-open");
    menu.setAttribute("aria-expanded", String(open));
  });
  document.getElementById("theme").addEventListener("change", (event) => event.target.form.submit());
  for (const filters of all("form[data-filters]")) {
    filters.addEventListener("change", (event) => { if (event.target.matches("select")) filters.requestSubmit(); });
  }
  let typing;
  document.addEventListener("input", (event) => {
    const preview = document.getElementById(event.target.closest("[data-preview]")?.dataset.preview);
    clearTimeout(typing);
    if (preview) typing = setTimeout(() => preview.dispatchEvent(new CustomEvent("preview")), 300);
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-choose-all]")) {
      for (const box of all("input[name=server]", event.target.form)) box.checked = event.target.checked;
    }
    const chosen = document.getElementById("chosen");
    if (chosen && event.target.matches("input[type=checkbox]")) {
      chosen.textContent = `Chosen servers: ${all("input[name=server]:checked").length}`;
    }
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const text = document.getElementById(button.dataset.copy).textContent;
    try {
      await navigator.clipboard.writeText(text);
      announce("Copied.");
      button.textContent = "Copied";
    } catch {
      announce("The browser does not let this page copy. Select the text instead.");
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });

  /* Tabs, after the ARIA pattern: arrows move, Home and End jump. */
  const choose = (tab) => {
    for (const other of all("[role=tab]", tab.parentElement)) {
      const chosen = other === tab;
      other.setAttribute("aria-selected", String(chosen));
      other.tabIndex = chosen ? 0 : -1;
      document.getElementById(other.getAttribute("aria-controls")).hidden = !chosen;
    }
  };
  document.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) choose(tab);
  });
  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.("[role=tab]");
    if (!tab) return;
    const tabs = [...all("[role=tab]", tab.parentElement)];
    const at = tabs.indexOf(tab);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const chosen = tabs[(next + tabs.length) % tabs.length];
    choose(chosen);
    chosen.focus();
  });
  document.documentElement.classList.add("scripted");
})();
