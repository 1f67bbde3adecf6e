// What the page does without being loaded again: everything works without this as well.

document.documentElement.classList.add("scripts");

const main = () => document.getElementById("main");

// The list is folded where it would stand above what was picked from it.
const wide = matchMedia("(min-width: 72rem)");
function unfold() {
  const list = document.querySelector("nav.list > details");
  if (!list) return;
  list.open = wide.matches;
  const current = list.querySelector("[aria-current]");
  if (current && current.offsetTop > list.clientHeight) list.scrollTop = current.offsetTop - list.clientHeight / 2;
}
wide.addEventListener("change", unfold);

// Which page stands here, without the part behind "#"; and what is on its way.
let here = location.pathname + location.search;
let coming;

async function swap(url, options, push = true) {
  coming?.abort();
  coming = new AbortController();
  main().setAttribute("aria-busy", "true");
  let answer, text;
  try {
    answer = await fetch(url, { ...options, headers: { Accept: "text/html" }, signal: coming.signal });
    text = await answer.text();
  } catch (error) {
    if (error.name !== "AbortError") gone();
    return;
  }
  const made = new DOMParser().parseFromString(text, "text/html");
  if (!made.getElementById("main")) return location.assign(url);
  // A page that was sent in answer to a form that was refused has no address of its own.
  if (push && answer.ok && new URL(answer.url).pathname !== "/send") {
    history.pushState(null, "", answer.url);
  }
  here = location.pathname + location.search;
  document.title = made.title;
  main().replaceWith(made.getElementById("main"));
  const list = document.querySelector("nav.list");
  const down = list.firstElementChild.scrollTop;
  list.replaceWith(made.querySelector("nav.list"));
  unfold();
  document.querySelector("nav.list").firstElementChild.scrollTop = down;
  hidden.clear();
  main().focus({ preventScroll: true });
  scrollTo({ top: 0 });
  // Below the form of a request of one's own.
  main().querySelector(".verdict")?.scrollIntoView({ block: "nearest" });
}

function readdress(url) {
  history.replaceState(null, "", url);
  here = location.pathname + location.search;
}

function gone() {
  main().removeAttribute("aria-busy");
  const said = document.createElement("p");
  said.className = "verdict odd no-sign";
  said.setAttribute("role", "alert");
  said.innerHTML = "<strong>No answer</strong> <span>The demo does not answer. Is it still running?</span>";
  main().querySelectorAll(".verdict").forEach((old) => old.remove());
  main().querySelector(".about").after(said);
}

// Columns.

const order = () => [...document.querySelector(".columns").children].map((column) => column.dataset.column);

// What was hidden, by column: its parts come back where they were taken from.
const hidden = new Map();

function arrange(act, key) {
  const keys = order();
  const at = keys.indexOf(key);
  if (act === "hide") keys.splice(at, 1);
  else if (act === "show") keys.push(key);
  else keys.splice(at + (act === "left" ? -1 : 1), 0, keys.splice(at, 1)[0]);
  [...document.querySelectorAll(".columns")].forEach((columns, number) => {
    const parts = new Map([...columns.children].map((column) => [column.dataset.column, column]));
    for (const [name, part] of parts) if (!keys.includes(name)) hidden.set(`${number} ${name}`, part);
    columns.replaceChildren(...keys.map((name) => parts.get(name) ?? hidden.get(`${number} ${name}`)));
    columns.className = columns.className.replace(/\bn\d\b/, `n${keys.length}`);
  });
  const url = new URL(location.href);
  url.searchParams.set("columns", keys.join(","));
  readdress(url);
  const bar = document.querySelector(".hidden-columns");
  if (act === "show") bar.querySelector(`[data-key="${key}"]`).remove();
  if (act === "hide") bar.append(link("show", key, `Show ${titles()[key]}`, `Show ${titles()[key]}`, [...keys, key]));
  freshen(key, act);
  if (act === "hide") bar.lastElementChild.focus();
}

const titles = () => Object.fromEntries(
  [...document.querySelectorAll("section.column"), ...hidden.values()].filter((column) => column.matches("section.column"))
    .map((column) => [column.dataset.column, column.querySelector("h2").textContent]),
);

