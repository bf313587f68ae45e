import { useEffect, useRef } from "react";
import { align, encapsulate, enter, exportAs, group, remove, unpack, watch } from "../core/actions";
import { isGiven } from "../core/config";
import { FED, partName } from "../core/names";
import { BRAIN, INPUT, OUTPUT, pathOf, portsOf, problemsOf } from "../core/graph";
import { apply, ask, isToDo, openDialog, select, usePage } from "../core/store";
import { useStill } from "../core/still";
import { t } from "../core/i18n";
import type { Field } from "../core/types";
import { FieldRow } from "./Field";
import { NumberField, type Wanted } from "./NumberField";
import { Section } from "./Section";
import { stillThere, useTyped } from "./useTyped";

const LINKED = new Set(["units", "dt", "dtype"]);
// What the brain has for all its modules stands behind what is theirs.
const SELDOM = new Set(["dt", "dtype", "seed"]);

export function Inspector() {
  const selected = usePage((s) => s.selected);
  const document = useStill(usePage((s) => s.document));
  const catalogue = usePage((s) => s.catalogue);
  const problems = useStill(usePage((s) => s.problems));
  const tried = usePage((s) => s.tried);
  const ids = selected.filter((k) => k in document.nodes);
  const wires = selected.filter((k) => k in document.edges);
  if (!ids.length && wires.length === 1) return <WireView id={wires[0]} />;
  if (!ids.length) return <BrainView />;
  const nodes = ids.map((k) => document.nodes[k]);
  const type = nodes[0].type;
  const alike = nodes.every((n) => n.type === type);
  const known = alike ? catalogue.modules[type] : undefined;
  const mine = ids.length === 1 ? problemsOf(problems, ids[0]) : [];
  const rest = mine.filter((p) => !p.field || p.field === "name" || p.kind === "missing");
  const fields = known?.fields ?? [];
  const more = fields.filter((f) => SELDOM.has(f.name) && type !== INPUT && type !== OUTPUT);
  const row = (f: Field) => (
    <FieldRow key={`${ids.join()}-${f.name}`} ids={ids} nodes={nodes} field={f} path={[f.name]} problems={mine} shared={LINKED.has(f.name) && known?.inside} />
  );
  return (
    <div className="inspector">
      {ids.length === 1 ? <Name id={ids[0]} key={ids[0]} /> : <h2>{t("{n} nodes", { n: ids.length })}</h2>}
      <p className="type-line">{alike ? type : t("of several types")} <span className="summary">{known?.summary}</span></p>
      {!known && alike && <p className="warn">{t("This type is not installed here. The node is kept as it is.")}</p>}
      {rest.map((p, i) => <p key={i} className={isToDo(p, tried) ? "hint" : "problem-line"}>{p.message}. {p.fix}</p>)}
      <div className="actions">
        {ids.length === 1 && <button onClick={() => openDialog({ kind: "connect", node: ids[0] })}>{t("Wire …")}</button>}
        {ids.length === 1 && known?.inside && <button onClick={() => void enter(ids[0])}>{t("Go inside")}</button>}
        {nodes.some((n) => n.type === BRAIN) && <button onClick={() => void unpack()}>{t("Unpack")}</button>}
        {nodes.every((n) => n.type !== INPUT && n.type !== OUTPUT) && <button onClick={() => void encapsulate()}>{t("Make a brain of it")}</button>}
        {ids.length > 1 && <button onClick={() => void group()}>{t("Group")}</button>}
        <button onClick={() => void remove()}>{t("Delete")}</button>
      </div>
      {ids.length > 1 && (
        <div className="actions" role="group" aria-label={t("Align")}>
          {["left", "center", "right", "top", "middle", "bottom", "row", "column"].map((how) => <button key={how} onClick={() => void align(how)}>{t(how)}</button>)}
        </div>
      )}
      {fields.filter((f) => !more.includes(f)).map(row)}
      {more.length > 0 && (
        <Section key={`more-${ids.join()}`} shows={more.some((f) => nodes.some((n) => isGiven(n.config, [f.name])) || mine.some((p) => p.field === f.name))} summary={t("more")}>
          {more.map(row)}
        </Section>
      )}
      {ids.length === 1 && <Ports id={ids[0]} />}
      {ids.length === 1 && <Watch id={ids[0]} />}
      {alike && known && type !== INPUT && type !== OUTPUT && (
        <details className="about">
          <summary>{t("About {type}", { type })}</summary>
          <pre className="doc">{known.doc}</pre>
          <button onClick={() => void ask<{ text: string }>("source", { type }).then((f) => f && openDialog({ kind: "code", title: type, text: f.text }))}>{t("Show its source")}</button>
        </details>
      )}
    </div>
  );
}

