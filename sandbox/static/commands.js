// Writing a command: completion of names, options as chips, suggestions of the bot, files.

import { $, app, avatar, make, nameOf, post, said } from "./dom.js";
import { offered } from "./components.js";

const STRING = 3, BOOLEAN = 5, USER = 6, CHANNEL = 7, ROLE = 8, MENTIONABLE = 9, ATTACHMENT = 11;
const SELECT_OF = { [USER]: 5, [ROLE]: 6, [MENTIONABLE]: 7, [CHANNEL]: 8 };  // selects that offer the same
const PAUSE = 120;  // milliseconds without a key before the bot is asked for suggestions

let active = null, suggested = [], chosen = 0, moved = false, waiting = 0;

export const inCommand = () => active !== null;

// ---------------------------------------------------------------- suggestions

export function suggest(items, title = "") {
  suggested = items;
  chosen = 0;
  moved = false;
  $("suggestions").hidden = !items.length;
  const rows = items.map((item, place) => {
    const row = make("div", { role: "option", id: `suggestion-${place}` }, item.icon ?? null, make("b", { textContent: item.label }),
      ...(item.options ?? []).map((name) => make("i", { textContent: name })), make("small", { textContent: item.hint ?? "" }));
    row.onmousedown = (event) => { event.preventDefault(); item.take(); };
    return row;
  });
  $("suggestions").replaceChildren(...(title ? [make("h2", { textContent: title })] : []), ...rows);
  mark();
}

function mark() {
  const rows = $("suggestions").querySelectorAll("[role=option]");
  rows.forEach((row, place) => row.setAttribute("aria-selected", place === chosen));
  rows[chosen]?.scrollIntoView({ block: "nearest" });
  if (rows.length) document.activeElement.setAttribute?.("aria-activedescendant", rows[chosen].id);
}

// What keys do while suggestions are open; returns whether it was one of them.
export function steer(event) {
  if ($("suggestions").hidden) return false;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + suggested.length) % suggested.length;
    moved = true;
    mark();
  } else if (event.key === "Tab" || (event.key === "Enter" && (moved || !active))) suggested[chosen].take();
  else if (event.key === "Escape") suggest([]);
  else return false;
  event.preventDefault();
  return true;
}

const called = (option) => [option.name, said(option, "name")];  // what an option may be typed as
const names = (command) => (command.options ?? []).map((option) => said(option, "name"));

export function suggestFor(typed) {
  if (active) return suggestOptions(typed);
  if (!typed.startsWith("/") || typed.includes("\n")) return suggest([]);
  const word = typed.slice(1).toLowerCase();
  const begun = longest((path) => word.startsWith(`${path.toLowerCase()} `));
  if (begun && !/\w+:/.test(word)) return begin(begun.path);
  const found = begun ? [] : app.state.commands.filter((entry) => entry.path.includes(word) || entry.shown.includes(word));
  suggest(found.sort((a, b) => starts(b, word) - starts(a, word) || uses(b) - uses(a)).map((entry) => ({
    icon: avatar(app.state.bot), label: `/${entry.shown}`, options: names(entry.command).slice(0, 6), hint: said(entry.command, "description"), take: () => begin(entry.path),
  })), app.state.bot.name);
}

// As in Discord, where a bot cannot choose the order of its commands, what a member uses most comes first.
const uses = (entry) => Number(localStorage.getItem(`uses ${app.member} ${entry.path}`) ?? 0);

const count = (path) => localStorage.setItem(`uses ${app.member} ${path}`, uses({ path }) + 1);

const starts = (entry, word) => entry.shown.startsWith(word) || entry.path.startsWith(word);

// Of the commands whose name in the member's language or whose own name fits, the one with the longest.
const longest = (fits) => [...app.state.commands].sort((a, b) => b.path.length - a.path.length).find((entry) => fits(entry.shown) || fits(entry.path));

function suggestOptions(typed) {
  const free = (active.command.options ?? []).filter((option) => !active.inputs[option.name] && said(option, "name").includes(typed.toLowerCase().replace(/:$/, "")));
  suggest(free.map((option) => ({ label: said(option, "name"), hint: said(option, "description"), take: () => { $("text").value = ""; addField(option).focus(); } })), "Options");
}

// ---------------------------------------------------------------- the command being written

export function begin(path) {
  const { command, shown } = app.state.commands.find((entry) => entry.path === path);
  active = { path, command, inputs: {}, values: {} };
  count(path);
  $("composer").classList.add("commanding");
  $("command").hidden = false;
  $("command").textContent = `/${shown}`;
  $("text").value = "";
  $("text").placeholder = (active.command.options ?? []).some((option) => !option.required) ? "more options" : "";
  suggest([]);
  hint(said(active.command, "description"));
  const required = (active.command.options ?? []).filter((option) => option.required).map(addField);
  (required[0] ?? $("text")).focus();
}

export function end() {
  active = null;
  $("composer").classList.remove("commanding");
  $("command").hidden = true;
  $("fields").replaceChildren();
  $("text").value = "";
  $("text").placeholder = $("text").dataset.placeholder;
  hint("");
  suggest([]);
  $("text").focus();
}

function hint(words, name = "") {
  $("hint").hidden = !words;
  $("hint").replaceChildren(...(name ? [make("b", { textContent: name }), " "] : []), words);
}

