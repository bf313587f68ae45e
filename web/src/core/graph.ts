// Questions about a document: ports of nodes, which wires fit, what a patch does. The server decides; this is for drawing.

import { t } from "./i18n";
import type { Catalogue, Change, Checked, Document, NodeRecord, Port, Problem } from "./types";

export const INPUT = "Input";
export const OUTPUT = "Output";
export const BRAIN = "Brain";
export interface Ports { inputs: Port[]; outputs: Port[] }

export function portsOf(key: string, node: NodeRecord, catalogue: Catalogue, inner: Checked["ports"]): Ports {
  const type = String(node.config?.payload_type ?? "FloatArray");
  const carried = { name: "value", type, kinds: catalogue.payloads[type]?.kinds };
  if (node.type === INPUT) return { inputs: [], outputs: [carried] };
  if (node.type === OUTPUT) return { inputs: [carried], outputs: [] };
  if (node.type === BRAIN) return inner[key] ?? { inputs: [], outputs: [] };
  const known = catalogue.modules[node.type];
  // Of a type that is not installed only the ports that have wires are known.
  if (known?.configured && inner[key]) return inner[key];
  return known ? { inputs: known.inputs, outputs: known.outputs } : inner[key] ?? { inputs: [], outputs: [] };
}

export interface End { node: string; port: string }

// Why a wire cannot be drawn, in the catalogue's words, or null if it can: what `why_not` of the server says.
export function whyNot(
  document: Document, catalogue: Catalogue, inner: Checked["ports"], from: End, to: End,
): string | null {
  const say = (reason: string, values: Record<string, string> = {}) => t(catalogue.reasons[reason] ?? reason, values);
  const first = document.nodes[from.node];
  const last = document.nodes[to.node];
  if (!first || !last) return say("gone");
  if ((first.parent ?? null) !== (last.parent ?? null)) return say("apart");
  const [begins, ends] = [portsOf(from.node, first, catalogue, inner), portsOf(to.node, last, catalogue, inner)];
  const noSuch = (reason: string, node: NodeRecord, port: string, others: Port[]) =>
    others.some((p) => p.name === port) ? say("direction") : say(reason, { node: node.name, port });
  const given = begins.outputs.find((p) => p.name === from.port);
  if (!given) return noSuch("no output", first, from.port, begins.inputs);
  const taken = ends.inputs.find((p) => p.name === to.port);
  if (!taken) return noSuch("no input", last, to.port, ends.outputs);
  const into = Object.values(document.edges).filter((e) => e.to[0] === to.node && e.to[1] === to.port);
  // An output without a wire takes whatever comes: it is what its wire brings.
  if (!(given.kinds ?? [given.type]).includes(taken.type) && (last.type !== OUTPUT || into.length)) {
    return say("payload", { from: `${first.name}.${from.port}`, to: `${last.name}.${to.port}`, given: given.type, taken: taken.type });
  }
  if (into.some((e) => e.from[0] === from.node && e.from[1] === from.port)) return say("twice");
  if (last.type === OUTPUT && into.length) return say("taken", { node: last.name });
  return null;
}

export function applyPatch(document: Document, patch: Change[]): Document {
  const made = { ...document } as Document;
  const touched = new Set<string>();
  for (const [table, key, , after] of patch) {
    const tables = made as unknown as Record<string, Record<string, unknown>>;
    if (!touched.has(table)) {
      tables[table] = { ...tables[table] };
      touched.add(table);
    }
    if (after === null || after === undefined) delete tables[table][key];
    else tables[table][key] = after;
  }
  return made;
}

export function trail(document: Document, level: string | null): { key: string | null; name: string }[] {
  const found: { key: string | null; name: string }[] = [];
  // A file may say that brains stand inside each other: no way is longer than there are nodes.
  const most = Object.keys(document.nodes).length;
  for (let key = level; key && document.nodes[key] && found.length < most; key = document.nodes[key].parent ?? null) {
    found.unshift({ key, name: document.nodes[key].name });
  }
  return [{ key: null, name: String(document.meta.name ?? "brain") }, ...found];
}

export function pathOf(document: Document, key: string): string {
  return trail(document, key).slice(1).map((t) => t.name).join(".");
}

export function problemsOf(problems: Problem[], key: string): Problem[] {
  return problems.filter((p) => p.node === key);
}

// Problems of a node and of everything inside it.
export function problemsWithin(document: Document, problems: Problem[], key: string): Problem[] {
  return problems.filter((p) => {
    let left = Object.keys(document.nodes).length;
    for (let at = p.node ?? null; at && left-- > 0; at = document.nodes[at]?.parent ?? null) if (at === key) return true;
    return false;
  });
}

// Words that begin as asked come first, then words that hold the letters in order.
export function search<T>(items: T[], words: (item: T) => string, query: string): T[] {
  const asked = query.trim().toLowerCase();
  if (!asked) return items;
  const scored = items.flatMap((item) => {
    const text = words(item).toLowerCase();
    const at = text.indexOf(asked);
    if (at === 0) return [{ item, score: 0 }];
    if (at > 0) return [{ item, score: 1 + at / 1000 }];
    let i = 0;
    for (const letter of text) if (letter === asked[i]) i++;
    return i === asked.length ? [{ item, score: 3 }] : [];
  });
  return scored.sort((a, b) => a.score - b.score).map((s) => s.item);
}