function Name({ id }: { id: string }) {
  const name = usePage((s) => s.document.nodes[id]?.name ?? "");
  const { props } = useTyped(name, (typed, waiting) => ((typed === name && !waiting) || !stillThere([id]) ? "same" : apply([{ do: "rename", id, name: typed }])));
  return (
    <div className="name-field">
      <label htmlFor="node-name">{t("Name")}</label>
      <input id="node-name" spellCheck={false} {...props} />
    </div>
  );
}

function Ports({ id }: { id: string }) {
  const document = usePage((s) => s.document);
  const catalogue = usePage((s) => s.catalogue);
  const inner = usePage((s) => s.ports);
  const { inputs } = portsOf(id, document.nodes[id], catalogue, inner);
  const listed = inputs.map((p) => ({
    port: p,
    wires: Object.entries(document.edges).filter(([, e]) => e.to[0] === id && e.to[1] === p.name).sort((a, b) => (a[1].order ?? 0) - (b[1].order ?? 0)),
  }));
  if (!listed.some((l) => l.wires.length)) return null;
  return (
    <section>
      <h3>{t("Wires into it")}</h3>
      {listed.map(({ port, wires }) => wires.length > 0 && (
        <div key={port.name} className="wires">
          <span className="port-title">{port.name}</span>
          <ol>
            {wires.map(([key, edge], i) => {
              const text = `${document.nodes[edge.from[0]]?.name ?? "?"}.${edge.from[1]}`;
              return (
                <li key={key}>
                  {text}
                  {port.projected && <button onClick={() => select([key])} aria-label={t("Settings of the wire from {name}", { name: text })} title={t("Connections, weights, delays, rule")}>⚙</button>}
                  {wires.length > 1 && <button disabled={i === 0} onClick={() => void apply([{ do: "reorder", id: key, place: i - 1 }])} aria-label={t("{name} earlier", { name: text })}>↑</button>}
                  {wires.length > 1 && <button disabled={i === wires.length - 1} onClick={() => void apply([{ do: "reorder", id: key, place: i + 1 }])} aria-label={t("{name} later", { name: text })}>↓</button>}
                  <button onClick={() => void apply([{ do: "remove", ids: [key] }])} aria-label={t("Delete the wire from {name}", { name: text })}>✕</button>
                </li>
              );
            })}
          </ol>
        </div>
      ))}
    </section>
  );
}

// One way to watch something: pressed while it is watched.
function Chip({ node, path, view }: { node: string; path: string; view: string }) {
  const on = usePage((s) => Object.values(s.document.probes).some((p) => p.path === path && p.view === view));
  return <button aria-pressed={on} aria-label={`${t(view)}: ${path.replace(FED, "")}`} onClick={() => void watch(path, view, node)}>{t(view)}</button>;
}

function Watch({ id }: { id: string }) {
  const document = usePage((s) => s.document);
  const watchable = usePage((s) => s.run.watchable);
  const parent = document.nodes[id]?.parent;
  const node = document.nodes[id];
  const catalogue = usePage((s) => s.catalogue);
  const inner = usePage((s) => s.ports);
  const path = pathOf(document, id);
  const { inputs, outputs } = portsOf(id, node, catalogue, inner);
  // The brain's own edge is watched by name; inside another brain it is what its wire brings.
  const edge = node.type === INPUT || node.type === OUTPUT;
  if (edge && parent) return null;
  const carried = (edge ? [...inputs, ...outputs] : outputs).map((p) => ({ type: p.type, path: node.type === INPUT ? `${FED}${path}` : edge ? path : `${path}.${p.name}`, name: p.name }));
  const listed = new Set(carried.map((c) => c.path));
  const mine = (watchable ?? []).filter((w) => w.path.startsWith(`${path}.`) && !listed.has(w.path) && !w.path.endsWith(".history"));
  return (
    <section>
      <h3>{t("Watch")}</h3>
      <ul className="watchable">
        {carried.map((c) => (
          <li key={c.path}>
            <span>{c.name}</span>
            {(c.type === "SpikeArray" ? ["raster", "rate"] : ["trace"]).map((view) => <Chip key={view} node={id} path={c.path} view={view} />)}
          </li>
        ))}
        {mine.filter((w) => !w.spikes).map((w) => (
          <li key={w.path}>
            <span title={w.shape.join("×")}>{partName(w.path.slice(path.length + 1))}</span>
            {!w.matrix && <Chip node={id} path={w.path} view="trace" />}
            {(w.matrix || w.shape.length > 0) && <Chip node={id} path={w.path} view="matrix" />}
            <Chip node={id} path={w.path} view="histogram" />
          </li>
        ))}
      </ul>
      {!watchable && !edge && <p className="hint">{t("Run or step the brain once to see all that can be watched.")}</p>}
      {parent && <p className="hint">{path}</p>}
    </section>
  );
}

