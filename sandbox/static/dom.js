// Small helpers that every part of the page uses.

export const $ = (id) => document.getElementById(id);

export function make(tag, props = {}, ...children) {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

// What this browser shows: who acts, where, and the newest state that the server streamed.
// page is this page's name for its stream.
export const app = { member: "ana", channel: "", state: null, page: "" };

const HUES = [28, 158, 266, 340, 200, 96];  // of members' avatars, in the order in which they came

export function avatar(user, small = false) {
  const bot = user.id === app.state.bot.id || user.bot;
  const name = user.shown ?? user.global_name ?? user.username ?? user.name;
  const node = make("span", { className: `avatar${small ? " small" : ""}`, ariaHidden: "true", textContent: bot ? "" : [...name][0] });
  if (bot) {
    node.classList.add("bot");
    node.innerHTML = '<svg viewBox="0 0 24 24"><path fill="#fff" d="M10 3.500l1.700 4.800 4.800 1.700-4.800 1.700L10 16.500l-1.700-4.800L3.500 10l4.800-1.700zM17.500 13.500l1 2.500 2.500 1-2.500 1-1 2.500-1-2.500-2.500-1 2.500-1z"/></svg>';
  } else node.style.setProperty("--hue", HUES[Math.max(0, app.state.members.findIndex((member) => member.id === user.id)) % HUES.length]);
  return node;
}

export const nameOf = (id) => (id === app.state.bot.id ? app.state.bot.name : app.state.members.find((m) => m.id === id)?.shown) ?? "somebody";

// A name or description in the member's language, where the bot has it.
export const said = (item, key) => item[`${key}_localizations`]?.[app.state.locale] ?? item[key];

export function complain(words) {
  $("error").hidden = !words;
  $("error").textContent = words ?? "";
}

// Sends what a person does; files are pairs of a field's name and a file.
export async function post(deed, fields, files = []) {
  const form = new FormData();
  form.append("fields", JSON.stringify({ member: app.member, channel: app.channel, ...fields }));
  for (const [name, file] of files) form.append(name, file, file.name);
  try {
    return await (await fetch(`/page/${deed}`, { method: "POST", body: form })).json();
  } catch {
    return { error: "The local Discord does not answer." };
  }
}
