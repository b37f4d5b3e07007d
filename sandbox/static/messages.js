// The channel's messages. A message that changes keeps its element, and in it every part that stayed the same, so that
// an edit neither flickers nor takes a button away from under the pointer.

import { $, app, avatar, make } from "./dom.js";
import { drawComponents } from "./components.js";
import { drawGallery } from "./gallery.js";
import { markdown, plain } from "./markdown.js";

const THINKING = 1 << 7, COMMAND = 2, GROUPED = 7 * 60_000;  // milliseconds within which one author's messages stand together
const known = new Map(), nodes = new Map(), dismissed = new Set();

const day = (message) => new Date(message.timestamp).toLocaleDateString(undefined, { dateStyle: "long" });
const shownName = (user) => user.global_name ?? user.username;

// Whether the newest message stays in view as things grow; ends when a person scrolls up.
let atEnd = true;
export function toEnd() {
  atEnd = true;
  $("newest").hidden = true;
  $("messages").scrollTop = $("messages").scrollHeight;
}

const growth = new ResizeObserver(() => atEnd && toEnd());
growth.observe($("messages"));
let height = 0;
$("messages").addEventListener("scroll", () => {
  const list = $("messages"), up = list.scrollTop < height;
  height = list.scrollTop;
  if (list.scrollHeight - list.scrollTop - list.clientHeight < 60) { atEnd = true; $("newest").hidden = true; }
  else if (up) atEnd = false;
}, { passive: true });

// Whoever scrolls to the top sees what was written before.
let hasMore = false, asked = false;
async function earlier() {
  if (!hasMore || asked) return;
  asked = true;
  await fetch("/page/earlier", { method: "POST", body: JSON.stringify({ page: app.page }) }).catch(() => {});
}
$("messages").addEventListener("scroll", () => $("messages").scrollTop < 100 && earlier(), { passive: true });

const before = make("button", { type: "button", className: "bare link earlier", textContent: "Show earlier messages" });
before.onclick = earlier;

export function forget() {
  atEnd = true;
  known.clear();
  nodes.clear();
  $("messages").replaceChildren();
}

// deeds: { press, menu, reply, react, forward }
export function draw({ order, changed, more = false }, deeds) {
  const list = $("messages"), stay = atEnd, below = list.scrollHeight - list.scrollTop;
  const first = [...nodes.keys()].find((id) => order.includes(id));
  hasMore = more;
  for (const message of changed) known.set(message.id, message);
  const shown = order.filter((id) => !dismissed.has(id)).map((id) => known.get(id));
  const wanted = [];
  shown.forEach((message, place) => {
    const before = shown[place - 1];
    if (!before || day(before) !== day(message)) wanted.push(divider(day(message)));
    wanted.push(update(message, follows(before, message), deeds));
  });
  for (const id of [...nodes.keys()]) if (!order.includes(id)) nodes.delete(id), known.delete(id);
  if (more) wanted.unshift(before);
  arrange(list, wanted.length ? wanted : [welcome()]);
  if (stay) toEnd();
  else if (first && order.indexOf(first) > 0 && asked) list.scrollTop = list.scrollHeight - below;
  asked = false;
  if (stay) return;
  if (changed.some((message) => message.id === order.at(-1))) $("newest").hidden = false;
}

// Moves only what is out of place: an element that is moved loses focus and scroll position.
function arrange(list, wanted) {
  const keep = new Set(wanted);
  for (const child of [...list.children]) if (!keep.has(child)) child.remove();
  wanted.forEach((node, place) => { if (list.children[place] !== node) list.insertBefore(node, list.children[place] ?? null); });
}

const dividers = new Map();
function divider(words) {
  if (!dividers.has(words)) dividers.set(words, make("div", { className: "day", role: "separator" }, make("span", { textContent: words })));
  return dividers.get(words);
}

function welcome() {
  const here = app.state.channels.find((channel) => channel.id === app.channel);
  const words = here?.direct ? `This is where ${app.state.bot.name} writes to you directly.` : `This is the beginning of #${here?.name}. Type / to see what ${app.state.bot.name} can do.`;
  return make("div", { className: "welcome" }, make("h2", { textContent: here?.direct ? app.state.bot.name : `Welcome to #${here?.name}!` }), make("p", { textContent: words }));
}

function follows(before, message) {
  return Boolean(before) && before.author.id === message.author.id && before.ephemeral === message.ephemeral && !message.referenced_message &&
    !message.message_reference && message.interaction_metadata?.type !== COMMAND && day(before) === day(message) && new Date(message.timestamp) - new Date(before.timestamp) < GROUPED;
}

