import { useEffect, useState } from "react";
import { INPUT, OUTPUT } from "../core/graph";
import { apply, ask, sent, usePage } from "../core/store";
import { t } from "../core/i18n";
import type { Config, Json } from "../core/types";
import { drive, observed, sizeOf, Slider, useSent } from "./Drive";
import { heldNumber, NumberField, type Wanted } from "./NumberField";
import { useTyped } from "./useTyped";

const ENVIRONMENTS = ["CartPole-v1", "MountainCar-v0", "Acrobot-v1", "Pendulum-v1", "FrozenLake-v1"];

function put(key: string, value: Json, join = true) {
  return apply([{ do: "set_run", key, value }], join ? `run:${key}` : null);
}

// The conditions are written together: what was written a moment ago, and nobody has answered for yet, stays written.
function putStop(stop: Config, name: string, value: Json) {
  const last = sent((c) => c.do === "set_run" && c.key === "stop");
  return put("stop", { ...((last?.value as Config | undefined) ?? stop), [name]: value });
}

export function RunSettings() {
  const document = usePage((s) => s.document);
  const settings = document.run;
  const [data, setData] = useState<string[]>([]);
  useEffect(() => { void ask<{ data: string[] }>("files").then((f) => setData(f?.data ?? [])); }, []);
  const outer = Object.values(document.nodes).filter((n) => !n.parent);
  const inputs = outer.filter((n) => n.type === INPUT);
  const outputs = outer.filter((n) => n.type === OUTPUT);
  const environment = String(settings.environment ?? "");
  const stop = (settings.stop as Config | undefined) ?? {};
  const named = useTyped(environment, (text, waiting) => (text === environment && !waiting ? "same" : put("environment", text || null, false)));
  const [speed, setSpeed] = useSent(settings.speed ?? 1, (v) => put("speed", v));
  const { shown, wrong } = heldNumber(speed, { bounds: { minimum: 0 } });
  const fast = wrong ? 1 : Number(speed);
  return (
    <div className="inspector">
      <h2>{t("How it runs")}</h2>
      <div className={`field ${wrong ? "wrong" : ""}`}>
        <label htmlFor="run-speed">{t("Speed")}</label>
        <div className="entry">
          <input id="run-speed" type="range" min={-2} max={3} step={0.25} aria-invalid={Boolean(wrong)} aria-describedby="run-speed-help" value={fast > 0 ? Math.log10(fast) : 3} onChange={(e) => setSpeed(Number(e.target.value) >= 3 ? 0 : Number((10 ** Number(e.target.value)).toPrecision(2)))} />
          <output>{wrong ? shown : fast > 0 ? `${fast}×` : t("greatest")}</output>
        </div>
        <div className="help" id="run-speed-help">{wrong || t("Simulated time in real time; 1× is as in life.")}</div>
      </div>
      <div className="field">
        <label htmlFor="run-environment">{t("Environment")}</label>
        <div className="entry">
          <input id="run-environment" list="environments" placeholder={t("none")} {...named.props} />
          <datalist id="environments">{ENVIRONMENTS.map((e) => <option key={e} value={e} />)}</datalist>
        </div>
        <div className="help">{t("A Gymnasium environment: what it shows goes into an input, and an output acts.")}</div>
      </div>
      {environment && (
        <>
          <Choice label={t("What it shows goes to")} name="observation" value={String(settings.observation ?? "")} choices={inputs.map((n) => n.name)} />
          <Choice label={t("Its action comes from")} name="action" value={String(settings.action ?? "")} choices={outputs.map((n) => n.name)} />
          <NumberField id="run-steps_per_action" label={t("Steps per action")} value={settings.steps_per_action ?? 16} wanted={{ whole: true, bounds: { minimum: 1 } }} put={(v) => put("steps_per_action", v)} />
        </>
      )}
      <h3>{t("Inputs")}</h3>
      {inputs.filter((n) => n.name !== observed(settings, inputs)).map((n) => (
        <Drive key={n.name} name={n.name} spikes={n.config?.payload_type === "SpikeArray"} size={sizeOf(n)} source={((settings.inputs as Config | undefined)?.[n.name] as Config | undefined) ?? {}} data={data} />
      ))}
      {!inputs.length && <p className="hint">{t("The brain has no inputs.")}</p>}
      <h3>{t("Stop by itself")}</h3>
      <div className="field">
        <label htmlFor="stop-nan">{t("at a number that is not finite")}</label>
        <div className="entry"><input id="stop-nan" type="checkbox" checked={stop.nan !== false} onChange={(e) => void putStop(stop, "nan", e.target.checked)} /></div>
      </div>
      <Stop name="step" label={t("at step")} stop={stop} wanted={{ whole: true, bounds: { minimum: 1 } }} />
      <Stop name="silence" label={t("after silence of")} stop={stop} wanted={{ unit: "ms", bounds: { exclusiveMinimum: 0 } }} />
      <Stop name="rate" label={t("at a mean rate above")} stop={stop} wanted={{ unit: "Hz", bounds: { exclusiveMinimum: 0 } }} />
    </div>
  );
}

