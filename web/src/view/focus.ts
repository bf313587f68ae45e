// Where the keys go: the one place that moves the focus, but for a dialog that opens and takes it. Focus never falls to the
// page's body.
//
// Whoever wants the focus somewhere says so, and the newest wish counts. What is wished for may not be drawn yet, may be
// hidden until it is measured, or may lie behind a dialog that is just closing: the browser lets none of them have the
// focus, and says nothing. So a wish stays until its element has kept the focus from one frame to the next, or until the
// user goes elsewhere.

import { selectedNodes } from "../core/actions";
import { usePage } from "../core/store";
import { wentElsewhere } from "../core/typed";
import { hasFocus, home } from "./home";

export const FIELDS = "input, textarea, select, [contenteditable]";
// Those in which Ctrl+Z takes back what was typed: a box, a list or a slider holds no text, and a setting's field none of its
// own unless something was typed that is not in the document.
export const TEXTS = "textarea, [contenteditable], input:not([type=checkbox], [type=range], [type=file])";
export const OF_THE_DOCUMENT = '[data-own="false"]';

// null: not there yet; undefined: it will not come any more.
type Found = HTMLElement | null | undefined;
interface Wish { find: () => Found; then?: (element: HTMLElement) => void; kept: boolean; field: boolean }

let wish: Wish | null = null;
let next = 0;
let ourMove = false;

// Move the focus for the page, not for the user.
export function moveFocus(move: () => void): void {
  ourMove = true;
  try {
    move();
  } finally {
    ourMove = false;
  }
}

function want(find: () => Found, then?: (element: HTMLElement) => void, field = false): void {
  forgetWish();
  wish = { find, then, kept: false, field };
  grant();
}

// Whether what is typed now is meant for a field, which only has to be drawn.
export function isForField(): boolean {
  const { reveal, document: doc } = usePage.getState();
  return Boolean(wish?.field || (reveal && reveal in doc.notes));
}

function grant(): void {
  if (!wish) return;
  const active = document.activeElement;
  if (!hasFocus() && active && active !== document.body) return forgetWish();
  const element = wish.find();
  if (element === undefined) {
    if (wish.find === canvas) return forgetWish();
    wish.find = canvas;
  } else if (element && element === active) {
    if (wish.kept) return forgetWish();
    wish.kept = true;
  } else {
    wish.kept = false;
    moveFocus(() => element?.focus({ preventScroll: true }));
    if (element && document.activeElement === element) wish.then?.(element);
    // Nobody's keys meanwhile: the canvas takes them.
    else if (active === null || active === document.body) moveFocus(() => canvas()?.focus({ preventScroll: true }));
  }
  next = requestAnimationFrame(grant);
}

export function forgetWish(): void {
  cancelAnimationFrame(next);
  wish = null;
}

// The canvas, or in a notebook the whole widget where the canvas can have no focus.
function canvas(): HTMLElement | undefined {
  const root = home();
  const found = root.querySelector<HTMLElement>(".canvas");
  if (found && !found.closest("[inert]")) return found;
  return root instanceof HTMLElement ? root : undefined;
}

// What had the focus last, if it was the page's.
let last: HTMLElement | null = null;

// The focus comes back when what had it is taken away, or can have it no longer: in a notebook, keys that fall to the body
// are commands that cut and delete cells. Returns how to end this.
export function keepFocus(): () => void {
  const ours = (e: Event) => (e.target instanceof HTMLElement && home().contains(e.target) ? e.target : null);
  const field = (e: Event) => { const target = ours(e); if (target?.matches(FIELDS) && !target.closest("dialog")) wentElsewhere(); };
  const took = (e: FocusEvent) => {
    last = ours(e);
    if (ourMove) return;
    // Who goes elsewhere without mouse and Tab, as with a screen reader, is there to stay.
    forgetWish();
    field(e);
  };
  const went = (e: PointerEvent) => {
    forgetWish();
    if (!ours(e)) last = null;
    if (ours(e)?.closest(".canvas")) wentElsewhere();
  };
  // Who goes on with Tab says where the focus is to be.
  const tab = (e: KeyboardEvent) => { if (e.key === "Tab") forgetWish(); };
  const look = () => {
    // What is inert is left by the browser only after this frame.
    const stays = document.activeElement === document.body || document.activeElement === last;
    if (last && stays && (!last.isConnected || last.closest("[inert]"))) focusSelected();
  };
  window.addEventListener("focusin", took, true);
  window.addEventListener("input", field, true);
  window.addEventListener("pointerdown", went, true);
  window.addEventListener("keydown", tab, true);
  const end = usePage.subscribe(() => requestAnimationFrame(look));
  return () => {
    end();
    window.removeEventListener("focusin", took, true);
    window.removeEventListener("input", field, true);
    window.removeEventListener("pointerdown", went, true);
    window.removeEventListener("keydown", tab, true);
  };
}

function drawn(id: string): HTMLElement | null {
  return home().querySelector<HTMLElement>(`.react-flow__node[data-id="${CSS.escape(id)}"]`);
}

// What is drawn of a node or a note; undefined where it is not to be seen.
function shownNow(id: string): Found {
  const { document: doc, level, component } = usePage.getState();
  const record = doc.nodes[id] ?? doc.notes[id];
  return record && (record.parent ?? null) === level && !component ? drawn(id) : undefined;
}

// A node, as soon as it is drawn.
export function focusNode(id: string): void {
  want(() => shownNow(id));
}

// The text of a note, all of it selected.
export function focusNote(id: string): void {
  const find = () => { const note = shownNow(id); return note && note.querySelector<HTMLElement>("textarea"); };
  want(find, (text) => (text as HTMLTextAreaElement).select(), true);
}

// A field that asks for its user: also one in a section that is folded, or behind a dialog that closes.
export function focusField(field: HTMLElement): void {
  for (let at = field.closest("details"); at; at = at.parentElement?.closest("details") ?? null) at.open = true;
  want(() => (field.isConnected ? field : undefined), undefined, true);
}

// The selected node, or else the canvas.
export function focusSelected(): void {
  const [chosen] = selectedNodes();
  want(() => {
    const node = chosen ? drawn(chosen) : null;
    return node && !node.closest("[inert]") ? node : canvas();
  });
}

// What had the focus before a dialog took it, unless somebody wants it already.
export function giveBack(before: HTMLElement | null): void {
  if (wish) return;
  if (before?.isConnected && !before.matches("body, .canvas, .spark-widget")) want(() => (before.isConnected ? before : undefined));
  else focusSelected();
}

export function focusFirstField(): void {
  usePage.setState({ side: "inspector" });
  const find = () => home().querySelector<HTMLElement>(".side .field input, .side .field select") ?? home().querySelector<HTMLElement>("#node-name");
  // Not before the inspector has taken the place of what was shown there.
  requestAnimationFrame(() => want(find, (field) => { if (field instanceof HTMLInputElement && field.type === "text") field.select(); }));
}
