import { t } from "./i18n";

// Numbers with units: "20 ms", "0.02 s", "-45mV"; read into the unit of a field.

const SCALES: Record<string, [string, number]> = {
  s: ["time", 1000], ms: ["time", 1], us: ["time", 1e-3], "µs": ["time", 1e-3], "μs": ["time", 1e-3], min: ["time", 60000],
  V: ["potential", 1000], mV: ["potential", 1], uV: ["potential", 1e-3], "µV": ["potential", 1e-3], "μV": ["potential", 1e-3],
  A: ["current", 1e12], mA: ["current", 1e9], uA: ["current", 1e6], "µA": ["current", 1e6], "μA": ["current", 1e6],
  nA: ["current", 1e3], pA: ["current", 1],
  Ohm: ["resistance", 1e-6], "Ω": ["resistance", 1e-6], kOhm: ["resistance", 1e-3], "kΩ": ["resistance", 1e-3],
  MOhm: ["resistance", 1], "MΩ": ["resistance", 1], GOhm: ["resistance", 1e3], "GΩ": ["resistance", 1e3],
  Hz: ["rate", 1], kHz: ["rate", 1000],
  S: ["conductance", 1e9], mS: ["conductance", 1e6], uS: ["conductance", 1e3], "µS": ["conductance", 1e3], nS: ["conductance", 1],
};

const NUMBER = /^([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([^\d\s.+-]*)$/;

export function parseQuantity(text: string, unit: string): number | string {
  const found = NUMBER.exec(text.trim());
  if (!found) return unit ? t("“{text}” is not a number with a unit such as {unit}", { text, unit }) : t("“{text}” is not a number", { text });
  const value = Number(found[1]);
  const given = found[2];
  if (!Number.isFinite(value)) return t("“{text}” is too large a number", { text });
  if (!given || given === unit) return value;
  const from = SCALES[given];
  const to = SCALES[unit];
  if (!from) return t("{unit} is not a unit known here", { unit: given });
  if (!to) return t("{unit} is not a unit of this number", { unit: given });
  if (to[0] !== from[0]) return t("{unit} is not a unit of {what}", { unit: given, what: t(to[0]) });
  const scaled = Number(((value * from[1]) / to[1]).toPrecision(12));
  return Number.isFinite(scaled) ? scaled : t("“{text}” is too large a number", { text });
}

// The numbers of a text such as "1, 2.5", or what is wrong with it; null for a text that is no list. A comma between two
// digits may be meant for a decimal: nobody is to guess.
export function parseList(text: string): number[] | string | null {
  const parts = text.split(",");
  if (parts.length < 2 || !/^[-+\d.eE\s,]+$/.test(text)) return null;
  const decimal = parts.length === 2 && /^([-+]?\d+),(\d+)$/.exec(text.trim());
  if (decimal) return t("Write {a}.{b} for a decimal, or {a}, {b} for a list.", { a: decimal[1], b: decimal[2] });
  const values = parts.map((part) => parseQuantity(part.trim(), ""));
  const wrong = values.find((value) => typeof value === "string");
  return wrong === undefined ? (values as number[]) : wrong;
}

export function showNumber(value: number): string {
  if (!Number.isFinite(value) || (Number.isInteger(value) && Math.abs(value) < 1e15)) return String(value);
  const text = Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-4) ? value.toExponential() : String(value);
  return text.length > 12 ? String(Number(value.toPrecision(8))) : text;
}

export function showUnit(unit: string): string {
  return unit === "MOhm" ? "MΩ" : unit;
}

export function outOfBounds(value: number, bounds: Record<string, number | undefined>): string | null {
  if (bounds.minimum !== undefined && value < bounds.minimum) return `≥ ${bounds.minimum}`;
  if (bounds.maximum !== undefined && value > bounds.maximum) return `≤ ${bounds.maximum}`;
  if (bounds.exclusiveMinimum !== undefined && value <= bounds.exclusiveMinimum) return `> ${bounds.exclusiveMinimum}`;
  if (bounds.exclusiveMaximum !== undefined && value >= bounds.exclusiveMaximum) return `< ${bounds.exclusiveMaximum}`;
  return null;
}

export function showBytes(bytes: number): string {
  const [name, one] = ([["PB", 1e15], ["TB", 1e12], ["GB", 1e9]] as [string, number][]).find(([, n]) => bytes >= n) ?? ["MB", 1e6];
  return `${Number((bytes / one).toPrecision(3))} ${name}`;
}
