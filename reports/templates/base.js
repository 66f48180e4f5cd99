// Nothing needs this script: it filters, and opens what a link leads to.
"use strict";
document.documentElement.classList.add("scripted");

// A form with data-filters="ID" filters what carries data-words within the element of that ID: by the words of its search
// field, and by its boxes: of each name of boxes one that is ticked must hold the value of data-NAME.
for (const form of document.querySelectorAll("form[data-filters]")) {
  const within = document.getElementById(form.dataset.filters);
  const rows = [...within.querySelectorAll("[data-words]")];
  const groups = [...within.querySelectorAll("[data-group]")];
  const told = form.querySelector("output");
  const apply = () => {
    const words = (form.querySelector("input[type=search]")?.value ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const boxes = [...form.querySelectorAll("input[type=checkbox]")];
    const ticked = new Map(boxes.map((box) => [box.name, new Set()]));
    for (const box of boxes) if (box.checked) ticked.get(box.name).add(box.value);
    const narrowed = words.length > 0 || boxes.some((box) => !box.checked);
    let shown = 0;
    for (const row of rows) {
      const text = row.dataset.words.toLowerCase();
      row.hidden = !(words.every((word) => text.includes(word)) &&
        [...ticked].every(([name, values]) => values.has(row.dataset[name])));
      shown += row.hidden ? 0 : 1;
    }
    for (const group of groups) {
      group.hidden = !group.querySelector("[data-words]:not([hidden])");
      if (group.tagName !== "DETAILS" || narrowed === group.classList.contains("narrowed")) continue;
      if (narrowed) group.dataset.was = group.open ? "open" : "";  // what is looked for is seen without a click
      group.open = narrowed || group.dataset.was === "open";
      group.classList.toggle("narrowed", narrowed);
    }
    if (told) told.textContent = `${shown} of ${rows.length} shown`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("reset", () => {  // which comes before the fields are as they were
    for (const field of form.elements) {
      if (field.type === "checkbox") field.checked = field.defaultChecked;
      if (field.type === "search") field.value = "";
    }
    apply();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  apply();
}

// What a link leads to is shown, whatever is filtered, and opened with all that it stands in.
const open = () => {
  const goal = document.getElementById(location.hash.slice(1));
  if (!goal) return;
  const row = goal.closest("[data-words][hidden]");
  if (row) for (const form of document.querySelectorAll("form[data-filters]")) form.reset();
  for (let at = goal.querySelector(":scope > details") ?? goal; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  goal.scrollIntoView();
};
addEventListener("hashchange", open);
if (location.hash) open();

// On paper there is nothing to click on.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details.printed:not([open])")];
  for (const each of opened) each.open = true;
});
addEventListener("afterprint", () => { for (const each of opened) each.open = false; });
