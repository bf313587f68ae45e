// What the server sends, as plain data.

export interface Place { x?: number; y?: number; width?: number; height?: number }
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Config = Record<string, Json>;

export interface NodeRecord { type: string; name: string; parent?: string | null; config?: Config; ui?: Place }
export interface EdgeRecord { from: [string, string]; to: [string, string]; order?: number; projection?: Config }
export interface NoteRecord { text: string; parent?: string | null; ui?: Place }
export interface GroupRecord { name: string; nodes: string[]; parent?: string | null }
export interface ProbeRecord { path: string; view: string; node?: string | null; settings?: Config }

export interface Document {
  format: string;
  version: number;
  meta: Record<string, Json>;
  run: Record<string, Json>;
  nodes: Record<string, NodeRecord>;
  edges: Record<string, EdgeRecord>;
  notes: Record<string, NoteRecord>;
  groups: Record<string, GroupRecord>;
  probes: Record<string, ProbeRecord>;
}

export type Table = "nodes" | "edges" | "notes" | "groups" | "probes" | "meta" | "run";
export type Change = [Table, string, unknown, unknown];

// `kinds` are the payloads that an output also is: what may take it. A wire into a `projected` port has settings; at a
// `preset` one that has none of its own is what the fields of the node say.
export interface Port { name: string; type: string; kinds?: string[]; optional?: boolean; projected?: boolean; preset?: boolean }
export interface Field {
  name: string;
  kind: "number" | "integer" | "boolean" | "choice" | "quantity" | "shape" | "text" | "lines" | "json" | "config" | "kinds" | "named" | "names";
  unit: string;
  description: string;
  required: boolean;
  nullable: boolean;
  linked?: boolean;
  inherits?: boolean;
  default: Json;
  bounds: Partial<Record<"minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum", number>>;
  choices?: Json[];
  fields?: Field[];
  tag?: string;
  // Under which tag a quantity may also be what draws a number for each unit.
  draws?: string;
  // Of components listed by name: what a new one is, how many there must be, and the field that says on which of a
  // third field's each lies.
  usual?: string;
  least?: number;
  placed?: string;
  among?: string;
}
export interface ModuleType {
  family: string;
  summary: string;
  doc: string;
  inside: boolean;
  // Whether its ports follow from its config: then the server sends them node by node.
  configured?: boolean;
  fields: Field[];
  inputs: Port[];
  outputs: Port[];
}
export interface Payload { letter: string; kinds: string[]; dtype: string; doc: string }
export interface Catalogue {
  modules: Record<string, ModuleType>;
  payloads: Record<string, Payload>;
  kinds: Record<string, Record<string, { doc: string; fields: Field[] }>>;
  reasons: Record<string, string>;
  projection?: Field[];
}

export interface Problem {
  address: string;
  message: string;
  fix: string;
  kind: string;
  node?: string | null;
  edge?: string | null;
  field?: string | null;
}
export interface Fix { label: string; commands: Command[] }
export interface Command { do: string; [argument: string]: unknown }

export interface Environment {
  name: string;
  observation: number[];
  action: number[];
  episode: number;
  steps: number;
  total: number;
  returns: number[];
}
export interface Watchable { path: string; spikes: boolean; shape: number[]; unit: string; matrix?: boolean; output?: boolean }
export interface RunStatus {
  phase: string;
  step?: number | null;
  time?: number;
  why?: string | null;
  steps_per_second?: number;
  activity?: Record<string, number>;
  environment?: Environment | null;
  watchable?: Watchable[];
  probe_problems?: { probe: string; message: string }[];
  failed?: Problem[];
}
export interface Draft { id: string; name: string | null; file: string | null; time: number; changes: number; nodes: number }

export interface Heads { revision: number; can_undo: boolean; can_redo: boolean; dirty: boolean; file: string | null; key: string; undrafted: string | null }
export interface Checked {
  problems: Problem[];
  shapes: Record<string, [number[], string]>;
  ports: Record<string, { inputs: Port[]; outputs: Port[] }>;
  sizes: Record<string, number>;
  memory: number | null;
}
export interface Whole extends Heads, Checked { document: Document; run: RunStatus }
