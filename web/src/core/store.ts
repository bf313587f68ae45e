// The page's state: what the server said last, and what is selected. All meaning is the server's.

import { create } from "zustand";
import { decode, Series } from "./frames";
import { described } from "./announce";
import { forget, forgetShown, passing, useNow } from "./live";
import { applyPatch, BRAIN, pathOf } from "./graph";
import { LANGUAGES, setLanguage, t } from "./i18n";
import type { NewWire } from "./places";
import { Client, Refused, type Broken, type Line } from "./transport";
import { sendTyped } from "./typed";
import { canBeSentAgain, tabStorage, Unsent } from "./unsent";
import type { Catalogue, Change, Checked, Command, Document, Heads, Problem, RunStatus, Whole } from "./types";

export type Dialog =
  | null
  | { kind: "palette"; x?: number; y?: number; wire?: NewWire; beside?: string }
  | { kind: "connect"; node: string }
  | { kind: "open" } | { kind: "help" } | { kind: "welcome" } | { kind: "gallery" }
  | { kind: "save"; conflict?: string; then?: Asked }
  | { kind: "leave"; then: Asked }
  | { kind: "large"; then: () => void }
  | { kind: "code"; title: string; text: string };

// A request that puts another document in the place of this one.
export interface Asked { request: string; args: Record<string, unknown> }

export interface Notice { id: number; text: string; kind: "error" | "done" }

export interface Page extends Heads, Checked {
  client: Client | null;
  online: boolean;
  broken: Broken | null;
  blocked: boolean;
  session: string;
  version: string;
  catalogue: Catalogue;
  document: Document;
  run: RunStatus;
  level: string | null;
  component: string | null;
  selected: string[];
  dialog: Dialog;
  notices: Notice[];
  side: "inspector" | "problems" | "run";
  theme: string;
  language: string;
  hint: string;
  showRun: boolean;
  // What was done last, for those who do not see it; and a node that is to be shown and to have the focus.
  said: string;
  reveal: string | null;
  fits: number;
  // Whether Run was pressed on what is not whole yet: until then, what is missing is only still to do.
  tried: boolean;
}

const EMPTY: Document = {
  format: "", version: 1, meta: {}, run: {}, nodes: {}, edges: {}, notes: {}, groups: {}, probes: {},
};

export const usePage = create<Page>(() => ({
  client: null, online: false, broken: null, blocked: false, session: "", version: "", catalogue: { modules: {}, payloads: {}, kinds: {}, reasons: {} },
  document: EMPTY, run: { phase: "none" }, level: null, component: null, selected: [], dialog: null, notices: [],
  side: "inspector", theme: "auto", language: "en", hint: "", showRun: false, said: "", reveal: null, fits: 0, tried: false,
  revision: 0, can_undo: false, can_redo: false, dirty: false, file: null, key: "", undrafted: null, problems: [], shapes: {}, ports: {}, sizes: {}, memory: null,
}));

export const series = new Map<string, Series>();
// When the brain's process was heard last.
export const heard = { at: 0 };
export const pictures: { last: ImageData | null } = { last: null };
const DRAW_MS = 25;
const BLOCK_MS = 1000;
const unsent = new Unsent(tabStorage());
let drawing = false;
const set = usePage.setState;
const get = usePage.getState;

// A node whose inside is shown, as long as it is there.
function inside(document: Document, shown: string | null): string | null {
  return shown !== null && !document.nodes[shown] ? null : shown;
}

function take(whole: Partial<Whole>): void {
  const document = whole.document ?? get().document;
  if (whole.undrafted && !get().undrafted) tell(t("Drafts cannot be kept here ({why}): save your work in a file.", { why: whole.undrafted }), "error");
  if (whole.run) forget(whole.run);
  set({ ...whole, document, level: inside(document, get().level), component: inside(document, get().component), selected: get().selected.filter((k) => k in document.nodes || k in document.edges || k in document.notes) } as Partial<Page>);
}

// What is as it was keeps its identity, so that nothing is drawn anew for it.
function changed(checked: Checked): Partial<Checked> {
  const now = get();
  const keys = ["problems", "shapes", "ports", "sizes", "memory"] as const;
  return Object.fromEntries(keys.filter((k) => JSON.stringify(now[k]) !== JSON.stringify(checked[k])).map((k) => [k, checked[k]]));
}

