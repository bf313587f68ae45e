// The page's state: what the server said last, and what is selected. All meaning is the server's.

import { create } from "zustand";
import { decode, Series } from "./frames";
import { applyPatch } from "./graph";
import { LANGUAGES, setLanguage, t } from "./i18n";
import { Client, Refused, type Line } from "./transport";
import type { Catalogue, Change, Checked, Command, Document, Draft, Heads, Problem, RunStatus, Whole } from "./types";

export type Dialog =
  | null
  | { kind: "palette"; x: number; y: number; wire?: { from?: [string, string]; to?: [string, string] } }
  | { kind: "connect"; node: string }
  | { kind: "open" } | { kind: "help" } | { kind: "welcome" } | { kind: "gallery" }
  | { kind: "save"; conflict?: string }
  | { kind: "code"; title: string; text: string };

export interface Notice { id: number; text: string; kind: "error" | "done" }

export interface Page extends Heads, Checked {
  client: Client | null;
  online: boolean;
  session: string;
  version: string;
  catalogue: Catalogue;
  document: Document;
  run: RunStatus;
  drafts: Draft[];
  level: string | null;
  component: string | null;
  selected: string[];
  dialog: Dialog;
  notices: Notice[];
  side: "inspector" | "problems" | "run";
  theme: string;
  language: string;
  frameTick: number;
  hint: string;
  showRun: boolean;
}

const EMPTY: Document = {
  format: "", version: 1, meta: {}, run: {}, nodes: {}, edges: {}, notes: {}, groups: {}, probes: {},
};

export const usePage = create<Page>(() => ({
  client: null, online: false, session: "", version: "", catalogue: { modules: {}, payloads: {}, kinds: {} },
  document: EMPTY, run: { phase: "none" }, drafts: [], level: null, component: null, selected: [], dialog: null, notices: [],
  side: "inspector", theme: "auto", language: "en", frameTick: 0, hint: "", showRun: false,
  revision: 0, can_undo: false, can_redo: false, dirty: false, file: null, problems: [], shapes: {}, ports: {},
}));

export const series = new Map<string, Series>();
export const pictures: { last: ImageData | null } = { last: null };
const DRAW_MS = 25;
let drawing = false;
const set = usePage.setState;
const get = usePage.getState;

function inside(document: Document, level: string | null): string | null {
  return level !== null && !document.nodes[level] ? null : level;
}

function take(whole: Partial<Whole>): void {
  const document = whole.document ?? get().document;
  set({ ...whole, document, level: inside(document, get().level), selected: get().selected.filter((k) => k in document.nodes || k in document.edges || k in document.notes) } as Partial<Page>);
}

// What is as it was keeps its identity, so that nothing is drawn anew for it.
function changed(checked: Checked): Partial<Checked> {
  const now = get();
  const keys = ["problems", "shapes", "ports"] as const;
  return Object.fromEntries(keys.filter((k) => JSON.stringify(now[k]) !== JSON.stringify(checked[k])).map((k) => [k, checked[k]]));
}

export function connect(line: Line, remember: (session: string) => void): Client {
  const client = new Client(line);
  line.onState = (online) => {
    set({ online });
    if (!online) client.drop();
  };
  line.onFrame = (data) => {
    const frame = decode(data);
    if (frame.header.view === "picture") {
      const [height, width] = frame.header.shape!;
      const image = new ImageData(width, height);
      const rgb = frame.arrays[0];
      for (let i = 0, j = 0; i < rgb.length; i += 3, j += 4) {
        image.data[j] = rgb[i]; image.data[j + 1] = rgb[i + 1]; image.data[j + 2] = rgb[i + 2]; image.data[j + 3] = 255;
      }
      pictures.last = image;
    } else {
      const key = frame.header.probe!;
      if (!series.has(key)) series.set(key, new Series());
      series.get(key)!.append(frame);
    }
    if (!drawing) {
      drawing = true;
      // However many frames come, the page draws as often as it can, and no more than so often.
      setTimeout(() => requestAnimationFrame(() => { drawing = false; set({ frameTick: get().frameTick + 1 }); }), DRAW_MS);
    }
  };
  client.onPush = (message) => {
    const { push, ...rest } = message as { push: string } & Record<string, unknown>;
    if (push === "hello") {
      series.clear();
      const drafts = rest.drafts as Draft[];
      set({ session: rest.session as string, version: rest.version as string, catalogue: rest.catalogue as Catalogue, drafts });
      remember(rest.session as string);
      take(rest as unknown as Whole);
      const document = rest.document as Document;
      if (rest.restored) tell(t("Your unsaved changes are back."), "done");
      if (!Object.keys(document.nodes).length && !rest.restored) set({ dialog: { kind: "welcome" } });
    } else if (push === "document") {
      series.clear();
      set({ level: null, selected: [], component: null });
      take(rest as unknown as Whole);
    } else if (push === "patch") {
      const { patch, ...heads } = rest as unknown as { patch: Change[] } & Heads;
      take({ document: applyPatch(get().document, patch), ...heads });
    } else if (push === "checked") {
      set(changed(rest as unknown as Checked));
    } else if (push === "run") {
      const status = rest as unknown as RunStatus;
      const run = { ...get().run, ...status };
      if (!status.failed) delete run.failed;
      set({ run });
      if (status.step === 0) series.clear();
      if (status.failed) for (const p of status.failed) tell([p.address && `${p.address}:`, p.message, p.fix].filter(Boolean).join(" "), "error");
    } else if (push === "failed") {
      tell((rest.problems as Problem[]).map((p) => `${p.address}: ${p.message}`).join("\n"), "error");
    }
  };
  set({ client });
  return client;
}

