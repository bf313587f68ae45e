import { useState } from "react";
import { t } from "../core/i18n";
import { useStill } from "../core/still";
import { outOfBounds, parseQuantity, showNumber, showUnit } from "../core/units";
import { useTyped } from "./useTyped";

export interface Wanted { unit?: string; whole?: boolean; optional?: boolean; bounds?: Record<string, number | undefined> }

// The number that a text means, null for an empty one that may be left out, or what is wrong with it.
export function readNumber(text: string, { unit = "", whole, optional, bounds = {} }: Wanted): { value?: number | null; wrong?: string } {
  if (!text.trim()) return optional ? { value: null } : { wrong: t("A value is needed.") };
  const value = parseQuantity(text, unit);
  if (typeof value === "string") return { wrong: value };
  if (whole && !Number.isInteger(value)) return { wrong: t("A whole number is needed.") };
  const bound = outOfBounds(value, bounds);
  return bound ? { wrong: t("It must be {bound}.", { bound: `${bound} ${showUnit(unit)}`.trim() }) } : { value };
}

// The text of a number that is sent with Enter or when it is left; what cannot be is said, and not sent.
export function useNumber(value: number | null, wanted: Wanted, put: (value: number | null) => Promise<unknown>) {
  const [error, setError] = useState("");
  const shown = value === null ? "" : showNumber(value);
  const { typing, props } = useTyped(shown, (text, waiting) => {
    if (text === shown && !waiting) return "same";
    const { value: made, wrong } = readNumber(text, wanted);
    setError(wrong ?? "");
    if (wrong !== undefined) return "wrong";
    return made === value && !waiting ? "same" : put(made!);
  });
  return { props, error: useStill(typing ? error : "") };
}

export function NumberField({ id, label, value, wanted, put, help = "" }: { id: string; label: string; value: number | null; wanted: Wanted; put: (value: number | null) => Promise<unknown>; help?: string }) {
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