function WireView({ id }: { id: string }) {
  const document = usePage((s) => s.document);
  const problems = usePage((s) => s.problems);
  const catalogue = usePage((s) => s.catalogue);
  const inner = usePage((s) => s.ports);
  const edge = document.edges[id];
  const end = document.nodes[edge.to[0]];
  const port = end && portsOf(edge.to[0], end, catalogue, inner).inputs.find((p) => p.name === edge.to[1]);
  const mine = problems.filter((p) => p.edge === id);
  const preset = Boolean(port?.preset && !edge.projection);
  const fields = (port?.projected && !preset) || edge.projection ? catalogue.projection ?? [] : [];
  // The settings of a projection are drawn as the fields of a node are.
  const wire = { type: "", name: "", config: edge.projection ?? {} };
  // Its settings are read from the first on, wherever the node's were left.
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => { box.current?.parentElement?.scrollTo(0, 0); }, [id]);
  const shape = usePage((s) => s.shapes[`${edge.from[0]}.${edge.from[1]}`]);
  return (
    <div className="inspector" ref={box}>
      <h2>{fields.length ? t("Projection") : t("Wire")}</h2>
      <p>{document.nodes[edge.from[0]]?.name}.{edge.from[1]} → {document.nodes[edge.to[0]]?.name}.{edge.to[1]}</p>
      {shape && <p className="hint">{t("It carries {shape} {dtype} and takes one step.", { shape: shape[0].join("×"), dtype: shape[1] })}</p>}
      {mine.map((p, i) => <p key={i} className="problem-line">{p.field ? `${p.field}: ` : ""}{p.message}. {p.fix}</p>)}
      <div className="actions">
        <button onClick={() => void remove()}>{t("Delete")}</button>
        {preset && <button onClick={() => void apply([{ do: "put_projection", id, own: true }])}>{t("Give it settings of its own")}</button>}
        {edge.projection && port?.preset && <button onClick={() => void apply([{ do: "put_projection", id, own: false }])}>{t("As {name} says", { name: end!.name })}</button>}
      </div>
      {preset && <p className="hint">{t("Its connections, weights and delays are what the fields of {name} say.", { name: end!.name })}</p>}
      {fields.map((f) => <FieldRow key={`${id}-${f.name}`} ids={[id]} nodes={[wire]} field={f} path={[f.name]} problems={mine} />)}
    </div>
  );
}

function MetaText({ name, label, help }: { name: string; label: string; help: string }) {
  const shown = usePage((s) => String(s.document.meta[name] ?? ""));
  const { props } = useTyped(shown, (typed, waiting) => (typed === shown && !waiting ? "same" : apply([{ do: "set_meta", key: name, value: typed || null }])));
  return (
    <div className="field">
      <label htmlFor={`meta-${name}`}>{label}</label>
      <div className="entry"><input id={`meta-${name}`} {...props} /></div>
      <div className="help">{help}</div>
    </div>
  );
}

function MetaNumber({ name, label, help, wanted }: { name: string; label: string; help: string; wanted: Wanted }) {
  const value = usePage((s) => s.document.meta[name]);
  return (
    <NumberField
      id={`meta-${name}`} label={label} help={help} value={value} wanted={{ ...wanted, optional: true }}
      put={(made) => apply([{ do: "set_meta", key: name, value: made }])}
    />
  );
}

function BrainView() {
  const document = usePage((s) => s.document);
  const count = Object.values(document.nodes).filter((n) => n.type !== INPUT && n.type !== OUTPUT).length;
  return (
    <div className="inspector">
      <h2>{t("The brain")}</h2>
      <p className="hint">{t("{n} modules, {m} wires. Select a node to see its fields.", { n: count, m: Object.keys(document.edges).length })}</p>
      {document.meta.description && <p>{String(document.meta.description)}</p>}
      <MetaText name="name" label={t("Name")} help={t("The name of exported files.")} />
      <MetaNumber name="seed" label={t("Seed")} wanted={{ whole: true, bounds: { minimum: 0 } }} help={t("All draws follow from it: the same seed gives the same spikes.")} />
      <MetaNumber name="dt" label="dt" wanted={{ unit: "ms", bounds: { exclusiveMinimum: 0 } }} help={t("Length of a step; left out, that of the modules (1 ms).")} />
      <h3>{t("Take it home")}</h3>
      <div className="actions">
        <button onClick={() => openDialog({ kind: "save" })} title={t("Save as (Ctrl+Shift+S)")}>{t("Save as")}</button>
        {["model", "python", "svg", "png", "replay"].map((kind) => (
          <button key={kind} onClick={() => void exportAs(kind)}>{{ model: t("Model file"), python: t("Python code"), svg: "SVG", png: "PNG", replay: t("Replay (HTML)") }[kind]}</button>
        ))}
      </div>
    </div>
  );
}