function Choice({ label, name, value, choices }: { label: string; name: string; value: string; choices: string[] }) {
  return (
    <div className="field">
      <label htmlFor={`run-${name}`}>{label}</label>
      <div className="entry">
        <select id={`run-${name}`} value={value} onChange={(e) => void put(name, e.target.value || null)}>
          <option value="">{choices.length === 1 ? choices[0] : t("choose")}</option>
          {choices.map((c) => <option key={c}>{c}</option>)}
        </select>
      </div>
    </div>
  );
}

function Stop({ name, label, stop, wanted }: { name: string; label: string; stop: Config; wanted: Wanted }) {
  return <NumberField id={`stop-${name}`} label={label} value={stop[name]} wanted={{ ...wanted, optional: true }} put={(v) => putStop(stop, name, v)} />;
}

const MOST_SLIDERS = 8;

export function Drive({ name, spikes, size, source, data }: { name: string; spikes: boolean; size: number; source: Config; data: string[] }) {
  const change = (value: Config) => drive(name, value);
  const value = source.value ?? 0;
  const each = Array.isArray(value) ? value : null;
  const alone = (held: Json | undefined) => Number(held) || 0;
  return (
    <fieldset className="drive">
      <legend>{name}</legend>
      {source.file !== undefined ? <p className="hint">{t("rows of {file}", { file: String(source.file) })}</p>
        : spikes ? <Slider id={`drive-${name}`} label={t("rate of each unit, Hz")} value={source.rate ?? 0} low={0} high={500} least={0} onChange={(v) => change({ rate: v })} />
        : each && each.length !== size ? <p className="warn">{t("{n} numbers are given, and it takes {m}.", { n: each.length, m: size })}</p>
        : each && size <= MOST_SLIDERS ? each.map((v, i) => <Slider key={i} id={`drive-${name}-${i}`} label={`${name}[${i}]`} value={v} low={-1} high={1} onChange={(n) => drive(name, { value: n }, i)} />)
        : <Slider id={`drive-${name}`} label={t("value")} value={each ? 0 : value} low={-1} high={1} onChange={(v) => change({ value: v })} />}
      <div className="actions">
        {!spikes && each && source.file === undefined && <button onClick={() => void change({ value: alone(each[0]) })}>{t("one for all")}</button>}
        {!spikes && (each ? each.length !== size : size > 1) && size <= MOST_SLIDERS && source.file === undefined && <button onClick={() => void change({ value: Array.from({ length: size }, (_, i) => alone(each ? each[i] : value)) })}>{t("one for each")}</button>}
        {data.length > 0 && (
          <select aria-label={t("File that drives {name}", { name })} value={String(source.file ?? "")} onChange={(e) => void change(e.target.value ? { file: e.target.value } : {})}>
            <option value="">{t("no file")}</option>
            {data.map((f) => <option key={f}>{f}</option>)}
          </select>
        )}
      </div>
    </fieldset>
  );
}
