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
  const current = made.querySelector("nav.list [aria-current]");
  for (const link of list.querySelectorAll("a")) {
    const same = current && link.getAttribute("href").split("&")[0] === current.getAttribute("href").split("&")[0];
    same ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  }
  const small = list.querySelector("details");
  if (small) small.open = false;
  ready(main());
  main().focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

// Columns.

const order = () => [...document.querySelector(".columns").children].map((column) => column.dataset.column);

function arrange(act, key) {
  const keys = order();
  const at = keys.indexOf(key);
  if (act === "hide") keys.splice(at, 1);
  else keys.splice(at + (act === "left" ? -1 : 1), 0, keys.splice(at, 1)[0]);
  for (const columns of document.querySelectorAll(".columns")) {
    const parts = new Map([...columns.children].map((column) => [column.dataset.column, column]));
    columns.replaceChildren(...keys.map((name) => parts.get(name)));
    columns.className = columns.className.replace(/\bn\d\b/, `n${keys.length}`);
  }
  const url = new URL(location.href);
  url.searchParams.set("columns", keys.join(","));
  history.replaceState(null, "", url);
  return url;
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
    // What is hidden comes back with the answers that the server has for it.
    if (target.dataset.columns === "show" || location.pathname === "/code") return;
    event.preventDefault();
    const { columns, key } = target.dataset;
    arrange(columns, key);
    freshen(key);
  } else if ("swap" in target.dataset && target.href) {
    event.preventDefault();
    const url = new URL(target.href);
    const columns = new URL(location.href).searchParams.get("columns");
    if (columns) url.searchParams.set("columns", columns);
    swap(url);
  }
});

// After columns were moved: which may be moved where, and the links that say so.
function freshen(key) {
  const keys = order();
  const names = Object.fromEntries([...document.querySelectorAll("section.column")].map((column) => [column.dataset.column, column.querySelector("h2").textContent]));
  for (const column of document.querySelectorAll("section.column")) {
    const mine = column.dataset.column;
    const place = column.querySelector(".arrange");
    const had = document.activeElement && place.contains(document.activeElement) ? document.activeElement.dataset.columns : "";
    const links = [];
    const link = (act, sign, words, after) => {
      const made = document.createElement("a");
      const url = new URL(location.href);
      url.searchParams.set("columns", after.join(","));
      made.href = url;
      made.dataset.columns = act;
      made.dataset.key = mine;
      made.title = words;
      made.setAttribute("aria-label", `${words.split(" ")[0]} ${names[mine]}${words.startsWith("Move") ? ` ${act}` : ""}`);
      made.textContent = sign;
      links.push(made);
    };
    const at = keys.indexOf(mine);
    const moved = (by) => { const next = keys.filter((one) => one !== mine); next.splice(at + by, 0, mine); return next; };
    if (at > 0) link("left", "←", "Move left", moved(-1));
    if (at < keys.length - 1) link("right", "→", "Move right", moved(1));
    if (keys.length > 1) link("hide", "×", "Hide", keys.filter((one) => one !== mine));
    place.replaceChildren(...links);
    if (mine === key) (links.find((one) => one.dataset.columns === had) ?? links[0])?.focus();
  }
}

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
