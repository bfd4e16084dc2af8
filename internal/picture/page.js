"use strict";
(() => {
const words = {i: "image", l: "layer", p: "package", f: "file", h: "hidden file", s: "links", g: "Go package", t: "part of a program", m: "others"};
const trees = JSON.parse(document.getElementById("data").textContent);
const map = document.getElementById("map"), path = document.getElementById("path"), status = document.getElementById("status"), select = document.getElementById("image");
const bytes = n => { // as in the text of mkimage
  if (n < 1000) return n + " B";
  for (const unit of ["kB", "MB", "GB"]) {
    n /= 1000;
    if (n < 999.5 || unit === "GB") return n.toFixed(n < 9.995 ? 2 : n < 99.95 ? 1 : 0) + " " + unit;
  }
};
// place lays boxes into a rectangle, squarified (Bruls, Huizing, van Wijk: "Squarified Treemaps", 2000).
function place(boxes, x, y, w, h) {
  const out = [];
  let left = boxes.reduce((sum, b) => sum + b[2], 0), at = 0;
  while (at < boxes.length && left > 0) {
    const side = Math.min(w, h), area = w * h / left;
    let row = 0, end = at, worst = Infinity;
    while (end < boxes.length) {
      const sum = row + boxes[end][2], thick = sum * area / side;
      const ratio = b => { const long = b * area / thick; return Math.max(long / thick, thick / long); };
      const now = Math.max(ratio(boxes[at][2]), ratio(boxes[end][2]));
      if (now > worst) break;
      worst = now; row = sum; end++;
    }
    const thick = row * area / side;
    let along = 0;
    for (const b of boxes.slice(at, end)) {
      const long = b[2] * area / thick;
      out.push(w <= h ? [b, x + along, y, long, thick] : [b, x, y + along, thick, long]);
      along += long;
    }
    if (w <= h) { y += thick; h -= thick; } else { x += thick; w -= thick; }
    left -= row; at = end;
  }
  return out;
}
let stack = [];
function show(focus) {
  const box = stack[stack.length - 1], inner = (box[3] || []).filter(b => b[2] > 0).sort((a, b) => b[2] - a[2]);
  path.replaceChildren(...stack.map((b, i) => {
    const button = document.createElement("button");
    button.type = "button"; button.textContent = b[1] || "image";
    if (i === stack.length - 1) button.setAttribute("aria-current", "true");
    button.addEventListener("click", () => { stack = stack.slice(0, i + 1); show(true); });
    return button;
  }));
  status.textContent = words[box[0]] + " " + box[1] + ": " + bytes(box[2]) + " (" + box[2] + " bytes) in " + inner.length + (inner.length === 1 ? " box" : " boxes");
  map.replaceChildren(...place(inner, 0, 0, map.clientWidth, map.clientHeight).map(([b, x, y, w, h]) => {
    const opens = b[3] && b[3].length, node = document.createElement(opens ? "button" : "div");
    const share = (100 * b[2] / box[2]).toFixed(1) + " %", text = b[1] + ", " + bytes(b[2]) + ", " + share + ", " + words[b[0]];
    node.className = b[0]; node.title = text; node.dataset.bytes = b[2];
    if (opens) { node.type = "button"; node.setAttribute("aria-label", text + ", opens"); node.addEventListener("click", () => { stack.push(b); show(true); }); }
    else { node.setAttribute("role", "img"); node.setAttribute("aria-label", text); }
    Object.assign(node.style, {left: x + "px", top: y + "px", width: w + "px", height: h + "px"});
    if (w < 14 || h < 10) node.style.padding = "0";
    if (w > 40 && h > 18) {
      for (const line of h > 34 ? [b[1], bytes(b[2])] : [b[1]]) { const span = document.createElement("span"); span.textContent = line; node.append(span); }
    }
    return node;
  }));
  if (focus) (map.querySelector("button") || path.lastElementChild).focus();
}
map.addEventListener("keydown", e => { if (e.key === "Escape" && stack.length > 1) { stack.pop(); show(true); } });
path.addEventListener("keydown", e => { if (e.key === "Escape" && stack.length > 1) { stack.pop(); show(true); } });
if (trees.length) {
  select.append(...trees.map((b, i) => new Option(b[1] + ", " + bytes(b[2]), i)));
  select.parentElement.hidden = false;
  select.addEventListener("change", () => { stack = [trees[select.value]]; show(false); });
  stack = [trees[0]];
  show(false);
  let width = map.clientWidth;
  new ResizeObserver(() => { if (map.clientWidth !== width) { width = map.clientWidth; show(false); } }).observe(map);
}
const table = document.getElementById("sizes"), heads = [...table.tHead.rows[0].cells];
heads.forEach((head, column) => {
  const button = head.querySelector("button");
  if (button) button.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending", value = r => r.cells[column].dataset.size;
    const rows = [...table.tBodies[0].rows].sort((a, b) => value(a) === undefined ?
      (a.cells[column].textContent < b.cells[column].textContent ? -1 : a.cells[column].textContent > b.cells[column].textContent ? 1 : 0) : value(a) - value(b));
    if (down) rows.reverse();
    heads.forEach(h => h.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    table.tBodies[0].append(...rows);
  });
});
})();
