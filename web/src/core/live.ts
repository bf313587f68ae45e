// What changes all the time while a brain runs, kept apart: with two hundred nodes, telling every one of them that a step was
// done costs more than the brain. Rates go straight into the page, ten times a second, past React.

import { create } from "zustand";
import type { RunStatus } from "./types";

export interface Now { frameTick: number; step?: number | null; steps_per_second?: number; environment?: RunStatus["environment"] }
export const useNow = create<Now>(() => ({ frameTick: 0 }));

const PASSING = ["step", "time", "steps_per_second", "environment", "activity"] as const;
const WRITE_MS = 100;

type Write = (rate: number | undefined) => void;
const writers = new Map<string, Set<Write>>();
let rates: Record<string, number> = {};
let waiting = false;

// How often nodes were drawn and rates written, for tests and measurements.
export const drawn = { nodes: 0, rates: 0 };

function writeAll(): void {
  waiting = false;
  drawn.rates++;
  for (const [path, found] of writers) for (const write of found) write(rates[path]);
}

// Call `write` with the rate at a path now, and whenever it changes; returns how to end that.
export function follow(path: string, write: Write): () => void {
  const found = writers.get(path) ?? new Set();
  writers.set(path, found.add(write));
  write(rates[path]);
  return () => {
    found.delete(write);
    if (!found.size) writers.delete(path);
  };
}

function takeRates(now: Record<string, number>): void {
  rates = now;
  if (waiting) return;
  waiting = true;
  setTimeout(writeAll, WRITE_MS);
}

// Take what only passes by; returns the status as it is to be kept, or null if all else is as it was.
export function passing(status: RunStatus, before: RunStatus): RunStatus | null {
  const { step, steps_per_second, environment } = { ...before, ...useNow.getState(), ...status };
  useNow.setState({ step, steps_per_second, environment });
  if (status.activity) takeRates(status.activity);
  const same = Object.entries(status).every(([key, value]) =>
    (PASSING as readonly string[]).includes(key) || JSON.stringify(value) === JSON.stringify(before[key as keyof RunStatus]));
  if (same && !before.failed) return null;
  const run = { ...before, ...status };
  if (!status.failed) delete run.failed;
  return run;
}

// What was shown of a run is gone: rates on nodes, and all that is drawn of its frames.
export function forgetShown(): void {
  takeRates({});
  useNow.setState((now) => ({ frameTick: now.frameTick + 1 }));
}

// Another document: what was is gone.
export function forget(status: RunStatus): void {
  useNow.setState({ step: status.step, steps_per_second: status.steps_per_second, environment: status.environment });
  takeRates(status.activity ?? {});
}
