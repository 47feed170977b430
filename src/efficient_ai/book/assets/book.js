// What the pages do beyond being read: theme, menu, copying, tabs, citation previews, the table of contents, search.
const root = document.documentElement;
root.classList.add("js");
const all = (selector) => document.querySelectorAll(selector);
const make = (tag, fields = {}) => Object.assign(document.createElement(tag), fields);

document.getElementById("theme").onclick = () => {
  const dark = getComputedStyle(root).colorScheme === "dark";
  root.dataset.theme = dark ? "light" : "dark";
  try { localStorage.theme = root.dataset.theme; } catch { /* a browser that keeps nothing */ }
};

// On a narrow page the menu covers the text: Escape, a link, and going on to the text close it.
const menu = document.getElementById("menu"), sidebar = document.getElementById("sidebar");
function unfold(wanted) {
  sidebar.classList.toggle("open", wanted);
  menu.setAttribute("aria-expanded", wanted);
}
menu.onclick = () => unfold(!sidebar.classList.contains("open"));
sidebar.addEventListener("click", (event) => { if (event.target.closest("a")) unfold(false); });
sidebar.addEventListener("focusout", (event) => {
  if (event.relatedTarget && !event.relatedTarget.closest("#sidebar, #bar")) unfold(false);
});

for (const block of all("div.sourceCode")) {
  const button = make("button", { type: "button", className: "copy", textContent: "Copy" });
  button.onclick = async () => {
    try { await navigator.clipboard.writeText(block.querySelector("code").innerText); button.textContent = "Copied"; }
    catch { button.textContent = "Not allowed"; }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  };
  block.append(button);
}

// A box that scrolls can be scrolled from the keyboard, and fades where there is more; one that doesn't is no stop.
const boxes = [...all("pre, .table-scroll, .equation, figure.figure > div:has(img), p:has(> math[display='block'])")];
const fade = (box) => box.classList.toggle("more", box.scrollWidth - box.clientWidth - box.scrollLeft > 2);
function reachable() {
  for (const box of boxes) {
    if (box.scrollWidth > box.clientWidth + 1) { box.tabIndex = 0; } else { box.removeAttribute("tabindex"); }
    fade(box);
  }
}
for (const box of boxes) box.addEventListener("scroll", () => fade(box), { passive: true });
addEventListener("resize", reachable);
addEventListener("load", reachable);
document.addEventListener("toggle", reachable, true);

all(".tabset").forEach((set, s) => {
  const list = make("div", { role: "tablist" });
  const panels = [...set.querySelectorAll(":scope > .tab")];
  const show = (chosen) => panels.forEach((panel, i) => {
    panel.hidden = i !== chosen;
    list.children[i].setAttribute("aria-selected", i === chosen);
    list.children[i].tabIndex = i === chosen ? 0 : -1;
  });
  panels.forEach((panel, i) => {
    const tab = make("button", { type: "button", role: "tab", id: `tab-${s}-${i}` });
    tab.textContent = panel.querySelector(".tab-title").textContent;
    panel.id = `panel-${s}-${i}`;
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    tab.setAttribute("aria-controls", panel.id);
    tab.onclick = () => { show(i); reachable(); };
    tab.onkeydown = (event) => {
      const last = panels.length - 1;
      const next = { ArrowRight: i < last ? i + 1 : 0, ArrowLeft: i > 0 ? i - 1 : last, Home: 0, End: last }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      show(next);
      list.children[next].focus();
    };
    list.append(tab);
  });
  set.prepend(list);
  show(0);
});

// What a collapsed box, a hidden tab or a folded cell holds can be linked to.
function open() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let box = target; box; box = box.parentElement) {
    if (box.tagName === "DETAILS") box.open = true;
    if (box.hidden && box.classList.contains("tab")) document.getElementById(box.getAttribute("aria-labelledby")).click();
  }
  target.scrollIntoView();
}
addEventListener("hashchange", open);
open();

// On paper nothing can be unfolded.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...all("details.callout:not([open])")];
  for (const box of folded) box.open = true;
});
addEventListener("afterprint", () => { for (const box of folded) box.open = false; });

