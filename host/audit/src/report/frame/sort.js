for (const head of document.querySelectorAll("table.sortable thead th")) {
  const sort = () => {
    const table = head.closest("table"), at = head.cellIndex;
    const down = head.getAttribute("aria-sort") !== "descending";
    const value = (row) => row.cells[at].dataset.v ?? row.cells[at].textContent;
    const isNumber = "v" in (table.tBodies[0].rows[0]?.cells[at].dataset ?? {});
    const compare = (one, other) => isNumber
      ? Number(value(one)) - Number(value(other))
      : value(one).localeCompare(value(other), "zh");
    const rows = [...table.tBodies[0].rows].sort(compare);
    if (down) rows.reverse();
    table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    table.tBodies[0].append(...rows);
  };
  head.tabIndex = 0;
  head.addEventListener("click", sort);
  head.addEventListener("keydown", (event) => { if (event.key === "Enter") sort(); });
}
