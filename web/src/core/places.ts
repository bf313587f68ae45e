// Where a new node stands: to the right of what is selected, on nothing, with a wire if one fits.

import { INPUT, OUTPUT, portsOf, type Ports } from "./graph";
import type { Catalogue, Checked, Document, NodeRecord } from "./types";

export interface Point { x: number; y: number }
export interface NewWire { from?: [string, string]; to?: [string, string] }

export const WIDE = 210;
const GAP = 60;
const MARGIN = 24;
const STEP = 30;
const NOTE = { width: 200, height: 90 };

// Roughly as it is drawn: a head, a row for each port, a foot.
export function heightOf(ports: Ports): number {
  return 62 + 24 * Math.max(1, ports.inputs.length, ports.outputs.length);
}

function portsOfType(type: string, catalogue: Catalogue): Ports {
  if (type === INPUT || type === OUTPUT) return { inputs: [], outputs: [] };
  return catalogue.modules[type] ?? { inputs: [], outputs: [] };
}

// The nearest place above or below where nothing stands.
export function freePlace(document: Document, catalogue: Catalogue, inner: Checked["ports"], level: string | null, at: Point, tall = 110, wide = WIDE): Point {
  const boxes = [
    ...Object.entries(document.nodes).filter(([, n]) => (n.parent ?? null) === level).map(([k, n]) => ({ at: n.ui ?? {}, width: WIDE, height: heightOf(portsOf(k, n, catalogue, inner)) })),
    ...Object.values(document.notes).filter((n) => (n.parent ?? null) === level).map((n) => ({ at: n.ui ?? {}, ...NOTE })),
  ];
  const free = (y: number) => boxes.every((b) => {
    const dx = (b.at.x ?? 0) - at.x, dy = (b.at.y ?? 0) - y;
    return dx >= wide + MARGIN || dx <= -(b.width + MARGIN) || dy >= tall + MARGIN || dy <= -(b.height + MARGIN);
  });
  let y = at.y;
  for (let i = 0; !free(y); i++) y = at.y + (i % 2 ? -1 : 1) * STEP * (1 + (i >> 1));
  return { x: Math.round(at.x), y: Math.round(y) };
}

// Inputs that wait for a wire: the required ones; of a module that has only optional ones, the first as long as none has one.
function needed(node: string, ports: Ports, document: Document): string[] {
  const fed = new Set(Object.values(document.edges).filter((e) => e.to[0] === node).map((e) => e.to[1]));
  if (ports.inputs.every((p) => p.optional)) return fed.size ? [] : ports.inputs.slice(0, 1).map((p) => p.name);
  return ports.inputs.filter((p) => !p.optional && !fed.has(p.name)).map((p) => p.name);
}

// The wire between a node and one of a type that is put beside it: from its output, or into an input of it that has none.
export function wireBeside(document: Document, catalogue: Catalogue, inner: Checked["ports"], beside: string, type: string): NewWire | null {
  const node = document.nodes[beside];
  if (!node) return null;
  const own = portsOf(beside, node, catalogue, inner);
  const waiting = needed(beside, own, document);
  if (type === OUTPUT) return own.outputs.length ? { from: [beside, own.outputs[0].name] } : null;
  if (type === INPUT) return waiting.length ? { to: [beside, waiting[0]] } : null;
  const made = portsOfType(type, catalogue);
  const required = made.inputs.filter((p) => !p.optional);
  const takes = required.length ? required : made.inputs.slice(0, 1);
  const out = own.outputs.find((o) => takes.some((p) => p.type === o.type));
  if (out) return { from: [beside, out.name] };
  const into = own.inputs.find((p) => waiting.includes(p.name) && made.outputs.some((o) => o.type === p.type));
  return into ? { to: [beside, into.name] } : null;
}

// Beside a node: on its right, or on its left if the wire goes into it.
export function placeBeside(document: Document, catalogue: Catalogue, inner: Checked["ports"], beside: string, type: string, wire: NewWire | null): Point {
  const node: NodeRecord = document.nodes[beside];
  const at = { x: (node.ui?.x ?? 0) + (wire?.to ? -1 : 1) * (WIDE + GAP), y: node.ui?.y ?? 0 };
  return freePlace(document, catalogue, inner, node.parent ?? null, at, heightOf(portsOfType(type, catalogue)));
}
