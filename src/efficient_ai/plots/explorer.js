// The trade-off explorer: draws the data that stands beside it. No library, no network; ids are counted, so that
// several can stand on a page.
(() => {
  const box = document.currentScript?.parentElement ?? document.querySelector(".explorer:not([data-ready])");
  if (!box || box.dataset.ready) return;
  box.dataset.ready = "yes";
  const data = JSON.parse(box.querySelector("script[type='application/json']").textContent);
  const { quantities: about, looks, rows } = data;
  const at = { x: data.x, y: data.y }, limits = { ...data.limits };
  const number = (window.explorers = (window.explorers ?? 0) + 1);
  const id = (name) => `explorer-${number}-${name}`;
  const make = (tag, fields = {}, ...inside) => {
    const made = Object.assign(document.createElement(tag), fields);
    made.append(...inside);
    return made;
  };
  const draw = (tag, fields = {}, ...inside) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(fields)) made.setAttribute(name, value);
    made.append(...inside);
    return made;
  };

  // Values in words.
  const plain = (value, key) => {
    const shown = value * about[key].factor;
    const text = Math.abs(shown) >= 1000 ? Math.round(shown).toLocaleString("en") : String(+shown.toPrecision(3));
    const unit = about[key].unit;
    return unit ? `${text}${unit === "%" ? "" : " "}${unit}` : text;
  };
  const figure = (row, key) => {
    const found = row.figures[key];
    return found ? `${found[2] ? "at least " : ""}${plain(found[0], key)} (${found[1]})` : "not known";
  };
  const good = (row, key) => row.figures[key][0] * (about[key].side === "at least" ? 1 : -1);
  const keeps = (row, key) => {
    if (limits[key] === null) return true;
    const found = row.figures[key];
    if (!found || found[2]) return false;
    return about[key].side === "at least" ? found[0] >= limits[key] : found[0] <= limits[key];
  };
  const missed = (row) => Object.keys(limits).filter((key) => !keeps(row, key));
  const why = (row, key) => {
    const bound = `${about[key].side} ${plain(limits[key], key)}`;
    return `${about[key].meaning} ${bound}, has ${figure(row, key)}`;
  };

  // Shapes of a marker around the origin.
  const polygon = (corners, turn, radius = 6, inner = radius) => `M${Array.from({ length: corners }, (_, i) => {
    const angle = ((i / corners) * 2 + turn) * Math.PI, r = i % 2 ? inner : radius;
    return `${(r * Math.sin(angle)).toFixed(2)} ${(-r * Math.cos(angle)).toFixed(2)}`;
  }).join("L")}Z`;
  const shapes = {
    circle: "M5.5 0A5.5 5.5 0 1 1-5.5 0A5.5 5.5 0 1 1 5.5 0Z", square: polygon(4, 0.25, 7), diamond: polygon(4, 0, 6.5),
    up: polygon(3, 0, 7), down: polygon(3, 1, 7), left: polygon(3, -0.5, 7), right: polygon(3, 0.5, 7),
    pentagon: polygon(5, 0, 6.5), hexagon: polygon(6, 0, 6.5), star: polygon(10, 0, 7.5, 3.2), thin: polygon(4, 0, 7, 4),
    plus: "M-2-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z", cross: "M-6-3L-3-6 0-3 3-6 6-3 3 0 6 3 3 6 0 3-3 6-6 3-3 0Z",
  };
  const marker = (technique) => draw("path", { d: shapes[looks[technique][1]], fill: looks[technique][0] });

  // The form: two axes, a slider for each limit, whose stops are the values at which something changes.
  const choices = make("div", { className: "choices" });
  for (const way of ["x", "y"]) {
    const list = make("select", { id: id(way) }, ...data.axes.map((key) =>
      make("option", { value: key, textContent: about[key].label, selected: key === at[way] })));
    list.onchange = () => { at[way] = list.value; show(); };
    const name = way === "x" ? "Horizontal axis" : "Vertical axis";
    choices.append(make("div", {}, make("label", { htmlFor: list.id, textContent: name }), list));
  }
  for (const key of Object.keys(limits)) {
    const values = rows.filter((row) => row.figures[key]).map((row) => row.figures[key][0]);
    const stops = [...new Set([...values, limits[key] ?? values[0]])].sort((a, b) => a - b);
    stops.splice(about[key].side === "at least" ? 0 : stops.length, 0, null); // no limit, at the loose end
    const slider = make("input", { id: id(key), type: "range", min: 0, max: stops.length - 1, step: 1 });
    slider.value = stops.indexOf(limits[key]);
    const value = make("output", { htmlFor: slider.id });
    const say = () => {
      value.textContent = limits[key] === null ? "any" : `${about[key].side} ${plain(limits[key], key)}`;
      slider.setAttribute("aria-valuetext", value.textContent);
    };
    slider.oninput = () => { limits[key] = stops[slider.value]; say(); show(); };
    say();
    const text = make("label", { htmlFor: slider.id }, `Limit: ${about[key].meaning}, `, value);
    choices.append(make("div", {}, text, slider));
  }
  const plot = draw("svg", { class: "plot", viewBox: "0 0 640 400", role: "group",
    "aria-label": `${data.title}: arrow keys go from variant to variant` });
  const legend = make("div", { className: "legend" }, ...Object.keys(looks).map((technique) =>
    make("span", {}, draw("svg", { viewBox: "-8 -8 16 16", "aria-hidden": "true" }, marker(technique)),
      technique || "as trained")));
  const count = make("p", { className: "count", role: "status" });
  const chosen = make("div", { className: "chosen" });
  chosen.setAttribute("aria-live", "polite");
  box.append(choices, plot, legend, count, chosen);

  const left = 62, right = 622, top = 14, bottom = 352;
  function scale(key, low, high, from, to) {
    const log = about[key].log, f = log ? Math.log10 : (v) => v;
    const pad = (f(high) - f(low) || 1) * 0.06, a = f(low) - pad, b = f(high) + pad;
    const place = (value) => from + ((f(value) - a) / (b - a)) * (to - from);
    let ticks = [];
    if (log) {
      for (let p = Math.floor(a); p <= b; p++) for (const m of [1, 2, 5]) ticks.push(m * 10 ** p);
      if (ticks.length > 12) ticks = ticks.filter((t) => Number.isInteger(+Math.log10(t).toFixed(9)));
    } else {
      const factor = about[key].factor, rough = ((b - a) * factor) / 8, ten = 10 ** Math.floor(Math.log10(rough));
      const step = [1, 2, 5, 10].map((m) => m * ten).find((s) => s >= rough);
      for (let t = Math.ceil((a * factor) / step) * step; t <= b * factor; t += step) ticks.push(t / factor);
    }
    return { place, ticks: ticks.filter((t) => f(t) >= a && f(t) <= b) };
  }

  let current = null, order = [];
  function show() {
    const shown = rows.filter((row) => row.figures[at.x] && row.figures[at.y]);
    const range = (key) => { const v = shown.map((row) => row.figures[key][0]); return [Math.min(...v), Math.max(...v)]; };
    const focused = plot.contains(document.activeElement);
    plot.replaceChildren();
    order = [];
    if (shown.length) {
      const x = scale(at.x, ...range(at.x), left, right), y = scale(at.y, ...range(at.y), bottom, top);
      const tick = (value, key) => String(+(value * about[key].factor).toPrecision(6));
      for (const t of x.ticks) {
        plot.append(draw("path", { class: "grid", d: `M${x.place(t)} ${top}V${bottom}` }),
          draw("text", { x: x.place(t), y: bottom + 17, "text-anchor": "middle" }, tick(t, at.x)));
      }
      for (const t of y.ticks) {
        plot.append(draw("path", { class: "grid", d: `M${left} ${y.place(t)}H${right}` }),
          draw("text", { x: left - 7, y: y.place(t) + 4, "text-anchor": "end" }, tick(t, at.y)));
      }
      plot.append(draw("text", { x: (left + right) / 2, y: 390, "text-anchor": "middle" }, about[at.x].label),
        draw("text", { transform: `translate(14 ${(top + bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, about[at.y].label));
      const kept = shown.filter((row) => !missed(row).length), front = [];
      for (const row of [...kept].sort((a, b) => good(b, at.x) - good(a, at.x) || good(b, at.y) - good(a, at.y))) {
        if (!front.length || good(row, at.y) > good(front.at(-1), at.y)) front.push(row);
      }
      const spot = (row) => [x.place(row.figures[at.x][0]), y.place(row.figures[at.y][0])];
      if (front.length > 1) plot.append(draw("path", { class: "front", d: `M${front.map((row) => spot(row).join(" ")).join("L")}` }));
      order = [...shown].sort((a, b) => a.figures[at.x][0] - b.figures[at.x][0]);
      if (!order.includes(current)) current = front.at(-1) ?? order[0];
      for (const row of order) {
        const lost = missed(row), best = front.includes(row);
        const state = lost.length ? "misses a limit" : best ? "keeps all limits, on the front" : "keeps all limits";
        const point = draw("g", { class: `point${lost.length ? " missed" : ""}${best ? " best" : ""}`, role: "button",
          tabindex: row === current ? 0 : -1, "aria-pressed": row === current, "data-name": row.name,
          "aria-label": `${row.name}: ${figure(row, at.x)}, ${figure(row, at.y)}; ${state}`,
          transform: `translate(${spot(row).map((v) => v.toFixed(1)).join(" ")})` },
        draw("circle", { class: "ring", r: 10 }), marker(row.technique));
        point.onclick = () => choose(row);
        point.onfocus = () => row !== current && choose(row);
        point.onkeydown = (event) => {
          const i = order.indexOf(row), last = order.length - 1;
          const next = { ArrowRight: i + 1, ArrowDown: i + 1, ArrowLeft: i - 1, ArrowUp: i - 1, Home: 0, End: last }[event.key];
          if (next === undefined && event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          if (next !== undefined) choose(order[Math.min(Math.max(next, 0), last)]);
        };
        plot.append(point);
      }
      const words = front.map((row) => row.name).join(", ");
      const hidden = rows.length - shown.length;
      const limited = Object.keys(limits).length > 0;
      const keep = limited ? `${kept.length} of ${shown.length} variants keep every limit` : `${shown.length} variants`;
      count.textContent = keep + (front.length ? `; none beats ${words}.` : ".") + (hidden ? ` ${hidden} have no figure here.` : "");
    }
    tell();
    if (focused) plot.querySelector("[tabindex='0']")?.focus();
  }
  function choose(row) {
    current = row;
    for (const point of plot.querySelectorAll(".point")) {
      const mine = point.dataset.name === row.name;
      point.setAttribute("aria-pressed", mine);
      point.setAttribute("tabindex", mine ? 0 : -1);
      if (mine && point !== document.activeElement) point.focus();
    }
    tell();
  }
  function tell() {
    if (!current) return;
    const lost = missed(current);
    const keys = [...new Set([at.x, at.y, ...data.axes, ...Object.keys(limits)])];
    chosen.replaceChildren(
      make("p", {}, make("strong", { textContent: current.name }), current.technique ? `, ${current.technique}` : ""),
      make("p", { textContent: keys.map((key) => `${about[key].meaning}: ${figure(current, key)}`).join("; ") }),
      make("p", { textContent: lost.length ? `Misses: ${lost.map((key) => why(current, key)).join("; ")}.` : Object.keys(limits).length ? "Keeps every limit." : "" }));
  }
  show();
})();
