"use strict";
(() => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const one = (id) => document.getElementById(id);
  const root = document.documentElement;
  const bar = one("bar"), words = one("words"), said = one("said"), help = one("help");
  const kept = {
    get(name) { try { return localStorage.getItem(`patcher-${name}`); } catch { return null; } },
    set(name, value) { try { localStorage.setItem(`patcher-${name}`, value); } catch { /* not from this address */ } },
  };

  // Filter: what has data-m is shown if one of its words is asked for, and all words that were typed are in its text.
  const marked = all("[data-m]");
  const counts = new Map();
  for (const each of marked) each.marks = each.dataset.m.split(" ");
  for (const kind of [".f", ".patch", ".row"]) {  // findings are counted, else patches, else rows
    const found = new Map();
    for (const each of marked) {
      if (each.matches(kind)) for (const mark of each.marks) found.set(mark, (found.get(mark) || 0) + 1);
    }
    for (const [mark, count] of found) if (!counts.has(mark)) counts.set(mark, count);
  }
  const boxes = [...counts].map(([mark, count]) => {
    const label = document.createElement("label"), box = document.createElement("input");
    box.type = "checkbox"; box.checked = true; box.value = mark;
    label.append(box, ` ${mark} ${count}`);
    one("kinds").append(label);
    return box;
  });
  one("kinds").hidden = boxes.length < 2;

  // Of a page with many diffs each is read when it is unfolded, and a picture when it is chosen. Until then it is text,
  // the markup that is read without scripts; of this nothing can run: what a tree or mail says is escaped there as
  // everywhere.
  const later = (from) => all("noscript.later", from);
  const read = (from = document) => {
    for (const each of later(from)) {
      const made = document.createElement("template");
      made.innerHTML = each.textContent;
      each.replaceWith(made.content);
    }
  };
  document.addEventListener("needed", (event) => read(event.target));
  document.addEventListener("toggle", (event) => { if (event.target.open) read(event.target); }, true);
  const plain = (markup) => markup.replace(/ data-n="[^"]*"|<[^>]*>/g, "").replace(/&lt;/g, "<").replace(/&gt;/g, ">")
    .replace(/&#34;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, "&");
  const whole = (each) => later(each).reduce(
    (found, unread) => found.replace(unread.textContent, () => plain(unread.textContent)), each.textContent);
  const text = (each) => each.lower ??= whole(each).toLowerCase();
  const filter = () => {
    const asked = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const every = wanted.size === boxes.length;
    const says = (each) => asked.every((word) => text(each).includes(word));
    const kind = (each) => every || each.marks.some((mark) => wanted.has(mark));
    const series = document.querySelector(".patch")?.parentElement;  // proofs are told by patch, too
    const shown = { patch: 0, f: 0, patches: 0, fs: 0 };
    for (const each of marked) {
      let fits = kind(each);
      if (fits && asked.length) {
        const around = each.matches(".f") && each.closest(".patch");
        if (each.matches(".row")) {
          const to = each.querySelector("a")?.hash.slice(1);
          fits = says((to && one(to)) || each);
        } else if (around) {
          fits = says(each) || (says(around) && !all(".f", around).some(says));
        } else fits = says(each);
      }
      each.hidden = !fits;
      if (each.matches(".patch") && each.parentElement === series) { shown.patches++; if (fits) shown.patch++; }
      if (each.matches(".f")) { shown.fs++; if (fits && !each.closest(".patch[hidden]")) shown.f++; }
    }
    for (const group of all(".group")) group.hidden = !group.querySelector(".f:not([hidden])");
    const parts = [];
    if (shown.patches) parts.push(`${shown.patch} of ${shown.patches} patches`);
    if (shown.fs) parts.push(`${shown.f} of ${shown.fs} findings`);
    said.textContent = every && !asked.length ? "" : `Shown: ${parts.join(", ")}`;
  };
  let waiting;
  words.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
  one("kinds").addEventListener("change", filter);
  bar.addEventListener("submit", (event) => event.preventDefault());

  // Folding.
  const folds = (open) => {
    if (open) read();
    for (const each of all("details")) each.open = open;
  };
  one("unfold").addEventListener("click", () => folds(true));
  one("fold").addEventListener("click", () => folds(false));
  const unfoldTo = (each) => {
    for (let at = each.parentElement; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  };
  let before = [];
  addEventListener("beforeprint", () => { before = all("details:not([open])"); folds(true); });
  addEventListener("afterprint", () => { for (const each of before) each.open = false; });

  // Light and dark.
  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const theme = (name) => { if (name) root.dataset.theme = name; one("theme").textContent = dark() ? "Light" : "Dark"; };
  const turn = () => { const name = dark() ? "light" : "dark"; theme(name); kept.set("theme", name); };
  theme(kept.get("theme"));
  one("theme").addEventListener("click", turn);

  // Where one is, and from there to the next.
  let here = null;
  const visible = (each) => !each.hidden && !each.closest("[hidden]");
  // What is far away gets its true height when it is drawn: then it is elsewhere.
  const show = (each, again = 2) => {
    each.scrollIntoView({ block: "start" });
    if (again) requestAnimationFrame(() => { if (here === each || !here) show(each, again - 1); });
  };
  const go = (each) => {
    here?.classList.remove("here");
    here = each;
    unfoldTo(each);
    each.classList.add("here");
    each.focus({ preventScroll: true });
    show(each);
    history.replaceState(null, "", `#${each.id}`);
  };
  const step = (selector, way) => {
    const found = all(selector).filter(visible);
    if (!found.length) { said.textContent = "There is none."; return; }
    const at = found.indexOf(here);
    if (at >= 0) { go(found[Math.min(Math.max(at + way, 0), found.length - 1)]); return; }
    const follows = (each) => here && here.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING;
    go(way > 0 ? (here ? found.find(follows) : null) || found[0] : found.filter((each) => !follows(each)).at(-1) || found[0]);
  };
  const arrive = () => {
    const to = location.hash && one(decodeURIComponent(location.hash.slice(1)));
    if (!to) return;
    unfoldTo(to);
    if (to.matches(".f, .patch")) go(to); else show(to);
  };
  addEventListener("hashchange", arrive);

  // Links to copy.
  const copy = async (id) => {
    const link = `${location.href.split("#")[0]}#${id}`;
    try { await navigator.clipboard.writeText(link); said.textContent = `Copied: ${link}`; }
    catch { said.textContent = `The link: ${link}`; }
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.link");
    if (link) copy(link.hash.slice(1));
  });

  // Keys.
  const single = one("single");
  single.checked = kept.get("keys") !== "off";
  single.addEventListener("change", () => kept.set("keys", single.checked ? "on" : "off"));
  one("keys").addEventListener("click", () => help.showModal());
  const commands = {
    j: () => step(".f", 1), k: () => step(".f", -1), n: () => step(".patch", 1), p: () => step(".patch", -1),
    o() {
      const fold = here && (here.querySelector("details") ? all("details", here) : [here.closest("details")].filter(Boolean));
      if (fold?.length) { const open = !fold[0].open; for (const each of fold) each.open = open; }
    },
    u: () => folds(true), f: () => folds(false), t: turn,
    y() { if (here) copy(here.id); },
    "/": () => { bar.scrollIntoView({ block: "nearest" }); words.focus(); },
    "?": () => help.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target === words) { words.blur(); return; }
    const typing = event.target.matches?.("input:not([type=checkbox], [type=radio], [type=range]), textarea, select");
    if (!single.checked || typing || help.open || event.ctrlKey || event.metaKey || event.altKey) return;
    const command = commands[event.key];
    if (command) { event.preventDefault(); command(); }
  });

  bar.hidden = false;
  const measure = () => root.style.setProperty("--bar", getComputedStyle(bar).position === "sticky" ? `${bar.offsetHeight}px` : "0px");
  new ResizeObserver(measure).observe(bar);
  arrive();
})();
