/* The page reads without this. It finds things by name, opens what a link leads to, and follows a
   column back to the raw columns that it is made of, by the links that stand in its row. */
const box = document.getElementById("find");
const list = document.getElementById("found");
const told = document.getElementById("told");
const MOST = 40;

const things = [...document.querySelectorAll("[data-name], .columns tr[id]")].map((place) => {
  const { name = place.id, kind = "column" } = place.dataset;
  return { id: place.id, key: name.toLowerCase(), name, kind, place };
});

function rank(thing, wanted) {
  if (thing.key === wanted) return 0;
  if (thing.key.startsWith(wanted)) return 1;
  if (thing.key.split(/[._ ]/).includes(wanted)) return 2;
  if (thing.key.includes(wanted)) return 3;
  thing.text ??= thing.place.textContent.toLowerCase();
  return thing.kind !== "column" && thing.text.includes(wanted) ? 4 : -1;
}

function find() {
  const wanted = box.value.trim().toLowerCase();
  list.replaceChildren();
  told.textContent = "";
  if (wanted.length < 2) return;
  const ranked = things
    .map((thing) => ({ thing, at: rank(thing, wanted) }))
    .filter((found) => found.at >= 0)
    .sort((a, b) => a.at - b.at || (a.thing.kind === "column") - (b.thing.kind === "column"));
  for (const { thing } of ranked.slice(0, MOST)) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = `#${thing.id}`;
    link.textContent = thing.name;
    const kind = document.createElement("small");
    kind.textContent = thing.kind;
    item.append(link, kind);
    list.append(item);
  }
  const more = ranked.length - MOST;
  told.textContent = ranked.length
    ? `${ranked.length} found${more > 0 ? `, the nearest ${MOST} are listed` : ""}`
    : "Nothing has this name, or says this word.";
}

function open() {
  const id = decodeURIComponent(location.hash.slice(1));
  const place = id && document.getElementById(id);
  if (!place) return;
  for (let at = place; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  place.scrollIntoView();
}

const parents = (id) =>
  [...(document.getElementById(id)?.querySelectorAll("td + td a") ?? [])].map((link) =>
    link.getAttribute("href").slice(1),
  );

function origins(id) {
  const seen = new Set();
  const ends = new Set();
  const ahead = parents(id);
  while (ahead.length) {
    const next = ahead.pop();
    if (seen.has(next)) continue;
    seen.add(next);
    const above = parents(next);
    ahead.push(...above);
    if (!above.length) ends.add(next);
  }
  return [...ends].sort();
}

function linkTo(id) {
  const link = document.createElement("a");
  link.href = `#${id}`;
  link.textContent = id;
  return link;
}

function branch(ids) {
  const tree = document.createElement("ul");
  for (const id of ids) {
    const item = document.createElement("li");
    const above = parents(id);
    if (above.length) {
      const fold = document.createElement("details");
      const head = document.createElement("summary");
      head.append(linkTo(id));
      fold.append(head);
      fold.addEventListener("toggle", () => fold.children.length < 2 && fold.append(branch(above)));
      item.append(fold);
    } else item.append(linkTo(id));
    tree.append(item);
  }
  return tree;
}

const dialog = document.getElementById("trace");
function trace(id) {
  const ends = origins(id);
  const body = dialog.querySelector(".body");
  const words = document.getElementById(id).querySelector("td").cloneNode(true);
  words.querySelector("small")?.remove();
  const text = (tag, words) => Object.assign(document.createElement(tag), { textContent: words });
  const all = document.createElement("ul");
  all.className = "ends";
  for (const end of ends) {
    const item = document.createElement("li");
    item.append(linkTo(end));
    all.append(item);
  }
  body.replaceChildren(
    text("h2", id),
    text("p", words.textContent),
    text("h3", "Made of, step by step"),
    parents(id).length ? branch(parents(id)) : text("p", "No column: a constant, or a count of rows."),
    text("h3", `In the end, of ${ends.length} ${ends.length === 1 ? "column" : "columns"}`),
    all,
  );
  dialog.showModal();
  dialog.scrollTop = 0;
}

for (const head of document.querySelectorAll(".columns tr[id] > th")) {
  if (!head.parentElement.querySelector("td + td a")) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.title = "Where it comes from";
  button.append(...head.childNodes);
  head.append(button);
}
addEventListener("click", (event) => {
  const button = event.target.closest(".columns th button");
  if (button) trace(button.closest("tr").id);
  if (event.target.closest("dialog a, dialog .close")) dialog.close();
});
addEventListener("hashchange", open);
box.addEventListener("input", find);
document.getElementById("search").hidden = false;
open();
