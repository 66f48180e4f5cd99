// Tables with data-sorts are sorted by buttons that this script puts into the heads: once worst (or first) first, then the
// other way round, then as it was. Rows stay in their groups; groups come in the order of their first rows.
const ranks = ["failed", "warned", "told", "known", "lossy", "ignored", "unsupported", "refused", "blocked", "inconclusive", "unknown", "not_exercised", "passed", "honoured"];
const levels = ["MUST", "SHOULD", "INFO", "must", "should", "policy", "strict", "hostile"];
const by = {
  text: (cell) => cell.textContent.trim().toLowerCase(),
  number: (cell) => -Number(cell.textContent.replace(/\D/g, "")),
  worst: (cell) => {
    const told = levels.indexOf(cell.textContent.trim());
    if (told >= 0) return told;
    const rank = ranks.indexOf(cell.className);
    return rank < 0 ? ranks.length : rank;
  },
};

for (const table of document.querySelectorAll("table[data-sorts]")) {
  const groups = [...table.tBodies].map((body) => {
    const rows = [...body.rows];
    return { body, heads: rows.filter((row) => "heads" in row.dataset), rows: rows.filter((row) => !("heads" in row.dataset)) };
  });
  const heads = [...table.tHead.rows[0].cells];
  const told = document.createElement("p");
  told.className = "seen-by-readers";
  told.setAttribute("role", "status");
  table.parentElement.after(told);

  const sort = (column, kind, direction) => {
    const key = new Map(groups.flatMap((group) => group.rows.map((row) => [row, by[kind](row.cells[column])])));
    const compare = (one, other) => {
      const [a, b] = [key.get(one), key.get(other)];
      return direction * (typeof a === "string" ? a.localeCompare(b) : a - b);
    };
    const sorted = groups.map((group) => ({ ...group, rows: direction ? [...group.rows].sort(compare) : group.rows }));
    const byName = (one, other) => direction * one.heads[0].textContent.localeCompare(other.heads[0].textContent);
    const byFirst = (one, other) => compare(one.rows[0], other.rows[0]);
    if (direction && groups.length > 1) sorted.sort(kind === "text" ? byName : byFirst);
    for (const group of sorted) {
      group.body.append(...group.heads, ...group.rows);
      table.append(group.body);
    }
  };

  heads.forEach((head, column) => {
    const kind = head.dataset.sort;
    if (!kind) return;
    const name = head.textContent.trim();
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sorts";
    button.textContent = "\u2195";
    button.setAttribute("aria-label", `Sort by ${name}`);
    head.append(button);
    button.addEventListener("click", () => {
      const was = head.getAttribute("aria-sort");
      const now = was === "ascending" ? "descending" : was === "descending" ? null : "ascending";
      for (const each of heads) {
        each.removeAttribute("aria-sort");
        const other = each.querySelector(".sorts");
        if (other) other.textContent = "\u2195";
      }
      if (now) head.setAttribute("aria-sort", now);
      button.textContent = now ? (now === "ascending" ? "\u2191" : "\u2193") : "\u2195";
      sort(column, kind, now ? (now === "ascending" ? 1 : -1) : 0);
      told.textContent = now ? `Sorted by ${name}${now === "descending" ? ", the other way round" : ""}` : "In the first order";
    });
  });
}