function link(act, key, sign, words, after) {
  const made = document.createElement("a");
  const url = new URL(location.href);
  url.searchParams.set("columns", after.join(","));
  made.href = url;
  made.dataset.columns = act;
  made.dataset.key = key;
  made.textContent = sign;
  if (words !== sign) made.setAttribute("aria-label", words);
  return made;
}

// After columns were moved: where each may be moved now.
function freshen(key, act) {
  const keys = order();
  for (const column of document.querySelectorAll("section.column")) {
    const mine = column.dataset.column;
    const place = column.querySelector(".arrange");
    const at = keys.indexOf(mine);
    const moved = (by) => keys.filter((one) => one !== mine).toSpliced(at + by, 0, mine);
    const title = titles()[mine];
    const links = [];
    if (at > 0) links.push(link("left", mine, "←", `Move ${title} left`, moved(-1)));
    if (at < keys.length - 1) links.push(link("right", mine, "→", `Move ${title} right`, moved(1)));
    if (keys.length > 1) links.push(link("hide", mine, "×", `Hide ${title}`, keys.filter((one) => one !== mine)));
    place.replaceChildren(...links);
    // A column that is moved takes the focus of its link away.
    if (mine === key) (links.find((one) => one.dataset.columns === act) ?? links[0])?.focus();
  }
}

// What is at the page's buttons.

async function copied(button, text) {
  await navigator.clipboard.writeText(text);
  const words = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = words; }, 1500);
}

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const target = event.target.closest("a, button");
  if (!target) return;
  if (target.dataset.copy) copied(target, document.getElementById(target.dataset.copy).textContent);
  else if ("share" in target.dataset) copied(target, location.href);
  else if (target.dataset.columns) {
    const { columns, key } = target.dataset;
    // The code's columns, and what came hidden from the server, are the server's to show.
    if (location.pathname === "/code") return;
    if (columns === "show" && ![...hidden.keys()].some((one) => one.endsWith(` ${key}`))) return;
    event.preventDefault();
    arrange(columns, key);
  } else if ("swap" in target.dataset && target.href) {
    event.preventDefault();
    const url = new URL(target.href);
    const columns = new URL(location.href).searchParams.get("columns");
    if (columns) url.searchParams.set("columns", columns);
    swap(url);
  }
});

document.addEventListener("submit", (event) => {
  if (!("swap" in event.target.dataset)) return;
  event.preventDefault();
  swap(event.target.action, { method: "POST", body: new URLSearchParams(new FormData(event.target)) });
});

// A link to a place on this page changes the address as well.
addEventListener("popstate", () => {
  if (location.pathname + location.search !== here) swap(location.href, {}, false);
});

// The same place of three bodies, whichever is scrolled.
document.addEventListener("scroll", ({ target }) => {
  if (!(target instanceof HTMLElement) || !target.matches(".body pre")) return;
  for (const other of document.querySelectorAll(".body pre")) {
    if (Math.abs(other.scrollTop - target.scrollTop) > 1) other.scrollTop = target.scrollTop;
  }
}, true);

// A name in the code leads to what it names, which has to be open to be seen.
function open() {
  const found = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (found instanceof HTMLDetailsElement) { found.open = true; found.scrollIntoView({ block: "nearest" }); }
}
addEventListener("hashchange", open);

// The filter of the code, while it is typed.
function filter(input) {
  const wanted = input.value.trim().toLowerCase();
  let left = 0;
  for (const row of document.querySelectorAll(".together")) {
    const texts = [row.querySelector("h2").firstChild, ...row.querySelectorAll("pre.code")];
    row.hidden = !texts.some((text) => text.textContent.toLowerCase().includes(wanted));
    left += !row.hidden;
    document.querySelector(`[data-jump] a[href="#${row.id}"]`).parentElement.hidden = row.hidden;
  }
  document.querySelector("[data-count]").textContent = `${left} shown`;
  document.querySelector("[data-nothing]").hidden = left > 0;
  const url = new URL(location.href);
  if (wanted) url.searchParams.set("filter", input.value.trim());
  else url.searchParams.delete("filter");
  readdress(url);
}
document.addEventListener("input", (event) => { if ("filter" in event.target.dataset) filter(event.target); });

// This runs as soon as it is here: what a planted regression brings comes one by one.
function ready() {
  unfold();
  open();
}
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
ready();