export function connect(line: Line, remember: (session: string) => void): Client {
  const client = new Client(line);
  line.onState = (online, why) => {
    set({ broken: online ? null : why ?? get().broken, ...(online ? {} : { online }) });
    if (online) return;
    client.drop();
    // A line that comes back at once disturbs nobody.
    setTimeout(() => { if (!get().online) set({ blocked: true }); }, BLOCK_MS);
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
      setTimeout(() => requestAnimationFrame(() => { drawing = false; useNow.setState((s) => ({ frameTick: s.frameTick + 1 })); }), DRAW_MS);
    }
  };
  client.onPush = (message) => {
    const { push, ...rest } = message as { push: string } & Record<string, unknown>;
    if (push === "hello") {
      series.clear();
      set({ online: true, broken: null, blocked: false, session: rest.session as string, version: rest.version as string, catalogue: rest.catalogue as Catalogue });
      remember(rest.session as string);
      take(rest as unknown as Whole);
      sendAgain();
      const document = rest.document as Document;
      if (rest.restored) tell(t("Your unsaved changes are back."), "done");
      if (!Object.keys(document.nodes).length && !rest.restored && !get().dialog) set({ dialog: { kind: "welcome" } });
    } else if (push === "document") {
      series.clear();
      pictures.last = null;
      set({ level: null, selected: [], component: null, tried: false });
      take(rest as unknown as Whole);
    } else if (push === "patch") {
      const { patch, ...heads } = rest as unknown as { patch: Change[] } & Heads;
      const said = described(get().document, patch);
      take({ document: applyPatch(get().document, patch), ...heads });
      if (said) set({ said });
    } else if (push === "checked") {
      set(changed(rest as unknown as Checked));
      if (!get().problems.length) set({ tried: false });
    } else if (push === "run") {
      const status = rest as unknown as RunStatus;
      heard.at = performance.now();
      // Another environment has other pictures.
      if (status.environment !== undefined && status.environment?.name !== useNow.getState().environment?.name) pictures.last = null;
      const run = passing(status, get().run);
      if (run) set({ run });
      if (status.step === 0) clearRun();
      if (status.failed) tell(new Refused("run", status.failed).message, "error");
    } else if (push === "failed") {
      tell(new Refused("failed", rest.problems as Problem[]).message, "error");
    }
  };
  set({ client });
  return client;
}

let notices = 0;
export function tell(text: string, kind: Notice["kind"]): void {
  const id = ++notices;
  // What is said already is not said twice.
  set({ notices: [...get().notices.filter((n) => n.text !== text).slice(-3), { id, text, kind }] });
  setTimeout(() => set({ notices: get().notices.filter((n) => n.id !== id) }), kind === "error" ? 12000 : 4000);
}

export function dismiss(id: number): void {
  set({ notices: get().notices.filter((n) => n.id !== id) });
}

// Questions that a page asks by itself: while nobody answers they are left out in silence.
const QUIET = new Set(["files", "fixes", "histogram", "components"]);
// Pictures of what is there: where there is nothing to draw, what is wrong is said elsewhere, or nothing is.
const DRAWN = new Set(["histogram", "components"]);

export async function ask<T = unknown>(request: string, args: Record<string, unknown> = {}): Promise<T | null> {
  try {
    return await get().client!.ask<T>(request, args);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.kind === "conflict") set({ dialog: { kind: "save", conflict: error.message } });
    else if (!QUIET.has(request) && error.kind === "offline") tell(t("The editor does not answer: nothing can be changed now."), "error");
    else if (!QUIET.has(request) && error.kind === "gone") tell(t("The line broke while this was on its way: look whether it was done."), "error");
    else if (error.kind !== "gone" && error.kind !== "offline" && !DRAWN.has(request)) tell(error.message, "error");
    return null;
  }
}

// Send what is typed. Where a text is no value, nothing that needs it goes on: the user is told, and led to it.
export function allSent(): boolean {
  const wrong = sendTyped();
  if (!wrong) return true;
  if (get().dialog) set({ dialog: null });
  tell(t("Mend {name} first: “{text}” is no value of it. Escape takes it back.", { name: wrong.name(), text: wrong.text() }), "error");
  wrong.lead();
  return false;
}

export interface Applied { results: ({ id?: string; ids?: string[] } | null)[]; revision: number }

export async function apply(commands: Command[], join: string | null = null): Promise<Applied | null> {
  if (!canBeSentAgain(commands)) return ask<Applied>("apply", { commands, join });
  const { key } = get();
  const entry = unsent.add(key, commands, join);
  try {
    const done = await get().client!.ask<Applied>("apply", { commands, join });
    unsent.done(key, entry);
    return done;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // Kept where nobody has answered: it is sent when somebody does.
    if (error.kind === "gone" || error.kind === "offline") return null;
    unsent.done(key, entry);
    tell(error.message, "error");
    return null;
  }
}

// The last command of a kind that is on its way to the document.
export function sent(matches: (command: Command) => boolean): Command | undefined {
  return unsent.last(matches);
}

