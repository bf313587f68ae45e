import { useState } from "react";
import { t } from "../core/i18n";
import { useStill } from "../core/still";
import { outOfBounds, parseQuantity, showNumber, showUnit } from "../core/units";
import type { Json } from "../core/types";
import { useTyped } from "./useTyped";

export interface Wanted { unit?: string; whole?: boolean; optional?: boolean; bounds?: Record<string, number | undefined> }

// The number that a text means, null for an empty one that may be left out, or what is wrong with it.
export function readNumber(text: string, wanted: Wanted): { value?: number | null; wrong?: string } {
  const value = text.trim() ? parseQuantity(text, wanted.unit ?? "") : null;
  if (typeof value === "string") return { wrong: value };
  const { wrong } = heldNumber(value, wanted);
  return wrong ? { wrong } : { value };
}

// What a document holds in a number's place, as text, and what is wrong with it: a file that was not written here may hold
// a text there, or a number out of bounds.
export function heldNumber(value: Json | undefined, { unit = "", whole, optional, bounds = {} }: Wanted): { shown: string; wrong: string } {
  if (value === null || value === undefined) return { shown: "", wrong: optional ? "" : t("A value is needed.") };
  if (typeof value !== "number") return { shown: typeof value === "string" ? value : JSON.stringify(value), wrong: t("A number is needed.") };
  const bound = outOfBounds(value, bounds);
  const wrong = whole && !Number.isInteger(value) ? t("A whole number is needed.") : bound ? t("It must be {bound}.", { bound: `${bound} ${showUnit(unit)}`.trim() }) : "";
  return { shown: showNumber(value), wrong };
}

// The text of a number that is sent with Enter or when it is left; what cannot be is said, and not sent.
export function useNumber(value: Json | undefined, wanted: Wanted, put: (value: number | null) => Promise<unknown>) {
  const [error, setError] = useState("");
  const { shown, wrong: held } = heldNumber(value, wanted);
  const { typing, props } = useTyped(shown, (text, waiting) => {
    // A text that looks like a number is one once it is written again.
    if (text === shown && !held && !waiting) return "same";
    const { value: made, wrong } = readNumber(text, wanted);
    setError(wrong ?? "");
    if (wrong !== undefined) return "wrong";
    return made === value && !waiting ? "same" : put(made!);
  });
  const said = useStill(typing ? error : "");
  return { props, error: said || (typing ? "" : held) };
}

export function NumberField({ id, label, value, wanted, put, help = "" }: { id: string; label: string; value: Json | undefined; wanted: Wanted; put: (value: number | null) => Promise<unknown>; help?: string }) {
  const { props, error } = useNumber(value, wanted, put);
  return (
    <div className={`field ${error ? "wrong" : ""}`}>
      <label htmlFor={id}>{label}</label>
      <div className="entry">
        <input id={id} type="text" inputMode="decimal" autoComplete="off" aria-invalid={Boolean(error)} aria-describedby={`${id}-help`} {...props} />
        <span className="unit">{showUnit(wanted.unit ?? "")}</span>
      </div>
      <div className="help" id={`${id}-help`}>{error || help}</div>
    </div>
  );
}
