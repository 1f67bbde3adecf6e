// What the page does without being loaded again: everything works without this as well.

const main = () => document.getElementById("main");

async function swap(url, options, push = true) {
  main().setAttribute("aria-busy", "true");
  const answer = await fetch(url, { ...options, headers: { Accept: "text/html" } });
  const made = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!made.getElementById("main")) return location.assign(url);
  // A page that was sent in answer to a form that was refused has no address of its own.
  if (push && answer.ok && new URL(answer.url).pathname !== "/send") {
    history.pushState(null, "", answer.url);
  }
  document.title = made.title;
  main().replaceWith(made.getElementById("main"));
  const list = document.querySelector("nav.list");
  const down = list.firstElementChild.scrollTop;
  list.replaceWith(made.querySelector("nav.list"));
  document.querySelector("nav.list").firstElementChild.scrollTop = down;
  hidden.clear();
  ready(main());
  main().focus({ preventScroll: true });
  scrollTo({ top: 0 });
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
  history.replaceState(null, "", url);
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

addEventListener("popstate", () => swap(location.href, {}, false));

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
    row.hidden = !row.textContent.toLowerCase().includes(wanted);
    left += !row.hidden;
    const link = document.querySelector(`[data-jump] a[href="#${CSS.escape(row.id)}"]`) ?? document.querySelector(`[data-jump] a[href="#${row.id}"]`);
    if (link) link.parentElement.hidden = row.hidden;
  }
  document.querySelector("[data-count]").textContent = `${left} of them`;
}
document.addEventListener("input", (event) => { if ("filter" in event.target.dataset) filter(event.target); });

function ready(root) {
  for (const button of root.querySelectorAll("button[hidden]")) button.hidden = false;
}
ready(document);
open();
