// The page of the local Discord: follows the stream of the server, and sends what a person does.

import { $, app, avatar, complain, make, post } from "./dom.js";
import { draw, forget, toEnd } from "./messages.js";
import { end, finished, inCommand, parseLine, steer, suggest, suggestFor } from "./commands.js";
import { suggestMentions, withMentions } from "./mentions.js";
import { drawThreads } from "./threads.js";
import { showModal } from "./modal.js";

const LANGUAGES = { "en-US": "English", de: "Deutsch", "es-ES": "Español", fr: "Français", it: "Italiano", "pt-BR": "Português", nl: "Nederlands", pl: "Polski", uk: "Українська", ru: "Русский", tr: "Türkçe", hi: "हिन्दी", ja: "日本語", ko: "한국어", "zh-CN": "中文" };
const AGAIN = 1000;  // milliseconds until the page tries again
let stream = null, replyTo = null, attached = [];

// ---------------------------------------------------------------- what the server streams

function listen() {
  stream?.close();
  forget();
  app.page = crypto.randomUUID();
  stream = new EventSource(`/page/events?member=${encodeURIComponent(app.member)}&channel=${app.channel}&page=${app.page}`);
  stream.onopen = forget;
  stream.addEventListener("world", (event) => {
    const first = !app.state;
    app.state = JSON.parse(event.data);
    drawWorld();
    if (first) complete();  // of what was typed before
  });
  stream.addEventListener("messages", (event) => draw(JSON.parse(event.data), deeds));
  stream.onerror = () => {
    $("status").textContent = "The local Discord is gone; trying again…";
    // Closed for good: the server was restarted and no longer knows this member.
    if (stream.readyState === EventSource.CLOSED) setTimeout(() => go("ana"), AGAIN);
  };
}

const deeds = {
  press: (fields, control) => act("press", fields, [], control),
  menu: (fields) => act("menu", fields),
  react: (fields) => act("react", fields),
  forward: (fields) => act("forward", fields),
  reply,
};

function drawWorld() {
  const { state } = app;
  app.channel = state.channel;
  const here = state.channels.find((channel) => channel.id === state.channel), me = state.members.find((m) => m.name === app.member);
  const title = here.direct ? state.bot.name : here.name;
  document.title = `${here.direct ? "@" : "#"}${title} · ${state.guild}`;
  $("guild").textContent = state.guild;
  $("where").replaceChildren(make("span", { ariaHidden: "true", textContent: sign(here) }), ` ${title}`);
  drawThreads(here, { open: openThread, close: (locked) => act("close", { locked }) });
  $("status").textContent = state.connected ? "" : "The bot is not connected";
  $("text").dataset.placeholder = here.locked ? "This thread is locked" : here.archived ? "This thread is archived; writing opens it again" : `Message ${here.direct ? "@" : "#"}${title}, or type / for commands`;
  if (!inCommand()) $("text").placeholder = $("text").dataset.placeholder;
  localStorage.setItem(`seen ${app.member} ${here.id}`, here.last);
  $("channels").replaceChildren(...drawChannels(false, "Text channels"), ...drawChannels(true, "Direct messages"));
  $("member").replaceChildren(...state.members.map((m) => make("option", { value: m.name, textContent: m.shown })), make("option", { value: "", textContent: "+ another member" }));
  $("member").value = app.member;
  $("locale").replaceChildren(...Object.entries({ [state.locale]: state.locale, ...LANGUAGES }).map(([value, textContent]) => make("option", { value, textContent })));
  $("locale").value = state.locale;
  $("portrait").replaceWith(Object.assign(avatar(me), { id: "portrait" }));
  $("people").replaceChildren(make("h2", { textContent: "Bot" }), drawPerson({ ...state.bot, shown: state.bot.name, bot: true }),
    make("h2", { textContent: `Members — ${state.members.length}` }), ...state.members.map(drawPerson));
  if (!document.querySelector("#messages > *")) draw({ order: [], changed: [] }, {});
}

function drawChannels(direct, title) {
  const buttons = app.state.channels.filter((channel) => channel.direct === direct).map((channel) => {
    const unread = channel.last && channel.id !== app.channel && BigInt(channel.last) > BigInt(localStorage.getItem(`seen ${app.member} ${channel.id}`) || 0);
    const button = make("button", { type: "button", className: ["bare place", unread && "unread", channel.thread && "thread", channel.archived && "archived"].filter(Boolean).join(" "), title: unread ? "New messages" : channel.archived ? "Archived thread" : "" },
      direct ? avatar({ ...app.state.bot, bot: true }, true) : make("span", { className: "sign", ariaHidden: "true", textContent: sign(channel) }), ` ${direct ? app.state.bot.name : channel.name}`);
    if (channel.id === app.channel) button.setAttribute("aria-current", "page");
    button.onclick = () => go(app.member, channel.id);
    return button;
  });
  return [make("h3", { textContent: title }), ...buttons];
}