function update(message, grouped, deeds) {
  let node = nodes.get(message.id);
  if (!node) {
    node = make("article", { tabIndex: -1 }, make("div", { className: "above" }), make("div", { className: "margin" }), make("div", { className: "body" }), make("div", { className: "tools" }));
    node.parts = new Map();
    nodes.set(message.id, node);
    growth.observe(node);
  }
  const [above, margin, body, tools] = node.children;
  node.className = [message.ephemeral && "ephemeral", grouped && "grouped", message.pings.includes(idOfMember()) && !message.ephemeral && message.author.id !== idOfMember() && "mentioned"].filter(Boolean).join(" ");
  part(node, above, "above", [message.referenced_message, message.message_reference, message.interaction_metadata], () => drawAbove(message));
  part(node, margin, "margin", [grouped, app.state.members.length], () => (grouped ? make("time", { textContent: clock(message.timestamp) }) : avatar(message.author)));
  part(node, body, "body", "", () => ["head", "words", "forwarded", "embeds", "files", "parts", "reactions", "foot"].map((name) => make("div", { className: name })));
  const [head, words, forwarded, embeds, files, parts, reactions, foot] = body.children;
  part(node, head, "head", [grouped, message.author], () => (grouped ? [] : drawHead(message)));
  part(node, words, "words", [message.content, message.flags, Boolean(message.edited_timestamp)], () => drawWords(message));
  part(node, forwarded, "forwarded", message.message_snapshots, () => (message.message_snapshots ?? []).map(drawForwarded));
  part(node, embeds, "embeds", message.embeds, () => message.embeds.map(drawEmbed));
  const old = [...files.querySelectorAll("img")];
  part(node, files, "files", message.attachments, () => (message.attachments.length && !usesLayout(message) ? drawGallery(message.attachments, old) : []));
  const press = (custom_id, values, control) => deeds.press({ message: message.id, custom_id, values }, control);
  part(node, parts, "parts", message.components, () => drawComponents(message.components, press));
  part(node, reactions, "reactions", message.reactions, () => message.reactions.map((reaction) => drawReaction(message, reaction, deeds)));
  part(node, foot, "foot", message.ephemeral, () => (message.ephemeral ? drawFoot(message) : []));
  part(node, tools, "tools", [message.ephemeral, app.state.menus, app.state.channels.map((channel) => channel.name)], () => drawTools(message, deeds));
  return node;
}

// Draws a part again only if what it is drawn from is another.
function part(node, holder, name, from, drawn) {
  const key = JSON.stringify(from) ?? "";
  if (node.parts.get(name) === key) return;
  node.parts.set(name, key);
  holder.replaceChildren(...[drawn()].flat());
}

const idOfMember = () => app.state.members.find((member) => member.name === app.member)?.id;
const usesLayout = (message) => Boolean(message.flags & (1 << 15));
const clock = (at) => new Date(at).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });

function drawAbove(message) {
  const quoted = message.referenced_message, used = message.interaction_metadata;
  if (quoted) {
    const words = plain(quoted.content) || (quoted.attachments.length ? "Click to see attachment 🖼" : "Click to see message");
    const jump = make("button", { type: "button", className: "bare", textContent: words });
    jump.onclick = () => { nodes.get(quoted.id)?.scrollIntoView({ block: "center", behavior: "smooth" }); nodes.get(quoted.id)?.focus(); };
    return [avatar(quoted.author, true), make("b", { textContent: shownName(quoted.author) }), jump];
  }
  if (message.message_reference?.type === 0) return [make("i", { textContent: "Original message was deleted" })];
  if (used?.type !== COMMAND || !used.name) return [];
  return [avatar(used.user, true), make("b", { textContent: shownName(used.user) }), " used ", make("span", { className: "mention", textContent: used.command_type > 1 ? used.name : `/${used.name}` })];
}

function drawHead(message) {
  return [
    make("span", { className: "name", textContent: shownName(message.author) }),
    message.author.bot ? make("span", { className: "tag", textContent: "APP" }) : "",
    make("time", { dateTime: message.timestamp, textContent: clock(message.timestamp) }),
  ];
}

