// Pictures and other files of a message.

import { $, make } from "./dom.js";

export function drawGallery(files, before = []) {
  // Discord shows what it could measure, whatever its type.
  const pictures = files.filter((file) => file.content_type?.startsWith("image/") || file.width);
  const gallery = make("div", { className: `gallery of${Math.min(pictures.length, 5)}` });
  pictures.forEach((file, place) => gallery.append(cover(file, drawPicture(file, before[place]))));
  const others = files.filter((file) => !pictures.includes(file)).map(drawFile);
  return make("div", { className: "files" }, pictures.length ? gallery : null, others);
}

// A picture that takes another's place keeps its element, and shows the old one until the new one is decoded.
function drawPicture(file, picture) {
  const isNew = !picture;
  picture ??= make("img", { tabIndex: 0 });
  const show = () => Object.assign(picture, { src: file.url, width: file.width ?? 400, height: file.height ?? 300 });
  Object.assign(picture, { alt: file.description ?? file.filename ?? "", title: file.description ?? "" });
  if (isNew) show();
  else {
    const next = make("img", { src: file.url });
    picture.dataset.next = file.url;
    next.decode().catch(() => {}).then(() => { if (picture.dataset.next === file.url) show(); });
  }
  picture.onclick = () => look(file, picture.alt);
  // A handler that returned false would take every key away, and with it the way past the picture.
  picture.onkeydown = (event) => {
    if (event.key === "Enter") look(file, picture.alt);
  };
  return picture;
}

const isCovered = (file) => file.spoiler || file.filename?.startsWith("SPOILER_");
const uncovered = new Set();  // addresses of covered pictures at which this person chose to look

// What is marked as a spoiler is covered until it is pressed.
function cover(file, picture) {
  if (!isCovered(file)) return picture;
  const holder = make("div", { className: "covered" }, picture), isOpen = uncovered.has(file.url);
  Object.assign(picture, { tabIndex: isOpen ? 0 : -1, ariaHidden: isOpen ? null : "true" });
  if (isOpen) return Object.assign(holder, { className: "uncovered" });
  const lid = make("button", { type: "button", className: "lid", ariaLabel: "Spoiler: show the picture", textContent: "SPOILER" });
  lid.onclick = () => {
    uncovered.add(file.url);
    Object.assign(picture, { tabIndex: 0, ariaHidden: null });
    holder.className = "uncovered";
    lid.remove();
    picture.focus();
  };
  holder.append(lid);
  return holder;
}

function look(file, words) {
  const [picture, caption] = $("viewer").children;
  Object.assign(picture, { src: file.url, alt: words });
  caption.textContent = words;
  $("viewer").showModal();
}

function drawFile(file) {
  const size = file.size > 2 ** 20 ? `${(file.size / 2 ** 20).toFixed(1)} MB` : `${Math.ceil(file.size / 1024)} KB`;
  return make("a", { className: "file", href: file.url, target: "_blank" }, `📄 ${file.filename} `, make("small", { textContent: size }));
}
