// A config in a document holds only what differs from its defaults; these read what a field is, and how to write it.

import type { Config, Field, Json } from "./types";

export const TAGS = ["rule", "initializer", "connectivity"];

function isObject(value: Json | undefined): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function valueAt(config: Config | undefined, path: string[]): Json | undefined {
  let value: Json | undefined = config;
  for (const part of path) value = isObject(value) ? value[part] : undefined;
  return value;
}

export function isGiven(config: Config | undefined, path: string[]): boolean {
  return valueAt(config, path) !== undefined;
}

// What a nested field stands at: given in the node, or what its owner's default says.
export function effective(config: Config | undefined, path: string[], field: Field, owner?: Json): Json {
  const given = valueAt(config, path);
  if (given !== undefined) return given;
  if (isObject(owner) && field.name in owner) return owner[field.name];
  return field.default;
}

export function isArray(value: Json | undefined): boolean {
  return Array.isArray(value) || (isObject(value) && "array" in value && Array.isArray(value.array));
}

// An array with its type, `{"array": ..., "dtype": ...}`, as the plain numbers in it.
export function numbersOf(value: Json | undefined): Json | undefined {
  return isObject(value) && "array" in value ? value.array : value;
}

export function kindOf(value: Json | undefined, tag: string): string | null {
  return isObject(value) && typeof value[tag] === "string" ? (value[tag] as string) : null;
}

// Whether all numbers in a value are finite: JSON has no others, and would say null.
export function allFinite(value: Json): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return value === null || typeof value !== "object" || Object.values(value).every(allFinite);
}

export function same(a: Json | undefined, b: Json | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export function merged(base: Json | undefined, change: Config): Config {
  return { ...(isObject(base) ? base : {}), ...change };
}
