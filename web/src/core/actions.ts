// Commands on what is selected: each a small message to the server.

import { allSent, apply, ask, goTo, openDialog, select, tell, usePage, type Applied } from "./store";
import { BRAIN } from "./graph";
import { t } from "./i18n";
import { whileWaiting } from "./typed";

const get = usePage.getState;

export function selectedNodes(): string[] {
  const { selected, document } = get();
  return selected.filter((k) => k in document.nodes);
}

// Nodes and notes: what has a place.
export function selectedPlaced(): string[] {
  const { selected, document } = get();
  return selected.filter((k) => k in document.nodes || k in document.notes);
}

// What is asked for and is to be selected when it is answered: whether it was; and whether the user still waits for it.
const awaited = new Map<Promise<boolean>, () => boolean>();

// Whether something is on its way that will be selected: keys that come before it are meant for it, and not for what was
// selected before.
export function selectionIsOnItsWay(): boolean {
  return [...awaited.values()].some((still) => still());
}

// Waits for all that is on its way, and what comes meanwhile; returns whether it was all selected.
export async function selectionHasCome(): Promise<boolean> {
  let selected = true;
  while (awaited.size) selected = (await Promise.all(awaited.keys())).every(Boolean) && selected;
  return selected;
}

// Ask for something that is then selected, unless the user went elsewhere meanwhile; `choose` says whether there is anything.
async function thenSelect<T>(asked: Promise<T>, choose: (answer: T) => boolean): Promise<T> {
  const still = whileWaiting();
  const selected = asked.then((answer) => still() && choose(answer), () => false);
  awaited.set(selected, still);
  try {
    await selected;
  } finally {
    awaited.delete(selected);
  }
  return asked;
}

export async function remove(): Promise<void> {
  const { selected } = get();
  if (selected.length) await apply([{ do: "remove", ids: selected }]);
}

export async function addModule(type: string, x: number, y: number, wire?: object): Promise<string | null> {
  const { level } = get();
  const done = await thenSelect(apply([{ do: "add", type, x, y, parent: level, ...(wire ? { wire } : {}) }]), show);
  return done?.results[0]?.id ?? null;
}

// Select a node or a note that was made, bring it into view, and give it the keys.
function show(done: Applied | null): boolean {
  const id = done?.results[0]?.id;
  if (!id) return false;
  select([id]);
  usePage.setState({ reveal: id });
  return true;
}

// Select all that was made; returns whether there is any.
function selectMade(done: Applied | null): boolean {
  const ids = (done?.results ?? []).flatMap((made) => made?.ids ?? []);
  if (ids.length) select(ids);
  return ids.length > 0;
}

// The palette; with one node selected, what is chosen comes beside it.
export function openPalette(): void {
  // What is added lies on the canvas.
  usePage.setState({ component: null });
  const chosen = selectedNodes();
  openDialog({ kind: "palette", ...(chosen.length === 1 ? { beside: chosen[0] } : {}) });
}

export async function group(): Promise<void> {
  const ids = selectedNodes();
  // With wires or notes alone the server says what to select.
  if (get().selected.length) await apply([{ do: "group", ids, name: t("group") }]);
}

export async function encapsulate(): Promise<void> {
  await thenSelect(apply([{ do: "encapsulate", ids: selectedNodes() }]), show);
}

export async function unpack(): Promise<void> {
  const { document } = get();
  const brains = selectedNodes().filter((k) => document.nodes[k].type === BRAIN);
  await thenSelect(apply(brains.map((id) => ({ do: "unpack", id }))), selectMade);
}

export async function align(how: string): Promise<void> {
  await apply([{ do: "align", ids: selectedNodes(), how }]);
}

export async function layOut(): Promise<void> {
  if (await apply([{ do: "lay_out", parent: get().level }])) usePage.setState({ fits: get().fits + 1 });
}

export async function note(x: number, y: number): Promise<void> {
  await thenSelect(apply([{ do: "put_note", text: t("A note"), x, y, parent: get().level }]), show);
}

// Returns whether the selected nodes and notes are in the clipboard; what is cut is removed only then.
export async function copy(): Promise<boolean> {
  const ids = selectedPlaced();
  if (!ids.length) {
    if (get().selected.length) tell(t("Nothing was copied: wires and frames go with their nodes. Select the nodes."), "error");
    return false;
  }
  const found = await ask("copy", { ids });
  return found ? toClipboard(JSON.stringify(found, null, 1)) : false;
}

// Returns whether a text is in the clipboard; a browser may allow none, as at an address that is not secure.
export async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    tell(t("Nothing was copied: the browser lets this page write no clipboard."), "error");
    return false;
  }
  tell(t("Copied."), "done");
  return true;
}

export async function paste(text: string, x: number, y: number): Promise<void> {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    tell(t("The clipboard holds no part of a brain."), "error");
    return;
  }
  await thenSelect(apply([{ do: "paste", data, x, y, parent: get().level }]), selectMade);
}

// The selected nodes and notes once more, a little aside.
export async function duplicate(): Promise<void> {
  const ids = selectedPlaced();
  if (!ids.length && get().selected.length) tell(t("Nothing was duplicated: wires and frames go with their nodes. Select the nodes."), "error");
  if (ids.length) await thenSelect(apply([{ do: "duplicate", ids, parent: get().level }]), selectMade);
}

// Go inside a node; returns whether it has an inside.
export async function enter(key: string): Promise<boolean> {
  const { document, catalogue } = get();
  const node = document.nodes[key];
  if (!node) return false;
  const inside = Boolean(catalogue.modules[node.type]?.inside);
  if (node.type === BRAIN) goTo(key);
  else if (inside) usePage.setState({ component: key });
  return node.type === BRAIN || inside;
}

export function up(): void {
  const { level, document, component, dialog } = get();
  if (dialog) openDialog(null);
  else if (component) usePage.setState({ component: null });
  else if (level) goTo(document.nodes[level]?.parent ?? null);
  else select([]);
}

export function watched(path: string, view: string): string | undefined {
  return Object.entries(get().document.probes).find(([, p]) => p.path === path && p.view === view)?.[0];
}

// Watch something, or no longer.
export async function watch(path: string, view: string, node: string | null): Promise<void> {
  const key = watched(path, view);
  await apply([key ? { do: "remove", ids: [key] } : { do: "put_probe", path, view, node }]);
  usePage.setState({ showRun: true });
}

export function download(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

export async function exportAs(kind: string): Promise<void> {
  if (!allSent()) return;
  const found = await ask<{ name: string; text: string }>("export", { kind: kind === "png" ? "svg" : kind });
  if (!found) return;
  if (kind === "python") openDialog({ kind: "code", title: found.name, text: found.text });
  else if (kind === "png") {
    const { pngOf } = await import("./png");
    download(found.name.replace(/svg$/, "png"), await pngOf(found.text));
  } else download(found.name, new Blob([found.text]));
}
