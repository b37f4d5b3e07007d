// Opening threads, and archiving or locking the one that is shown.

import { $, make } from "./dom.js";

const NAME = 100;  // characters

// deeds: { open(name, isPrivate), close(locked) }
export function drawThreads(here, deeds) {
  const menu = $("threads");
  menu.hidden = here.direct;
  const key = `${here.id} ${here.archived}`;
  if (menu.dataset.of === key) return;
  Object.assign(menu.dataset, { of: key });
  menu.open = false;
  menu.replaceChildren(make("summary", { textContent: "Threads ▾" }), here.thread ? drawClosing(here, deeds) : drawOpening(deeds));
}

function drawOpening(deeds) {
  const name = make("input", { required: true, maxLength: NAME, ariaLabel: "Name of the thread", placeholder: "Name" });
  const secret = make("input", { type: "checkbox" });
  const form = make("form", { className: "panel" }, name, make("label", {}, secret, " private: only who is mentioned in it"), make("button", { className: "button style1", textContent: "Open thread" }));
  form.onsubmit = (event) => { event.preventDefault(); deeds.open(name.value, secret.checked); };
  return form;
}

function drawClosing(here, deeds) {
  const button = (words, locked) => {
    const node = make("button", { type: "button", className: "button", textContent: words });
    node.onclick = () => deeds.close(locked);
    return node;
  };
  const words = here.archived ? "Archived. Who writes here opens it again." : "An archived thread takes no edits and reactions until somebody writes in it.";
  return make("div", { className: "panel" }, make("small", { textContent: words }), here.archived ? null : button("Archive", false), button("Archive and lock", true));
}
