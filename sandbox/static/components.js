// What stands under and in messages: buttons, selects, and the layout of Components V2.

import { app, make } from "./dom.js";
import { drawGallery } from "./gallery.js";
import { markdown } from "./markdown.js";

const ROW = 1, BUTTON = 2, SELECT = 3, USERS = 5, ROLES = 6, MENTIONABLES = 7, CHANNELS = 8;
const SECTION = 9, TEXT = 10, THUMBNAIL = 11, MEDIA = 12, FILE = 13, SEPARATOR = 14, CONTAINER = 17;
const LINK = 5;

const emoji = (given) => (given?.id ? "▫" : given?.name ?? "");

// press(custom_id, values, node) is called with what was chosen; values is undefined for a button.
export function drawComponents(components, press) {
  return components.map((part) => drawComponent(part, press)).filter(Boolean);
}

function drawComponent(part, press) {
  switch (part.type) {
    case ROW: return make("div", { className: "row" }, drawComponents(part.components, press));
    case BUTTON: return drawButton(part, press);
    case SELECT: case USERS: case ROLES: case MENTIONABLES: case CHANNELS:
      return drawSelect(part, (values, node) => press(part.custom_id, values, node));
    case SECTION: return make("div", { className: "section" }, make("div", {}, drawComponents(part.components, press)), drawComponent(part.accessory, press));
    case TEXT: return make("div", { className: "content", innerHTML: markdown(part.content) });
    case THUMBNAIL: return make("img", { className: "thumbnail", src: part.media.url, alt: part.description ?? "" });
    case MEDIA: return drawGallery(part.items.map((item) => ({ ...item.media, description: item.description, spoiler: item.spoiler, content_type: "image/" })));
    case FILE: return make("a", { href: part.file.url, className: "file", textContent: part.name ?? "file" });
    case SEPARATOR: return make("hr", { className: part.divider === false ? "space" : "" });
    case CONTAINER: {
      const node = make("div", { className: "embed" }, drawComponents(part.components, press));
      if (part.accent_color) node.style.setProperty("--accent", `#${part.accent_color.toString(16).padStart(6, "0")}`);
      return node;
    }
    default: return null;
  }
}

function drawButton(part, press) {
  const words = [emoji(part.emoji), part.label].filter(Boolean).join(" ");
  if (part.style === LINK) return make("a", { className: "button", href: part.url, target: "_blank", rel: "noreferrer", textContent: `${words} ↗` });
  const button = make("button", { type: "button", className: `button style${part.style}`, textContent: words, disabled: part.disabled ?? false });
  button.onclick = () => press(part.custom_id, undefined, button);
  return button;
}

export function offered(part) {
  const people = [...app.state.members, { ...app.state.bot, shown: app.state.bot.name }].map((m) => ({ value: m.id, label: m.shown }));
  const roles = app.state.roles.map((role) => ({ value: role.id, label: `@${role.name.replace(/^@/, "")}` }));
  const places = app.state.channels.filter((c) => !c.direct).map((c) => ({ value: c.id, label: `#${c.name}` }));
  return { [SELECT]: part.options, [USERS]: people, [ROLES]: roles, [MENTIONABLES]: [...people, ...roles], [CHANNELS]: places }[part.type];
}

// chosen(values, node) is called once the choice is made.
export function drawSelect(part, chosen) {
  const options = offered(part), label = part.placeholder ?? "Choose";
  const preset = new Set((part.default_values ?? []).map((value) => value.id));
  const isPreset = (option) => option.default || preset.has(option.value);
  if ((part.max_values ?? 1) > 1) return drawChecklist(part, options, label, isPreset, chosen);
  const select = make("select", { ariaLabel: label, disabled: part.disabled ?? false },
    options.some(isPreset) && part.min_values !== 0 ? null : make("option", { value: "", textContent: label }),
    options.map((option) => make("option", { value: option.value, selected: isPreset(option), title: option.description ?? "",
      textContent: [emoji(option.emoji), option.label].filter(Boolean).join(" ") })));
  select.onchange = () => chosen(select.value ? [select.value] : [], select);
  return select;
}

function drawChecklist(part, options, label, isPreset, chosen) {
  const summary = make("summary", { textContent: label });
  const boxes = options.map((option) => make("input", { type: "checkbox", value: option.value, checked: isPreset(option) }));
  const node = make("details", { className: "checklist" }, summary, options.map((option, place) => make("label", {}, boxes[place], option.label)));
  const values = () => boxes.filter((box) => box.checked).map((box) => box.value);
  let before = String(values());
  node.onchange = () => {
    const full = values().length >= part.max_values;
    for (const box of boxes) box.disabled = full && !box.checked;
    summary.textContent = options.filter((_, place) => boxes[place].checked).map((option) => option.label).join(", ") || label;
  };
  node.ontoggle = () => {
    if (node.open || String(values()) === before) return;
    before = String(values());
    chosen(values(), node);
  };
  return node;
}
