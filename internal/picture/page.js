"use strict";
(() => {
const words = {i: "image", l: "layer", p: "package", f: "file", h: "hidden file", s: "links", g: "Go package", t: "part of a program", m: "others"};
const trees = JSON.parse(document.getElementById("data").textContent);
const map = document.getElementById("map"), path = document.getElementById("path"), detail = document.getElementById("detail"), status = document.getElementById("status"), select = document.getElementById("image");
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
// The measures of the map, in pixels.
const header = 17, edge = 3, roomWide = 56, roomHigh = 46, tiny = 3, deepest = 3, mostBoxes = 600;
let stack = [], count = 0;
const inside = box => (box[3] || []).filter(b => b[2] > 0).sort((a, b) => b[2] - a[2]);
const share = box => (100 * box[2] / stack[0][2]).toFixed(1) + " %";
const tell = box => box[1] + ": " + words[box[0]] + ", " + bytes(box[2]) + " (" + box[2] + " bytes)" + (box === stack[0] ? "" : ", " + share(box) + " of the image");
const hint = "The box that is pointed at, or reached by arrow keys, tells its name here. A click or Enter opens it.";
// label shortens paths to their ends, which tell them apart.
const label = box => "fh".includes(box[0]) ? box[1].split("/").pop() : box[0] === "g" ? box[1].split("/").slice(-2).join("/") : box[1];
// draw adds the boxes in the last box of trail to nodes, and those in them where there is room.
function draw(nodes, trail, x, y, w, h, depth) {
  for (const [box, left, top, wide, high] of place(inside(trail[trail.length - 1]), x, y, w, h)) {
    if (depth > 1 && (wide < tiny || high < tiny || ++count > mostBoxes)) continue;
    const path = [...trail, box], opens = Boolean(box[3] && box[3].length), node = document.createElement("button");
    const nested = opens && depth < deepest && wide >= roomWide && high >= roomHigh && count < mostBoxes;
    node.type = "button"; node.tabIndex = -1; node.className = box[0] + (opens ? " opens" : "");
    node.dataset.bytes = box[2]; node.dataset.depth = depth;
    node.setAttribute("aria-label", tell(box) + (opens ? ", opens" : ""));
    node.addEventListener("click", () => { if (opens) { stack = path; show(true); } else detail.textContent = tell(box); });
    for (const event of ["focus", "mouseenter"]) node.addEventListener(event, () => { detail.textContent = tell(box); });
    Object.assign(node.style, {left: left + "px", top: top + "px", width: wide + "px", height: high + "px"});
    if (wide < 14 || high < 10) node.style.padding = "0";
    if (wide > 40 && high > 18) {
      const lines = nested || high <= 34 ? [label(box) + (wide > 110 ? " " + bytes(box[2]) : "")] : [label(box), bytes(box[2])];
      for (const line of lines) { const span = document.createElement("span"); span.textContent = line; node.append(span); }
    }
    nodes.push(node);
    if (nested) draw(nodes, path, left + edge, top + header, wide - 2 * edge, high - header - edge, depth + 1);
  }
}
function show(focus) {
  const box = stack[stack.length - 1], n = inside(box).length, nodes = [];
  path.replaceChildren(...stack.map((b, i) => {
    const button = document.createElement("button");
    button.type = "button"; button.textContent = b[1] || "image";
    if (i === stack.length - 1) button.setAttribute("aria-current", "location");
    button.addEventListener("click", () => { stack = stack.slice(0, i + 1); show(true); });
    return button;
  }));
  status.textContent = tell(box) + ", in " + n + (n === 1 ? " box" : " boxes");
  detail.textContent = hint;
  count = 0;
  draw(nodes, stack, 0, 0, map.clientWidth, map.clientHeight, 1);
  map.replaceChildren(...nodes);
  if (nodes.length) nodes[0].tabIndex = 0; // the others are reached by arrow keys
  if (focus) (nodes[0] || path.lastElementChild).focus();
}
const up = e => { if (e.key === "Escape" && stack.length > 1) { stack.pop(); show(true); } };
path.addEventListener("keydown", up);
map.addEventListener("keydown", e => {
  const nodes = [...map.children], at = nodes.indexOf(document.activeElement);
  const to = {ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: nodes.length - 1}[e.key];
  if (to === undefined) return up(e);
  e.preventDefault();
  if (nodes[to]) nodes[to].focus();
});
map.addEventListener("focusin", e => { for (const node of map.children) node.tabIndex = node === e.target ? 0 : -1; });
if (trees.length) {
  select.append(...trees.map((b, i) => new Option(b[1] + ", " + bytes(b[2]), i)));
  select.parentElement.hidden = trees.length === 1;
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