const sign = (channel) => (channel.direct ? "@" : channel.private ? "🔒" : channel.thread ? "⌙" : "#");

function drawPerson(person) {
  return make("div", { className: "person" }, avatar(person, true), make("span", { textContent: person.shown }), person.bot ? make("span", { className: "tag", textContent: "APP" }) : null);
}

function go(member, channel = "") {
  Object.assign(app, { member, channel });
  history.replaceState(null, "", `?member=${encodeURIComponent(member)}${channel && `&channel=${channel}`}`);
  sideways(false);
  complain();
  stopReplying();
  if (inCommand()) end();
  listen();
}

// On a narrow screen the places are behind a button.
function sideways(open) {
  document.body.classList.toggle("sideways", open);
  $("open").ariaExpanded = String(open);
}

// ---------------------------------------------------------------- what a person does

async function act(deed, fields, files = [], control = null) {
  if (control) control.disabled = true;
  const outcome = await post(deed, fields, files);
  if (control) control.disabled = false;
  complain(outcome.error);
  if (outcome.modal) showModal(outcome.modal, outcome.interaction);
  return outcome;
}

async function openThread(name, isPrivate) {
  const outcome = await act("thread", { name, private: isPrivate });
  if (outcome.channel) go(app.member, outcome.channel);
}

async function send() {
  if (!app.state) return;
  toEnd();
  const words = $("text").value.trim();
  if (inCommand()) {
    const command = finished();
    if (!command) return;
    end();
    await act("slash", { path: command.path, options: command.options }, command.files);
  } else if (words.startsWith("/") && parseLine(words)) {
    const { path, options } = parseLine(words);
    end();
    await act("slash", { path, options });
  } else if (words || attached.length) {
    const files = attached.map((file) => ["file", file]), reply_to = replyTo;
    const mention = $("replying").querySelector("input").checked;
    $("text").value = "";
    fit();
    attach([]);
    stopReplying();
    await act("say", { text: withMentions(words), reply_to, mention }, files);
  }
}

function reply(message) {
  replyTo = message.id;
  $("replying").hidden = false;
  $("replying").firstElementChild.textContent = `Replying to ${message.author.global_name ?? message.author.username}`;
  $("text").focus();
}

function stopReplying() {
  replyTo = null;
  $("replying").hidden = true;
  $("replying").querySelector("input").checked = true;
}

function attach(files) {
  attached = files;
  $("file").value = "";
  $("chosen").hidden = !files.length;
  $("chosen").replaceChildren(...files.map((file) => {
    const remove = make("button", { type: "button", className: "bare", ariaLabel: `Remove ${file.name}`, textContent: "✕" });
    remove.onclick = () => attach(attached.filter((other) => other !== file));
    const picture = file.type.startsWith("image/") ? make("img", { alt: "", src: URL.createObjectURL(file) }) : make("span", { textContent: "📄" });
    return make("figure", {}, picture, make("figcaption", { textContent: file.name }), remove);
  }));
}

function fit() {
  $("text").style.height = "";
  $("text").style.height = `${Math.min($("text").scrollHeight, 200)}px`;
}

function complete() {
  if (!app.state) return;
  if (inCommand() || !suggestMentions()) suggestFor($("text").value);
}

function keys(event) {
  if (steer(event)) return;
  if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); send(); }
  else if (event.key === "Escape") inCommand() ? end() : stopReplying();
  else if (event.key === "Backspace" && !$("text").value && inCommand()) end();
}

$("text").oninput = () => { fit(); complain(); complete(); };
$("text").onfocus = complete;
$("text").onkeydown = keys;
$("text").onpaste = (event) => { if (event.clipboardData.files.length && !inCommand()) { event.preventDefault(); attach([...attached, ...event.clipboardData.files]); } };
$("composer").onsubmit = (event) => { event.preventDefault(); send(); };
$("composer").onfocusout = (event) => { if (!$("composer").contains(event.relatedTarget)) suggest([]); };
$("apps").onclick = () => { if (inCommand()) end(); $("text").value = "/"; $("text").focus(); complete(); };
$("file").onchange = () => attach([...attached, ...$("file").files]);
$("messages").ondragover = (event) => event.preventDefault();
$("messages").ondrop = (event) => { event.preventDefault(); attach([...attached, ...event.dataTransfer.files]); };
$("skip").onclick = (event) => { event.preventDefault(); $("text").focus(); };
$("messages").onclick = () => sideways(false);
$("newest").onclick = toEnd;
$("replying").querySelector("button").onclick = stopReplying;
$("viewer").onclick = () => $("viewer").close();
$("open").onclick = () => sideways(!document.body.classList.contains("sideways"));
$("member").onchange = async () => go($("member").value || (await post("join", {})).name);
$("locale").onchange = () => post("locale", { locale: $("locale").value });
const address = new URLSearchParams(location.search);
go(address.get("member") ?? "ana", address.get("channel") ?? "");