// A citation shows its entry, a term its definition, a name its summary, while it or what is shown is pointed at, or
// while it is focused; Escape puts it away.
const preview = make("div", { id: "preview", role: "tooltip", hidden: true });
document.getElementById("content").append(preview);
let shown = null, leaving = 0;
function hide() {
  preview.hidden = true;
  shown?.removeAttribute("aria-describedby");
  shown = null;
}
const leave = () => { leaving = setTimeout(() => { if (shown !== document.activeElement) hide(); }, 150); };
for (const link of all("main a:is([href*='#ref-'], .term, .api)[title]")) {
  const text = link.title;
  link.removeAttribute("title");
  const show = () => {
    clearTimeout(leaving);
    hide();
    shown = link;
    preview.textContent = text;
    preview.hidden = false;
    const at = link.getBoundingClientRect();
    const left = Math.min(at.left, innerWidth - preview.offsetWidth - 16);
    preview.style.left = `${Math.max(left, 8) + scrollX}px`;
    preview.style.top = `${at.bottom + scrollY + 6}px`;
    link.setAttribute("aria-describedby", "preview");
  };
  link.addEventListener("pointerenter", show);
  link.addEventListener("focus", show);
  link.addEventListener("pointerleave", leave);
  link.addEventListener("blur", hide);
}
preview.addEventListener("pointerenter", () => clearTimeout(leaving));
preview.addEventListener("pointerleave", leave);
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  hide();
  if (!sidebar.classList.contains("open") || event.target === query && query.value) return;
  unfold(false);
  menu.focus();
});

// The section that is being read.
const entries = new Map([...all("#toc a")].map((a) => [decodeURIComponent(a.hash.slice(1)), a]));
const headings = [...all("main h2[id], main h3[id]")].filter((h) => entries.has(h.id));
let waiting = false;
function follow() {
  waiting = false;
  let here = headings[0];
  for (const heading of headings) if (heading.getBoundingClientRect().top < innerHeight / 4) here = heading;
  for (const [id, a] of entries) a.classList.toggle("here", here && id === here.id);
}
if (headings.length) {
  addEventListener("scroll", () => { if (!waiting) { waiting = true; requestAnimationFrame(follow); } }, { passive: true });
  follow();
}

// Search reads an index, which a browser does not allow on a page opened from disk.
const query = document.getElementById("query"), note = document.getElementById("search-note"), hits = document.getElementById("hits");
document.getElementById("search").onsubmit = (event) => event.preventDefault();
addEventListener("keydown", (event) => {
  if (event.key !== "k" || !(event.ctrlKey || event.metaKey) || query.disabled) return;
  event.preventDefault();
  unfold(true);
  query.focus();
});
if (location.protocol === "file:") {
  query.disabled = true;
  query.placeholder = "Search: make serve";
  query.title = "A browser lets a page search only where it is served: run make serve.";
} else {
  let engine, turn = 0;
  const base = new URL(document.body.dataset.root || "./", location.href);
  query.addEventListener("input", async () => {
    const mine = ++turn;
    engine ??= await import(new URL("pagefind/pagefind.js", base));
    if (mine !== turn) return; // else this older one would be the engine's latest, and the newest be dropped
    const found = query.value.trim() ? await engine.debouncedSearch(query.value) : { results: [] };
    if (found === null || mine !== turn) return;
    const pages = await Promise.all(found.results.slice(0, 8).map((result) => result.data()));
    if (mine !== turn) return;
    note.textContent = query.value.trim() ? `${found.results.length || "No"} ${found.results.length === 1 ? "page" : "pages"}` : "";
    hits.replaceChildren(...pages.flatMap((page) => {
      const places = page.sub_results.length ? page.sub_results.slice(0, 3) : [page];
      return places.map((place) => {
        const item = make("li"), text = make("p");
        text.innerHTML = place.excerpt; // pagefind's own marks around escaped text
        item.append(make("a", { href: place.url, textContent: place.title || page.meta.title }), text);
        return item;
      });
    }));
  });
}
