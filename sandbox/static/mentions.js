// Names typed after @: completed while they are typed, and sent as the mentions that Discord makes of them.

import { $, app, avatar } from "./dom.js";
import { suggest } from "./commands.js";

const TYPED = /(^|\s)@(\S{0,32})$/, SHOWN = 10;
const CODE = /(```[\s\S]*?```|`[^`\n]+`)/;
const picked = new Map();  // of two with the same name, the one that was chosen from the list

// Everybody and everything that can be mentioned, a bot before the role of its name.
function mentionable() {
  const people = [{ ...app.state.bot, shown: app.state.bot.name, bot: true }, ...app.state.members];
  return [
    ...people.map((person) => ({ names: [person.shown, person.name], icon: avatar(person, true), hint: person.bot ? "bot" : "", token: `<@${person.id}>` })),
    ...app.state.roles.filter((role) => role.name !== "@everyone").map((role) => ({ names: [role.name], icon: null, hint: "role", token: `<@&${role.id}>` })),
  ];
}

// Offers names if one is being typed; returns whether it is so.
export function suggestMentions() {
  const field = $("text"), found = field.value.slice(0, field.selectionStart).match(TYPED);
  const typed = found?.[2].toLowerCase();
  const fitting = found ? mentionable().filter((known) => known.names.some((name) => name.toLowerCase().includes(typed))) : [];
  if (!fitting.length) return false;
  suggest(fitting.slice(0, SHOWN).map((known) => ({ icon: known.icon, label: `@${known.names[0]}`, hint: known.hint, take: () => insert(known, found[2].length + 1) })), "Mention");
  return true;
}

function insert(known, length) {
  const field = $("text"), caret = field.selectionStart;
  picked.set(known.names[0], known.token);
  field.setRangeText(`@${known.names[0]} `, caret - length, caret, "end");
  suggest([]);
  field.focus();
}

// Words with names turned into mentions, except in code.
export function withMentions(words) {
  const tokens = new Map(mentionable().reverse().flatMap(({ names, token }) => names.map((name) => [name.toLowerCase(), token])));
  for (const [name, token] of picked) tokens.set(name.toLowerCase(), token);
  picked.clear();
  const names = [...tokens.keys()].sort((a, b) => b.length - a.length).map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`(^|[^\\w<@])@(${names.join("|")})(?!\\w)`, "gi");
  const part = (text) => text.replace(pattern, (_, before, name) => before + tokens.get(name.toLowerCase()));
  return words.split(CODE).map((text, place) => (place % 2 ? text : part(text))).join("");
}