function drawWords(message) {
  if (message.flags & THINKING && !message.content)
    return make("div", { className: "thinking" }, make("span"), make("span"), make("span"), make("em", { textContent: `${shownName(message.author)} is thinking…` }));
  if (!message.content) return [];
  const words = make("div", { className: "content", innerHTML: markdown(message.content) });
  if (message.edited_timestamp && !message.interaction_metadata) (words.lastChild?.tagName === "SMALL" ? words.lastChild : words).append(make("span", { className: "edited", textContent: " (edited)" }));
  return words;
}

function drawForwarded({ message }) {
  return make("blockquote", {}, make("small", { textContent: "↪ Forwarded" }),
    message.content ? make("div", { className: "content", innerHTML: markdown(message.content) }) : null,
    message.embeds.map(drawEmbed), message.attachments.length ? drawGallery(message.attachments) : null);
}

function drawReaction(message, { emoji, count, me }, deeds) {
  const button = make("button", { type: "button", className: "reaction", ariaPressed: String(me), textContent: `${emoji.name} ${count}` });
  button.onclick = () => deeds.react({ message: message.id, emoji: emoji.name });
  return button;
}

function drawEmbed(embed) {
  if (embed.type === "image") return drawGallery([{ ...embed.thumbnail, content_type: "image/", filename: embed.url }]);
  const node = make("div", { className: "embed" });
  if (embed.color) node.style.setProperty("--accent", `#${embed.color.toString(16).padStart(6, "0")}`);
  if (embed.author) node.append(make("small", { textContent: embed.author.name }));
  if (embed.title) node.append(make("h3", { innerHTML: markdown(embed.title) }));
  if (embed.description) node.append(make("div", { className: "content", innerHTML: markdown(embed.description) }));
  if (embed.fields?.length) node.append(make("dl", {}, embed.fields.map((field) =>
    make("div", { className: field.inline ? "inline" : "" }, make("dt", { innerHTML: markdown(field.name) }), make("dd", { className: "content", innerHTML: markdown(field.value) })))));
  const pictureOf = (image) => drawGallery([{ ...image, content_type: "image/", description: embed.title }]);
  if (embed.image) node.append(pictureOf(embed.image));
  if (embed.thumbnail) node.prepend(make("div", { className: "thumbnail" }, pictureOf(embed.thumbnail)));
  if (embed.footer) node.append(make("small", { textContent: embed.footer.text }));
  return node;
}

function drawFoot(message) {
  const dismiss = make("button", { type: "button", className: "bare link", textContent: "Dismiss message" });
  dismiss.onclick = () => { dismissed.add(message.id); nodes.get(message.id)?.remove(); };
  return [make("span", { ariaHidden: "true", textContent: "👁 " }), "Only you can see this • ", dismiss];
}

const EMOJI = ["🎨", "👍", "❤️", "😂", "🎉", "👀", "❌", "✉️"];

function drawTools(message, deeds) {
  if (message.ephemeral) return [];
  const reply = make("button", { type: "button", textContent: "↩ Reply" });
  reply.onclick = () => deeds.reply(message);
  const places = app.state.channels.map((channel) => [channel.direct ? `@${app.state.bot.name}` : `#${channel.name}`, () => deeds.forward({ message: message.id, to: channel.id })]);
  return [
    drawMenu("☺ React", EMOJI.map((emoji) => [emoji, () => deeds.react({ message: message.id, emoji })]), "emoji"),
    reply,
    drawMenu("↪ Forward", places),
    app.state.menus.length ? drawMenu("Apps", app.state.menus.map((menu) => [menu.shown, () => deeds.menu({ message: message.id, name: menu.name })])) : null,
  ].filter(Boolean);
}

// A menu that closes once something is chosen or the focus leaves it.
function drawMenu(words, entries, className = "") {
  const details = make("details", {}, make("summary", { textContent: `${words} ▾` }));
  details.append(make("menu", { className }, entries.map(([textContent, chosen]) => {
    const button = make("button", { type: "button", textContent });
    button.onclick = () => { details.open = false; chosen(); };
    return make("li", {}, button);
  })));
  details.onfocusout = (event) => { if (!details.contains(event.relatedTarget)) details.open = false; };
  details.onkeydown = (event) => { if (event.key === "Escape") details.open = false; };
  return details;
}

// Covered words are shown when they are pressed.
function uncover(event) {
  const words = event.target.closest?.(".spoiler:not(.shown)");
  if (!words || (event.key && event.key !== "Enter" && event.key !== " ")) return;
  event.preventDefault();
  words.classList.add("shown");
}
$("messages").addEventListener("click", uncover);
$("messages").addEventListener("keydown", uncover);
