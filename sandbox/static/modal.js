// A form that the bot shows: text fields, selects, files, boxes.

import { $, complain, make, post } from "./dom.js";
import { drawSelect } from "./components.js";
import { markdown } from "./markdown.js";

const ROW = 1, TEXT_INPUT = 4, TEXT = 10, LABEL = 18, FILES = 19, RADIO = 21, BOXES = 22, BOX = 23;
const SELECTS = [3, 5, 6, 7, 8], PARAGRAPH = 2;

export function showModal(modal, interaction) {
  const dialog = $("modal"), form = dialog.firstElementChild;
  const values = {}, files = [];
  const warning = make("p", { className: "warning", role: "alert", hidden: true });
  const cancel = make("button", { type: "button", className: "button style2", textContent: "Cancel" });
  cancel.onclick = () => dialog.close();
  form.replaceChildren(make("h2", { id: "modal-title", textContent: modal.title }), warning,
    ...modal.components.map((part) => drawField(part, values, files)),
    make("div", { className: "row end" }, cancel, make("button", { className: "button style1", textContent: "Submit" })));
  form.onsubmit = async (event) => {
    event.preventDefault();
    const read = Object.fromEntries(Object.entries(values).map(([id, value]) => [id, value()]));
    const outcome = await post("modal", { interaction, values: read }, files.flatMap(([id, input]) => [...input.files].map((file) => [id, file])));
    warning.hidden = !outcome.error;
    warning.textContent = outcome.error ?? "";
    if (outcome.error) return;
    dialog.close();
    complain();
    if (outcome.modal) showModal(outcome.modal, outcome.interaction);
  };
  if (!dialog.open) dialog.showModal();
}

function drawField(part, values, files) {
  if (part.type === TEXT) return make("div", { className: "content", innerHTML: markdown(part.content) });
  const field = part.type === LABEL ? part.component : part.type === ROW ? part.components[0] : part;
  const required = field.required ?? field.type !== BOX;
  const words = [make("span", { className: "label", textContent: part.label ?? field.label ?? "" }), required ? make("span", { className: "star", title: "required", textContent: " *" }) : null,
    part.description ? make("small", { textContent: part.description }) : null];
  const control = drawControl(field, required, values, files);
  const group = field.type === RADIO || field.type === BOXES;
  if (control.ariaLabel && part.label) control.ariaLabel = part.label;
  return make(group ? "fieldset" : "label", { className: "entry" }, group ? make("legend", {}, words) : words, control);
}

function drawControl(field, required, values, files) {
  const id = field.custom_id;
  if (field.type === TEXT_INPUT) {
    const long = field.style === PARAGRAPH;
    const input = make(long ? "textarea" : "input", { value: field.value ?? "", required, placeholder: field.placeholder ?? "", maxLength: field.max_length ?? 4000 });
    if (field.min_length) input.minLength = field.min_length;
    if (long) input.rows = 3;
    values[id] = () => input.value;
    return input;
  }
  if (SELECTS.includes(field.type)) {
    let chosen = (field.options ?? []).filter((option) => option.default).map((option) => option.value).concat((field.default_values ?? []).map((value) => value.id));
    values[id] = () => chosen;
    return drawSelect(field, (picked) => { chosen = picked; });
  }
  if (field.type === FILES) {
    const input = make("input", { type: "file", required, multiple: (field.max_values ?? 1) > 1 });
    files.push([id, input]);
    return input;
  }
  if (field.type === BOX) {
    const box = make("input", { type: "checkbox", checked: field.default ?? false });
    values[id] = () => box.checked;
    return box;
  }
  const inputs = field.options.map((option) => make("input", { type: field.type === RADIO ? "radio" : "checkbox", name: id, value: option.value, checked: option.default ?? false, required: required && field.type === RADIO }));
  const picked = () => inputs.filter((input) => input.checked).map((input) => input.value);
  values[id] = () => (field.type === RADIO ? picked()[0] ?? null : picked());
  return make("div", { className: "options" }, field.options.map((option, place) => make("label", {}, inputs[place], ` ${option.label}`, option.description ? make("small", { textContent: option.description }) : null)));
}
