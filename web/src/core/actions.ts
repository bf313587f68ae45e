// Commands on what is selected: each a small message to the server.

import { apply, ask, goTo, openDialog, select, tell, usePage } from "./store";
import { BRAIN } from "./graph";
import { t } from "./i18n";
import { whileWaiting } from "./typed";

const get = usePage.getState;

export function selectedNodes(): string[] {
  const { selected, document } = get();
  return selected.filter((k) => k in document.nodes);
}

export async function remove(): Promise<void> {
  const { selected } = get();
  if (selected.length) await apply([{ do: "remove", ids: selected }]);
}

export async function addModule(type: string, x: number, y: number, wire?: object): Promise<string | null> {
  const { level } = get();
  const still = whileWaiting();
  const done = await apply([{ do: "add", type, x, y, parent: level, ...(wire ? { wire } : {}) }]);
  const id = done?.results[0]?.id ?? null;
  if (id && still()) show(id);
  return id;
}

// Select a node, bring it into view, and give it the keys.
export function show(id: string): void {
  select([id]);
  usePage.setState({ reveal: id });
}

// The palette; with one node selected, what is chosen comes beside it.
export function openPalette(): void {
  const chosen = selectedNodes();
  openDialog({ kind: "palette", ...(chosen.length === 1 ? { beside: chosen[0] } : {}) });
}

export async function group(): Promise<void> {
  const ids = selectedNodes();
  if (ids.length) await apply([{ do: "group", ids, name: t("group") }]);
}

export async function encapsulate(): Promise<void> {
  const still = whileWaiting();
  const done = await apply([{ do: "encapsulate", ids: selectedNodes() }]);
  const id = done?.results[0]?.id;
  if (id && still()) show(id);
}

export async function unpack(): Promise<void> {
  const { document } = get();
  const still = whileWaiting();
  for (const id of selectedNodes().filter((k) => document.nodes[k].type === BRAIN)) {
    const done = await apply([{ do: "unpack", id }]);
    if (done?.results[0]?.ids && still()) select(done.results[0].ids!);
  }
}

export async function align(how: string): Promise<void> {
  await apply([{ do: "align", ids: selectedNodes(), how }]);
}

export async function layOut(): Promise<void> {
  if (await apply([{ do: "lay_out", parent: get().level }])) usePage.setState({ fits: get().fits + 1 });
}

export async function note(x: number, y: number): Promise<void> {
  const still = whileWaiting();
  const done = await apply([{ do: "put_note", text: t("A note"), x, y, parent: get().level }]);
  const id = done?.results[0]?.id;
  if (id && still()) select([id]);
}

export async function copy(): Promise<boolean> {
  const { selected } = get();
  const found = selected.length ? await ask("copy", { ids: selected }) : null;
  if (!found) return false;
  await navigator.clipboard.writeText(JSON.stringify(found, null, 1));
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
  const still = whileWaiting();
  const done = await apply([{ do: "paste", data, x, y, parent: get().level }]);
  const ids = done?.results[0]?.ids;
  if (ids && still()) select(ids);
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
  const found = await ask<{ name: string; text: string }>("export", { kind: kind === "png" ? "svg" : kind });
  if (!found) return;
  if (kind === "python") openDialog({ kind: "code", title: found.name, text: found.text });
  else if (kind === "png") {
    const { pngOf } = await import("./png");
    download(found.name.replace(/svg$/, "png"), await pngOf(found.text));
  } else download(found.name, new Blob([found.text]));
}
