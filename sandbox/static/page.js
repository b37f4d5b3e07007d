// The page of the local Discord: draws the state that the server streams, and sends what a person does.

const $ = (id) => document.getElementById(id);
const OPTION = { STRING: 3, INTEGER: 4, USER: 6, NUMBER: 10, ATTACHMENT: 11 };
const THINKING = 1 << 7;
let member = new URLSearchParams(location.search).get("member") ?? "ana";
let state = null, stream = null, replyTo = null, active = null, chosen = 0, suggested = [];

function make(tag, props = {}, ...children) {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

// ---------------------------------------------------------------- what the server streams

function listen() {
  stream?.close();
  stream = new EventSource(`/page/events?member=${encodeURIComponent(member)}`);
  stream.onmessage = (event) => { state = JSON.parse(event.data); draw(); };
}

function draw() {
  const list = $("messages");
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  $("status").textContent = state.connected ? "" : "The bot is not connected";
  if (!$("member").options.length || $("member").options.length !== state.members.length) {
    $("member").replaceChildren(...state.members.map((m) => make("option", { value: m.name, textContent: m.shown })));
    $("member").value = member;
  }
  const old = new Map([...list.children].map((node) => [node.dataset.id, node]));
  const nodes = state.messages.map((message) => {
    const text = JSON.stringify(message), before = old.get(message.id);
    if (before?.dataset.text === text) return before;
    const node = drawMessage(message, before);
    node.dataset.id = message.id;
    node.dataset.text = text;
    return node;
  });
  list.replaceChildren(...nodes);
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function drawMessage(message, before) {
  const bot = message.author.bot;
  const name = message.author.global_name ?? message.author.username;
  const hue = Number(BigInt(message.author.id) % 360n);
  const node = make("article", { className: message.ephemeral ? "ephemeral" : "" });
  const quoted = message.referenced_message;
  if (quoted) node.append(make("div", { className: "quote" }, `↱ ${quoted.author.global_name ?? quoted.author.username}: ${plain(quoted.content) || "a picture"}`));
  const avatar = make("div", { className: "avatar", textContent: name[0], ariaHidden: "true" });
  avatar.style.background = bot ? "var(--brand)" : `hsl(${hue} 45% 45%)`;
  const body = make("div", {},
    make("span", { className: "name", textContent: name }),
    bot ? make("span", { className: "tag", textContent: "APP" }) : null,
    make("time", { textContent: new Date(message.timestamp).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) }));
  const content = make("div", { className: "content" });
  if (message.flags & THINKING && !message.content) content.append(make("span", { className: "thinking", textContent: `${name} is thinking …` }));
  else content.innerHTML = markdown(message.content);
  body.append(content, ...message.embeds.map(drawEmbed));
  if (message.attachments.length) body.append(drawGallery(message.attachments, before));
  for (const row of message.components) body.append(drawRow(row, message));
  if (message.ephemeral) body.append(make("div", { className: "private", textContent: "👁 Only you can see this" }));
  node.append(...(quoted ? [make("span")] : []), avatar, body);
  if (quoted) node.firstChild.style.gridColumn = "2", node.children[1].remove();
  node.append(drawTools(message));
  return node;
}

// Pictures that were there before keep their place until the new ones are loaded, so that nothing flickers.
function drawGallery(attachments, before) {
  const pictures = attachments.filter((file) => file.content_type.startsWith("image/"));
  const gallery = make("div", { className: `gallery ${pictures.length > 1 ? "many" : "one"}` });
  const old = [...(before?.querySelectorAll(".gallery img") ?? [])];
  pictures.forEach((file, place) => {
    const picture = make("img", { alt: file.description ?? file.filename, title: file.description ?? "", width: file.width, height: file.height });
    if (old[place]) {
      picture.src = old[place].src;
      const next = new Image();
      next.onload = () => { picture.src = file.url; };
      next.src = file.url;
    } else picture.src = file.url;
    picture.onclick = () => { $("viewer").firstChild.src = file.url; $("viewer").firstChild.alt = picture.alt; $("viewer").showModal(); };
    gallery.append(picture);
  });
  for (const file of attachments) if (!pictures.includes(file)) gallery.append(make("a", { href: file.url, textContent: file.filename }));
  return gallery;
}

function drawEmbed(embed) {
  const node = make("div", { className: "embed" });
  if (embed.title) node.append(make("h3", { textContent: embed.title }));
  if (embed.description) node.append(Object.assign(make("p"), { innerHTML: markdown(embed.description) }));
  for (const field of embed.fields ?? []) node.append(make("h4", { textContent: field.name }), Object.assign(make("p"), { innerHTML: markdown(field.value) }));
  if (embed.image) node.append(make("div", { className: "gallery one" }, make("img", { src: embed.image.url, alt: "" })));
  return node;
}

function drawRow(row, message) {
  const node = make("div", { className: "row" });
  for (const part of row.components ?? []) {
    if (part.type === 2) {
      const button = make("button", { type: "button", textContent: `${part.emoji?.name ?? ""} ${part.label ?? ""}`.trim(), className: `style${part.style}`, disabled: part.disabled ?? false });
      button.onclick = () => act("press", { message: message.id, custom_id: part.custom_id }, {}, button);
      node.append(button);
    } else if (part.type === 3) {
      const select = make("select", { ariaLabel: part.placeholder ?? "Choose" }, make("option", { value: "", textContent: part.placeholder ?? "Choose" }),
        ...part.options.map((option) => make("option", { value: option.value, textContent: option.label })));
      select.onchange = () => act("press", { message: message.id, custom_id: part.custom_id, values: [select.value] });
      node.append(select);
    }
  }
  return node;
}

function drawTools(message) {
  const tools = make("div", { className: "tools" });
  if (message.ephemeral) return tools;
  const reply = make("button", { type: "button", textContent: "↩ Reply" });
  reply.onclick = () => {
    replyTo = message.id;
    $("replying").hidden = false;
    $("replying").firstChild.textContent = `Replying to ${message.author.global_name ?? message.author.username}`;
    $("text").focus();
  };
  tools.append(reply, ...state.menus.map((name) => {
    const button = make("button", { type: "button", textContent: `Apps › ${name}` });
    button.onclick = () => act("menu", { message: message.id, name });
    return button;
  }));
  return tools;
}

// ---------------------------------------------------------------- Discord's Markdown, as far as bots use it

const escapeHtml = (text) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
const plain = (text) => text.replace(/<@!?(\d+)>/g, (_, id) => `@${nameOf(id)}`).replace(/\\([\\*_~`|>#\-[\]()])/g, "$1").replace(/[*`]/g, "").slice(0, 120);
const nameOf = (id) => (id === state.bot.id ? state.bot.name : state.members.find((m) => m.id === id)?.shown) ?? "somebody";

function relative(seconds) {
  const [unit, size] = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]].find(([, s]) => Math.abs(seconds) >= s) ?? ["second", 1];
  return new Intl.RelativeTimeFormat("en").format(Math.round(seconds / size), unit);
}