function addField(option) {
  const file = option.type === ATTACHMENT, shown = said(option, "name");
  const input = make("input", { type: file ? "file" : "text", ariaLabel: option.name, autocomplete: "off", placeholder: file ? "" : option.required ? "" : "optional" });
  const field = make("label", { className: `field${option.type === STRING && !option.autocomplete && !option.choices ? " long" : ""}` }, make("span", { textContent: shown }), input);
  active.inputs[option.name] = input;
  if (file) drawFile(field, input);
  input.oninput = () => typed(option, input, field);
  input.onfocus = () => { hint(said(option, "description"), shown); complete(option, input); };
  input.onkeydown = (event) => {
    if (steer(event)) return;
    if (event.key === "Escape") end();
    if (event.key === "Backspace" && !input.value) { event.preventDefault(); option.required ? $("text").focus() : removeField(option.name); }
  };
  $("fields").append(field);
  return input;
}

// The upload's place: a picture of it once it is chosen.
function drawFile(field, input) {
  const preview = make("span", { className: "drop", textContent: "choose or drop a file" });
  field.append(preview);
  field.ondragover = (event) => event.preventDefault();
  field.ondrop = (event) => { event.preventDefault(); input.files = event.dataTransfer.files; input.onchange(); };
  input.onchange = () => {
    const chosenFile = input.files[0];
    field.classList.remove("missing");
    preview.textContent = chosenFile?.name ?? "choose or drop a file";
    if (chosenFile?.type.startsWith("image/")) preview.prepend(make("img", { alt: "", src: URL.createObjectURL(chosenFile) }));
  };
}

function removeField(name) {
  active.inputs[name].parentNode.remove();
  delete active.inputs[name];
  $("text").focus();
}

// Within a text, " count:" goes on to the option count, as in Discord.
function typed(option, input, field) {
  field.classList.remove("missing");
  delete active.values[option.name];
  if (input.type === "file") return;
  const prefix = called(option).find((name) => input.value.startsWith(`${name}:`));
  if (prefix) input.value = input.value.slice(prefix.length + 1);
  const onward = input.value.match(/^(.*)\s([^\s:]+):$/);
  const next = onward && (active.command.options ?? []).find((other) => called(other).includes(onward[2]) && other !== option);
  if (next) {
    input.value = onward[1];
    (active.inputs[next.name] ?? addField(next)).focus();
  } else complete(option, input);
}

async function complete(option, input) {
  const here = active, part = SELECT_OF[option.type];
  const fits = (choice) => choice.name.toLowerCase().includes(input.value.toLowerCase());
  let choices = option.choices ?? (option.type === BOOLEAN ? [{ name: "True", value: true }, { name: "False", value: false }] : []);
  if (part) choices = offered({ type: part }).map((choice) => ({ name: choice.label, value: choice.value }));
  if (option.autocomplete) {
    clearTimeout(waiting);
    await new Promise((done) => { waiting = setTimeout(done, PAUSE); });
    if (active !== here) return;
    const outcome = await post("autocomplete", { path: active.path, name: option.name, typed: input.value, options: filled(option.name) });
    choices = outcome.choices ?? [];
  } else choices = choices.filter(fits);
  if (active !== here || document.activeElement !== input) return;
  suggest(choices.map((choice) => ({
    label: said(choice, "name"),
    take: () => { input.value = choice.name; active.values[option.name] = choice.value; suggest([]); input.focus(); suggest([]); },
  })), said(option, "name"));
}

// What stands in the fields, by option: what was picked, or what was typed.
function filled(except = "") {
  const values = {};
  for (const option of active.command.options ?? []) {
    const words = active.inputs[option.name]?.value.trim();
    if (!words || option.name === except || option.type === ATTACHMENT) continue;
    values[option.name] = active.values[option.name] ?? valueOf(option, words);
  }
  return values;
}

// What typed words are for an option: the choice, or the member, role or channel, of that name.
function valueOf(option, words) {
  const name = words.toLowerCase().replace(/^[@#]/, "");
  const choice = option.choices?.find((known) => known.name.toLowerCase() === words.toLowerCase());
  const mentioned = SELECT_OF[option.type] && offered({ type: SELECT_OF[option.type] }).find((known) => known.label.toLowerCase() === name || nameOf(known.value).toLowerCase() === name);
  return choice?.value ?? mentioned?.value ?? words;
}

// The finished command as { path, options, files }, or null while something required is missing.
export function finished() {
  const options = filled();
  const files = Object.entries(active.inputs).filter(([, input]) => input.type === "file" && input.files[0]).map(([name, input]) => [name, input.files[0]]);
  const missing = (active.command.options ?? []).filter((option) => option.required && !(option.name in options) && !files.some(([name]) => name === option.name));
  for (const option of missing) active.inputs[option.name].parentNode.classList.add("missing");
  if (missing.length) {
    hint("This option is required.", said(missing[0], "name"));
    active.inputs[missing[0].name].focus();
    return null;
  }
  return { path: active.path, options, files };
}

// "/txt2img prompt:a red apple count:4", pasted in one line.
export function parseLine(line) {
  const entry = longest((path) => `${line} `.startsWith(`/${path} `));
  if (!entry) return null;
  count(entry.path);
  const options = Object.fromEntries((entry.command.options ?? []).flatMap((option) => called(option).map((name) => [name, option])));
  const known = Object.keys(options).join("|");
  const found = known ? line.matchAll(new RegExp(`\\s(${known}):\\s*(.*?)(?=\\s+(?:${known}):|$)`, "g")) : [];
  return { path: entry.path, options: Object.fromEntries([...found].map(([, name, value]) => [options[name].name, valueOf(options[name], value.trim())])), files: [] };
}
