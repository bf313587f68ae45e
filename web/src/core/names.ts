// Plain names beside those of the code: what a field or a part of a module's state is called where people read it.

const FIELDS: Record<string, string> = { cd: "cooldown (cd)", glue: "ring (glue)", kernel: "weights (kernel)" };

export function fieldName(name: string): string {
  return FIELDS[name] ?? name;
}

// What comes into the brain is watched under this name.
export const FED = "__call__.";

const PARTS: Record<string, string> = { "synapses.kernel": "weights, as a matrix (synapses.kernel)", "synapses.weights": "weights, as a list (synapses.weights)" };

export function partName(path: string): string {
  return PARTS[path] ?? path;
}

// Text of the code's documentation without its marks.
export function plain(text: string): string {
  return text.replaceAll("`", "");
}