function markdown(text) {
  const kept = [];
  const keep = (html) => `\u0000${kept.push(html) - 1}\u0000`;
  return escapeHtml(text)
    .replace(/\\([\\*_~`|>#\-[\]()])/g, (_, c) => keep(c))
    .replace(/`([^`\n]+)`/g, (_, code) => keep(`<code>${code}</code>`))
    .replace(/&lt;@!?(\d+)&gt;/g, (_, id) => keep(`<span class="mention">@${escapeHtml(nameOf(id))}</span>`))
    .replace(/&lt;t:(\d+):\w&gt;/g, (_, at) => keep(relative(at - Date.now() / 1000)))
    .replace(/^-# (.*)$/gm, "<small>$1</small>")
    .replace(/<\/small>\n/g, "</small>")
    .replace(/\*\*(.+?)\*\*/gs, "<b>$1</b>")
    .replace(/\*(.+?)\*/gs, "<i>$1</i>")
    .replace(/\u0000(\d+)\u0000/g, (_, place) => kept[place]);
}

// ---------------------------------------------------------------- what a person does

async function post(what, fields, files = {}) {
  const form = new FormData();
  form.append("fields", JSON.stringify({ member, ...fields }));
  for (const [name, file] of Object.entries(files)) form.append(name, file);
  return (await fetch(`/page/${what}`, { method: "POST", body: form })).json();
}

async function act(what, fields, files = {}, button = null) {
  if (button) button.disabled = true;
  const outcome = await post(what, fields, files);
  if (button) button.disabled = false;
  $("error").hidden = !outcome.error;
  $("error").textContent = outcome.error ?? "";
  if (outcome.modal) showModal(outcome.modal, outcome.interaction);
  return !outcome.error;
}

function showModal(modal, interaction) {
  const form = $("modal").firstChild, inputs = {};
  form.replaceChildren(make("h2", { textContent: modal.title }));
  for (const row of modal.components) {
    const field = row.component ?? row.components[0];
    const input = make(field.style === 2 ? "textarea" : "input", { value: field.value ?? "", required: field.required ?? true, maxLength: field.max_length ?? 4000 });
    if (field.style === 2) input.rows = 3;
    inputs[field.custom_id] = input;
    form.append(make("label", {}, row.label ?? field.label, input));
  }
  const cancel = make("button", { type: "button", textContent: "Cancel" });
  cancel.onclick = () => $("modal").close();
  form.append(make("div", { className: "row" }, make("button", { textContent: "Submit", className: "style1" }), cancel));
  form.onsubmit = () => act("modal", { interaction, values: Object.fromEntries(Object.entries(inputs).map(([id, input]) => [id, input.value])) });
  $("modal").showModal();
}

// ---------------------------------------------------------------- the composer and its commands

const commandOf = (path) => state.commands.find((entry) => entry.path === path);

function suggest(items) {
  suggested = items;
  chosen = 0;
  $("suggestions").hidden = !items.length;
  $("suggestions").replaceChildren(...items.map((item, place) => {
    const row = make("div", { role: "option" }, make("b", { textContent: item.label }), make("small", { textContent: item.hint ?? "" }));
    row.onmousedown = (event) => { event.preventDefault(); item.take(); };
    row.setAttribute("aria-selected", place === chosen);
    return row;
  }));
}

function move(by) {
  chosen = (chosen + by + suggested.length) % suggested.length;
  [...$("suggestions").children].forEach((row, place) => row.setAttribute("aria-selected", place === chosen));
  $("suggestions").children[chosen].scrollIntoView({ block: "nearest" });
}

function suggestCommands() {
  const typed = $("text").value;
  if (active || !typed.startsWith("/")) return active ? suggestOptions() : suggest([]);
  const word = typed.slice(1).toLowerCase();
  const exact = [...state.commands].sort((a, b) => b.path.length - a.path.length).find((entry) => word.startsWith(`${entry.path} `));
  if (exact && !/\w+:/.test(word)) return begin(exact.path);
  suggest(exact ? [] : state.commands.filter((entry) => entry.path.includes(word))
    .map((entry) => ({ label: `/${entry.path}`, hint: entry.command.description, take: () => begin(entry.path) })));
}

function suggestOptions() {
  const typed = $("text").value.toLowerCase();
  const free = (active.command.options ?? []).filter((option) => !active.inputs[option.name] && option.name.includes(typed));
  suggest(free.map((option) => ({ label: option.name, hint: option.description, take: () => { $("text").value = ""; addField(option).focus(); } })));
}

function begin(path) {
  active = { path, command: commandOf(path).command, inputs: {}, values: {} };
  $("command").hidden = false;
  $("command").textContent = `/${path}`;
  $("text").value = "";
  $("text").placeholder = (active.command.options ?? []).some((o) => !o.required) ? "more options" : "";
  document.querySelector(".attach").hidden = true;
  suggest([]);
  const required = (active.command.options ?? []).filter((option) => option.required).map(addField);
  (required[0] ?? $("text")).focus();
}

function end() {
  active = null;
  $("command").hidden = true;
  $("fields").replaceChildren();
  $("text").value = "";
  $("text").placeholder = "Message #pictures, or type / for commands";
  document.querySelector(".attach").hidden = false;
  suggest([]);
  $("text").focus();
}

function addField(option) {
  const file = option.type === OPTION.ATTACHMENT;
  const input = make("input", { type: file ? "file" : "text", ariaLabel: option.name, title: option.description });
  active.inputs[option.name] = input;
  input.oninput = () => {
    const prefix = `${option.name}:`;
    if (!file && input.value.startsWith(prefix)) input.value = input.value.slice(prefix.length);
    delete active.values[option.name];
    if (option.autocomplete || option.choices || option.type === OPTION.USER) complete(option, input);
  };
  input.onfocus = () => (option.autocomplete || option.choices || option.type === OPTION.USER ? complete(option, input) : suggest([]));
  input.onkeydown = (event) => keys(event, () => event.key === "Backspace" && !input.value && !option.required && removeField(option.name));
  const long = option.type === OPTION.STRING && !option.autocomplete;
  $("fields").append(make("label", { className: `field ${long ? "long" : ""}` }, make("span", { textContent: option.name }), input));
  return input;
}

function removeField(name) {
  active.inputs[name].parentNode.remove();
  delete active.inputs[name];
  $("text").focus();
}

async function complete(option, input) {
  const here = active;
  let choices = option.choices ?? [];
  if (option.type === OPTION.USER) choices = state.members.map((m) => ({ name: m.shown, value: m.id }));
  if (option.autocomplete) {
    const outcome = await post("autocomplete", { path: active.path, name: option.name, typed: input.value, options: filled() });
    choices = outcome.choices ?? [];
  } else choices = choices.filter((choice) => choice.name.toLowerCase().includes(input.value.toLowerCase()));
  if (active !== here || document.activeElement !== input) return;
  suggest(choices.map((choice) => ({
    label: choice.name,
    take: () => { input.value = choice.name; active.values[option.name] = choice.value; suggest([]); input.focus(); suggest([]); },
  })));
}

function filled() {
  const values = {};
  for (const [name, input] of Object.entries(active.inputs))
    if (input.type !== "file" && input.value.trim())
      Object.assign(values, active.values[name] === undefined ? parseOptions(active.command, `${name}:${input.value}`) : { [name]: active.values[name] });
  return values;
}

// "prompt:a red apple count:4"
function parseOptions(command, text) {
  const names = (command.options ?? []).map((option) => option.name).join("|");
  if (!names) return {};
  const found = text.matchAll(new RegExp(`\\b(${names}):\\s*(.*?)(?=\\s+(?:${names}):|$)`, "g"));
  return Object.fromEntries([...found].map(([, name, value]) => [name, value.trim()]));
}

// "/txt2img prompt:a red apple count:4", typed in one line
function parseLine(line) {
  const entry = [...state.commands].sort((a, b) => b.path.length - a.path.length).find((e) => `${line} `.startsWith(`/${e.path} `));
  if (!entry) return null;
  return { path: entry.path, options: parseOptions(entry.command, line) };
}

async function send() {
  const typed = $("text").value.trim(), file = $("file").files[0];
  if (active) {
    const files = Object.fromEntries(Object.entries(active.inputs).filter(([, i]) => i.type === "file" && i.files[0]).map(([n, i]) => [n, i.files[0]]));
    const options = filled();
    const missing = (active.command.options ?? []).filter((o) => o.required && !(o.name in options) && !(o.name in files));
    for (const option of missing) active.inputs[option.name].parentNode.classList.add("missing");
    if (missing.length) return;
    const path = active.path;
    end();
    await act("slash", { path, options }, files);
  } else if (typed.startsWith("/")) {
    const line = parseLine(typed);
    $("text").value = "";
    suggest([]);
    if (line) await act("slash", line);
  } else if (typed || file) {
    $("text").value = "";
    $("file").value = "";
    document.querySelector(".attach").classList.remove("has");
    await act("say", { text: typed, reply_to: replyTo }, file ? { file } : {});
    stopReplying();
  }
}

function stopReplying() {
  replyTo = null;
  $("replying").hidden = true;
}

function keys(event, otherwise = () => {}) {
  const open = !$("suggestions").hidden;
  if (open && (event.key === "ArrowDown" || event.key === "ArrowUp")) { event.preventDefault(); move(event.key === "ArrowDown" ? 1 : -1); }
  else if (open && (event.key === "Tab" || (event.key === "Enter" && !active))) { event.preventDefault(); suggested[chosen].take(); }
  else if (event.key === "Escape") { if (open) suggest([]); else end(); }
  else otherwise();
}

$("text").oninput = suggestCommands;
$("text").onfocus = suggestCommands;
$("text").onkeydown = (event) => keys(event, () => event.key === "Backspace" && !$("text").value && active && end());
$("composer").onsubmit = (event) => { event.preventDefault(); send(); };
$("file").onchange = () => document.querySelector(".attach").classList.toggle("has", $("file").files.length > 0);
$("replying").lastChild.onclick = stopReplying;
$("viewer").onclick = () => $("viewer").close();
$("member").onchange = () => { member = $("member").value; listen(); };
listen();
