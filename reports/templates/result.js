// What is marked is in sight as soon as it is there: in each box that scrolls, not on the page.
document.addEventListener("toggle", (event) => {
  if (!event.target.open) return;
  for (const box of event.target.querySelectorAll("pre.headers, pre.body, .events")) {
    const mark = box.querySelector("mark");
    if (!mark || !mark.checkVisibility()) continue;
    const [outer, inner] = [box.getBoundingClientRect(), mark.getBoundingClientRect()];
    if (inner.bottom > outer.bottom) box.scrollTop += inner.top - outer.top - outer.height / 3;
  }
}, true);

for (const button of document.querySelectorAll("button[data-opens]")) {
  const within = document.getElementById(button.dataset.opens);
  button.addEventListener("click", () => {
    const opens = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(opens));
    for (const each of within.querySelectorAll("details.failure")) each.open = opens;
  });
}

if (navigator.clipboard) {
  for (const command of document.querySelectorAll(".command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy needs-script";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(command.querySelector("pre").textContent);
      button.textContent = "Copied";
    });
    command.prepend(button);
  }
}
