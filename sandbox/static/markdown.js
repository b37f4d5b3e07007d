// Discord's Markdown, as far as bots use it. Everything is escaped first; only then do tags come in.

import { app, nameOf } from "./dom.js";

const ESCAPED = /\\([\\*_~`|>#\-[\]().:!+<@])/g;
const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const STYLES = {
  t: { timeStyle: "short" }, T: { timeStyle: "medium" }, d: { dateStyle: "short" }, D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" }, F: { dateStyle: "full", timeStyle: "short" },
};

const escapeHtml = (text) => text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

const roleOf = (id) => app.state.roles.find((role) => role.id === id)?.name ?? "deleted-role";
const placeOf = (id) => app.state.channels.find((channel) => channel.id === id)?.name ?? "unknown";

export const plain = (text) => text.replace(/<@!?(\d+)>/g, (_, id) => `@${nameOf(id)}`).replace(/<@&(\d+)>/g, (_, id) => `@${roleOf(id)}`).replace(/^(-#|#{1,3}|>) /gm, "")
  .replace(/\[([^\]\n]+)\]\(\S+\)/g, "$1").replace(ESCAPED, "$1").replace(/[*`|]|__|~~/g, "").replace(/<t:\d+(:\w)?>/g, "…").slice(0, 160);

function moment(seconds, style) {
  const date = new Date(seconds * 1000), away = seconds - Date.now() / 1000;
  if (style !== "R") return new Intl.DateTimeFormat(app.state.locale, STYLES[style] ?? STYLES.f).format(date);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(away) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(app.state.locale, { numeric: "auto" }).format(Math.round(away / size), unit);
}

export function markdown(text) {
  const kept = [];
  const keep = (html) => `\u0000${kept.push(html) - 1}\u0000`;
  const lines = escapeHtml(text)
    .replace(/```(?:\w*\n)?([\s\S]+?)\n?```/g, (_, code) => keep(`<pre>${code}</pre>`))
    .replace(/(?<!\\)(`+)([^\n]+?)\1/g, (_, _ticks, code) => keep(`<code>${code.trim()}</code>`))
    .replace(ESCAPED, (_, c) => keep(c))
    .replace(/&lt;@!?(\d+)&gt;/g, (_, id) => keep(`<span class="mention">@${escapeHtml(nameOf(id))}</span>`))
    .replace(/&lt;@&amp;(\d+)&gt;/g, (_, id) => keep(`<span class="mention">@${escapeHtml(roleOf(id))}</span>`))
    .replace(/&lt;#(\d+)&gt;/g, (_, id) => keep(`<span class="mention">#${escapeHtml(placeOf(id))}</span>`))
    .replace(/&lt;\/([^:]+):\d+&gt;/g, (_, name) => keep(`<span class="mention">/${name}</span>`))
    .replace(/&lt;t:(\d+)(?::(\w))?&gt;/g, (_, at, style) => keep(`<time class="stamp" title="${moment(at, "F")}">${moment(at, style)}</time>`))
    .replace(/\[([^\]\n]+)\]\((https?:\/\/[^\s)]+)\)/g, (_, words, url) => keep(`<a href="${url}" target="_blank" rel="noreferrer">${words}</a>`))
    .replace(/(?:&lt;)?(https?:\/\/[^\s<\u0000]+?)(?:&gt;|(?=[\s)]|$))/g, (_, url) => keep(`<a href="${url}" target="_blank" rel="noreferrer">${url}</a>`))
    .replace(/^-# (.*)$/gm, "<small>$1</small>")
    .replace(/^(#{1,3}) (.*)$/gm, (_, marks, words) => `<h${marks.length + 2}>${words}</h${marks.length + 2}>`)
    .replace(/^&gt; (.*)$/gm, "<blockquote>$1</blockquote>")
    .replace(/^\s*[-*] (.*)$/gm, '<span class="item">$1</span>');
  return lines
    .replace(/(<\/(?:small|h3|h4|h5|blockquote|span)>)\n/g, "$1")
    .replace(/\|\|(.+?)\|\|/gs, '<span class="spoiler" tabindex="0" role="button" aria-label="Spoiler: show the words">$1</span>')
    .replace(/\*\*\*(.+?)\*\*\*/gs, "<b><i>$1</i></b>")
    .replace(/\*\*(.+?)\*\*/gs, "<b>$1</b>")
    .replace(/__(.+?)__/gs, "<u>$1</u>")
    .replace(/\*(.+?)\*/gs, "<i>$1</i>")
    .replace(/(^|\W)_(.+?)_(?=\W|$)/gs, "$1<i>$2</i>")
    .replace(/~~(.+?)~~/gs, "<s>$1</s>")
    .replace(/\u0000(\d+)\u0000/g, (_, place) => kept[place]);
}
