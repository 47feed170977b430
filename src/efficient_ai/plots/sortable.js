// Headers of a table become buttons that sort its rows: numbers as numbers, what has no value last.
(() => {
  const box = document.currentScript?.parentElement ?? document.querySelector(".sortable:not([data-ready])");
  if (!box || box.dataset.ready) return;
  box.dataset.ready = "yes";
  const table = box.querySelector("table"), body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const number = (text) => {
    const found = text.replaceAll("−", "-").replaceAll(/[,\s]/g, "").match(/[-+]?\d+(\.\d+)?/);
    return found ? Number(found[0]) : NaN;
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.onclick = () => {
      const down = head.getAttribute("aria-sort") === "ascending", numeric = head.dataset.kind === "number";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].map((row) => ({ row, text: row.cells[column].textContent.trim() }));
      rows.sort((a, b) => {
        if (!numeric) return (down ? -1 : 1) * a.text.localeCompare(b.text, "en", { numeric: true });
        const one = number(a.text), two = number(b.text);
        if (Number.isNaN(one) || Number.isNaN(two)) return Number.isNaN(one) - Number.isNaN(two);
        return (down ? -1 : 1) * (one - two);
      });
      body.append(...rows.map(({ row }) => row));
    };
  });
})();
