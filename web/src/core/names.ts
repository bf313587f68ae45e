// Plain names beside those of the code: what a field or a part of a module's state is called where people read it.

const FIELDS: Record<string, string> = { cd: "cooldown (cd)", glue: "ring (glue)", kernel: "weights (kernel)" };

export function fieldName(name: string): string {
  return FIELDS[name] ?? name;
}