function sendAgain(): void {
  const { entries, lost } = unsent.take(get().key);
  for (const { commands, join } of entries) void apply(commands, join);
  if (lost) tell(t("The last change was not sent: the editor shows another document now."), "error");
}

// Put another document in the place of this one; unsaved changes are asked for first.
export async function leaveFor(request: string, args: Record<string, unknown> = {}): Promise<void> {
  if (get().dirty) return set({ dialog: { kind: "leave", then: { request, args } } });
  set({ dialog: null });
  await ask(request, args);
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
  // What is wrong with the settings of a wire is mended there.
  const chosen = edge && (problem.field || !problem.node) ? problem.edge! : key;
  set({ level: document.nodes[key].parent ?? null, selected: [chosen], side: "inspector" });
}

export function setTheme(theme: string): void {
  set({ theme });
}

export function chooseLanguage(code: string): void {
  setLanguage(code);
  set({ language: code in LANGUAGES ? code : "en" });
}

// Save, and then go where the user was going, if anywhere.
export async function save(path: string | null = null, overwrite = false, then?: Asked): Promise<void> {
  if (!allSent()) return;
  if (!path && !get().file) {
    openDialog({ kind: "save", then });
    return;
  }
  const from = get().dialog;
  const saved = await ask<{ file: string }>("save", { path, overwrite });
  const { dialog } = get();
  if (!saved && then && dialog?.kind === "save" && dialog.conflict) openDialog({ ...dialog, then });
  if (!saved) return;
  // Another dialog that was opened meanwhile stays, with what is typed into it.
  if (get().dialog === from || get().dialog?.kind === "save") openDialog(null);
  tell(t("Saved as {file}.", { file: saved.file }), "done");
  if (then) await ask(then.request, then.args);
}

// What is only still to do: until Run is pressed nobody is told off for a brain that is half drawn.
export function isToDo(problem: Problem, tried: boolean): boolean {
  return !tried && (problem.kind === "missing" || problem.kind === "empty");
}

const MOST_WATCHED = 6;

// All ports that carry spikes, those of neurons first.
export function spikingPorts(): { path: string; node: string }[] {
  const { document, catalogue } = get();
  const found = Object.entries(document.nodes).flatMap(([node, n]) => {
    const known = n.type === BRAIN ? undefined : catalogue.modules[n.type];
    const rank = known?.family === "neuron" ? 0 : 1;
    return (known?.outputs ?? []).filter((p) => p.type === "SpikeArray").map((p) => ({ path: `${pathOf(document, node)}.${p.name}`, node, rank }));
  });
  return found.sort((a, b) => a.rank - b.rank).map(({ path, node }) => ({ path, node }));
}

export async function watchSpikes(most = Infinity): Promise<void> {
  const ports = spikingPorts().slice(0, most);
  if (ports.length) await apply(ports.map(({ path, node }) => ({ do: "put_probe", path, view: "raster", node })));
}

// A run that shows nothing tells nothing: what spikes is watched, if nobody has chosen what to watch.
async function watchSomething(): Promise<void> {
  const { document } = get();
  if (useNow.getState().step == null && !Object.keys(document.probes).length) await watchSpikes(MOST_WATCHED);
}

// Whether the brain needs more memory than there is; asks the user then.
function tooLarge(then: () => void): boolean {
  const { sizes, memory, run } = get();
  const needed = Object.values(sizes).reduce((a, b) => a + b, 0);
  const large = memory !== null && needed > memory && (run.phase === "none" || run.phase === "failed");
  if (large) set({ dialog: { kind: "large", then } });
  return large;
}

export async function toggleRun(asked = false): Promise<void> {
  if (get().run.phase === "running") {
    sendTyped();
    return void (await ask("pause"));
  }
  if (!allSent()) return;
  const { run, problems } = get();
  if (problems.length) {
    set({ side: "problems", tried: true });
    tell(t("Mend the problems first: a brain with problems cannot run."), "error");
  } else if (asked || !tooLarge(() => void toggleRun(true))) {
    set({ showRun: true, run: { ...run, phase: "starting" } });
    await watchSomething();
    if (!(await ask("run")) && get().run.phase === "starting") set({ run: { ...get().run, phase: "failed" } });
  }
}

export async function stepRun(steps: number, asked = false): Promise<void> {
  if (!allSent()) return;
  if (!asked && tooLarge(() => void stepRun(steps, true))) return;
  set({ showRun: true });
  await watchSomething();
  await ask("step", { steps });
}

// What the run has shown is gone: it begins anew.
function clearRun(): void {
  series.clear();
  forgetShown();
}

export async function resetRun(): Promise<void> {
  // A brain that there is says by its step that it begins anew; one that is refused has shown what it has shown.
  const done = await ask<{ phase?: string }>("reset");
  if (done?.phase === "none") clearRun();
}