let notices = 0;
export function tell(text: string, kind: Notice["kind"]): void {
  const id = ++notices;
  set({ notices: [...get().notices.slice(-3), { id, text, kind }] });
  setTimeout(() => set({ notices: get().notices.filter((n) => n.id !== id) }), kind === "error" ? 12000 : 4000);
}

export function dismiss(id: number): void {
  set({ notices: get().notices.filter((n) => n.id !== id) });
}

export async function ask<T = unknown>(request: string, args: Record<string, unknown> = {}): Promise<T | null> {
  try {
    return await get().client!.ask<T>(request, args);
  } catch (error) {
    if (error instanceof Refused && error.kind !== "gone" && error.kind !== "conflict") tell(error.message, "error");
    if (error instanceof Refused && error.kind === "conflict") set({ dialog: { kind: "save", conflict: error.message } });
    if (!(error instanceof Refused)) throw error;
    return null;
  }
}

export interface Applied { results: ({ id?: string; ids?: string[] } | null)[]; revision: number }

export function apply(commands: Command[], join: string | null = null): Promise<Applied | null> {
  return ask<Applied>("apply", { commands, join });
}

export function select(keys: string[]): void {
  const { selected } = get();
  if (keys.length === selected.length && keys.every((k, i) => k === selected[i])) return;
  set({ selected: keys, side: keys.length ? "inspector" : get().side });
}

export function openDialog(dialog: Dialog): void {
  set({ dialog });
}

export function goTo(level: string | null): void {
  set({ level, selected: [], component: null });
}

export function jumpTo(problem: Problem): void {
  const { document } = get();
  const edge = problem.edge ? document.edges[problem.edge] : null;
  const key = problem.node ?? edge?.to[0] ?? null;
  if (!key || !document.nodes[key]) return;
  set({ level: document.nodes[key].parent ?? null, selected: [key], side: "inspector" });
}

export function setTheme(theme: string): void {
  set({ theme });
}

export function chooseLanguage(code: string): void {
  setLanguage(code);
  set({ language: code in LANGUAGES ? code : "en" });
}

export async function save(path: string | null = null, overwrite = false): Promise<void> {
  if (!path && !get().file) {
    openDialog({ kind: "save" });
    return;
  }
  const saved = await ask<{ file: string }>("save", { path, overwrite });
  if (saved) {
    openDialog(null);
    tell(t("Saved as {file}.", { file: saved.file }), "done");
  }
}

export async function toggleRun(): Promise<void> {
  const { run, problems } = get();
  if (run.phase === "running") await ask("pause");
  else if (problems.length) {
    set({ side: "problems" });
    tell(t("Mend the problems first: a brain with problems cannot run."), "error");
  } else {
    set({ showRun: true, run: { ...run, phase: "starting" } });
    if (!(await ask("run")) && get().run.phase === "starting") set({ run: { ...get().run, phase: "failed" } });
  }
}

export async function stepRun(steps: number): Promise<void> {
  set({ showRun: true });
  await ask("step", { steps });
}

export async function resetRun(): Promise<void> {
  series.clear();
  await ask("reset");
}
