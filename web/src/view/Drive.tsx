import { useEffect, useRef, useState } from "react";
import { apply, usePage } from "../core/store";
import { t } from "../core/i18n";
import type { Config, Json, NodeRecord } from "../core/types";
import { useNumber } from "./NumberField";

// What an input can be driven with by hand: one number for all its units.
export interface Driven { label: string; value: Json; low: number; high: number; to: (value: number) => Config }

export function sizeOf(node: NodeRecord): number {
  return Array.isArray(node.config?.shape) ? (node.config.shape as number[]).reduce((a, b) => a * b, 1) : 1;
}

export function drivenBy(node: NodeRecord, source: Config): Driven | null {
  if (source.file !== undefined) return null;
  if (node.config?.payload_type === "SpikeArray") return { label: t("rate of each unit, Hz"), value: source.rate ?? 0, low: 0, high: 500, to: (rate) => ({ rate }) };
  if (Array.isArray(source.value)) return null;
  return { label: t("value"), value: source.value ?? 0, low: -1, high: 1, to: (value) => ({ value }) };
}

export function drive(name: string, source: Config, unit: number | null = null): Promise<unknown> {
  return apply([{ do: "set_input", name, source, unit }], `input:${name}`);
}

// The input that an environment shows to; nothing else drives it.
export function observed(run: Config, inputs: NodeRecord[]): string | null {
  return run.environment ? String(run.observation ?? inputs[0]?.name ?? "") : null;
}

// A slider that follows the hand at once, and the document when the hand rests. What is set while a change is under way
// is sent when that one is done: no step is lost, and none waits behind a hundred others.
export function useSent(value: Json, onChange: (v: number) => Promise<unknown>): [Json, (v: number) => void] {
  const [shown, setShown] = useState<Json>(value);
  const state = useRef({ busy: false, next: null as number | null });
  useEffect(() => { if (!state.current.busy) setShown(value); }, [value]);
  const send = async (wanted: number) => {
    const now = state.current;
    now.next = wanted;
    if (now.busy) return;
    now.busy = true;
    while (now.next !== null) {
      const next: number = now.next;
      now.next = null;
      await onChange(next);
    }
    now.busy = false;
  };
  return [shown, (wanted) => { setShown(wanted); void send(wanted); }];
}

export function Slider({ id, label, title, value, low, high, least, onChange, hidden }: {
  id: string; label: string; title?: string; value: Json; low: number; high: number; least?: number; onChange: (v: number) => Promise<unknown>; hidden?: boolean;
}) {
  const [shown, put] = useSent(value, onChange);
  const { props, error } = useNumber(shown, least === undefined ? {} : { bounds: { minimum: least } }, (v) => { put(v!); return Promise.resolve(); });
  return (
    <div className={hidden ? "node-slider nodrag nopan" : `field ${error ? "wrong" : ""}`}>
      <label htmlFor={id} className={hidden ? "visually-hidden" : ""}>{label}</label>
      <div className="entry">
        <input id={id} type="range" min={low} max={high} step={(high - low) / 200} title={error || title} aria-invalid={Boolean(error)} value={typeof shown === "number" ? shown : 0} onChange={(e) => put(Number(e.target.value))} />
        {hidden ? <output>{props.value}</output> : <input type="text" inputMode="decimal" autoComplete="off" className="slider-number" aria-label={label} aria-invalid={Boolean(error)} title={error} {...props} />}
      </div>
      {!hidden && error && <div className="help">{error}</div>}
    </div>
  );
}

// The value of an input of the outermost brain, at hand on its node.
export function NodeSlider({ id, node }: { id: string; node: NodeRecord }) {
  const source = usePage((s) => (s.document.run.inputs as Config | undefined)?.[node.name] as Config | undefined);
  const environment = usePage((s) => observed(s.document.run, Object.values(s.document.nodes).filter((n) => !n.parent && n.type === "Input")) === node.name);
  if (environment) return <div className="node-slider hint">{t("shown by the environment")}</div>;
  const driven = drivenBy(node, source ?? {});
  if (!driven) return null;
  const { label, value, low, high, to } = driven;
  return <Slider id={`node-drive-${id}`} label={node.name} title={label} hidden {...{ value, low, high }} onChange={(v) => drive(node.name, to(v))} />;
}
