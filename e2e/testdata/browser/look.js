// Looks at the document as it is shown, and returns a list of complaints.
(() => {
const complaints = [];
const complain = (what, node) => complaints.push(what + ": " + (node.id || node.textContent || node.tagName).trim().slice(0, 60));
const numbers = color => color.match(/[\d.]+/g).map(Number);
const opaque = color => color !== "none" && color !== "transparent" && (numbers(color).length < 4 || numbers(color)[3] === 1);
// luminance and contrast are those of WCAG 2.2.
const luminance = color => {
  const [r, g, b] = numbers(color).slice(0, 3).map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
};
const back = node => {
  for (; node; node = node.parentElement) {
    const sheet = node.querySelector && node.tagName === "svg" && node.querySelector(".back");
    const color = sheet ? getComputedStyle(sheet).fill : getComputedStyle(node).backgroundColor;
    if (opaque(color)) return color;
  }
  return "rgb(255, 255, 255)";
};
const shown = node => node.checkVisibility() && node.getClientRects().length > 0;
// Every text has a contrast of 4.5, and every bar one of 3.
const texts = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
let read = 0;
while (texts.nextNode()) {
  const node = texts.currentNode.parentElement;
  if (!texts.currentNode.data.trim() || ["STYLE", "SCRIPT", "TITLE", "NOSCRIPT", "OPTION", "style", "title", "desc"].includes(node.tagName) || !shown(node)) continue;
  read++;
  const style = getComputedStyle(node), color = node instanceof SVGElement ? style.fill : style.color;
  if (contrast(color, back(node)) < 4.5) complain("contrast " + contrast(color, back(node)).toFixed(2), node);
}
if (read < 10) complaints.push("only " + read + " texts are shown");
for (const bar of document.querySelectorAll(".own, .stripe, .docker, .compressed")) {
  const style = getComputedStyle(bar), color = style.stroke === "none" || bar.classList.contains("own") ? style.fill : style.stroke;
  if (contrast(color, back(bar.closest("svg"))) < 3) complain("contrast " + contrast(color, back(bar.closest("svg"))).toFixed(2), bar);
}
// Nothing is wider than the window, and texts of a picture neither leave it nor cover each other.
if (document.documentElement.scrollWidth > innerWidth) complaints.push("the document is " + document.documentElement.scrollWidth + " wide, and the window " + innerWidth);
for (const picture of document.querySelectorAll("svg")) {
  const frame = picture.getBoundingClientRect(), boxes = [...picture.querySelectorAll("text")].map(node => [node, node.getBoundingClientRect()]);
  boxes.forEach(([node, box], i) => {
    if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1) complain("it leaves the picture", node);
    for (const [other, its] of boxes.slice(i + 1)) {
      if (box.left < its.right - 1 && its.left < box.right - 1 && box.top < its.bottom - 3 && its.top < box.bottom - 3) complain("it lies on " + other.textContent, node);
    }
  });
}
if (document.contentType !== "text/html") return complaints;
// Headings begin with one h1 and skip no level; whatever takes input has a name; each identifier is used once.
let level = 0;
for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
  const now = Number(heading.tagName[1]);
  if (now > level + 1 || now === 1 && level > 0) complain("level " + now + " after " + level, heading);
  level = now;
}
for (const node of document.querySelectorAll("button, select, [tabindex]")) {
  const labels = (node.getAttribute("aria-labelledby") || "").split(" ").filter(Boolean).map(id => document.getElementById(id));
  const name = node.getAttribute("aria-label") || labels.map(label => label && label.textContent).join("") || (node.labels && node.labels.length && node.labels[0].textContent) || node.tagName === "BUTTON" && node.textContent;
  if (!name) complain("it has no name", node);
}
const ids = [...document.querySelectorAll("[id]")].map(node => node.id);
if (new Set(ids).size !== ids.length) complaints.push("an identifier is used twice");
if (!document.documentElement.lang || !document.title) complaints.push("no language or title");
if (performance.getEntriesByType("resource").length > 0) complaints.push("it asked for " + performance.getEntriesByType("resource").map(e => e.name));
return complaints;
})()
