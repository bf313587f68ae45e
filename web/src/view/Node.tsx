import { memo, useEffect, useRef } from "react";
import { Handle, Position, useUpdateNodeInternals, type NodeProps } from "@xyflow/react";
import { BRAIN, INPUT, OUTPUT, pathOf, portsOf, problemsWithin } from "../core/graph";
import { plain } from "../core/names";
import { drawn, follow } from "../core/live";
import { isToDo, usePage } from "../core/store";
import { enter, watch } from "../core/actions";
import { t } from "../core/i18n";
import { showBytes } from "../core/units";
import type { Checked, NodeRecord, Port } from "../core/types";
import { NodeSlider } from "./Drive";

const NONE: Checked["ports"] = {};
const NOTHING: { inputs: Port[]; outputs: Port[] } = { inputs: [], outputs: [] };

function Row({ port, side, node, shape }: { port: Port; side: "in" | "out"; node: NodeRecord; shape?: string }) {
  const payload = usePage((s) => s.catalogue.payloads[port.type]);
  const words = `${side === "in" ? t("input") : t("output")} ${port.name} ${t("of")} ${node.name}, ${port.type}`;
  return (
    <div className={`port ${side} ${port.optional ? "optional" : ""}`} title={`${port.name}: ${port.type}${shape ? ` ${shape}` : ""}${port.optional ? ` (${t("optional")})` : ""}\n${plain(payload?.doc ?? "")}`}>
      <Handle
        id={`${side}:${port.name}`} type={side === "in" ? "target" : "source"} position={side === "in" ? Position.Left : Position.Right}
        className={`handle ${port.type}`} role="img" aria-label={words}
      >
        <span className="letter" aria-hidden="true">{payload?.letter ?? "?"}</span>
      </Handle>
      <span className="port-name">{port.name}</span>
      {shape && <span className="shape">{shape}</span>}
    </div>
  );
}

const BRIGHT_HZ = 60;

// The rate now, as a number and as a bar: both are written by hand, nothing is drawn anew for them.
function Rate({ path }: { path: string }) {
  const number = useRef<HTMLSpanElement>(null);
  const bar = useRef<HTMLElement>(null);
  useEffect(() => {
    let last: string | null = null;
    return follow(path, (rate) => {
      const text = rate === undefined ? "" : `${rate.toFixed(0)} Hz`;
      if (text === last || !number.current || !bar.current) return;
      last = text;
      number.current.textContent = text;
      bar.current.style.transform = `scaleX(${Math.min(1, (rate ?? 0) / BRIGHT_HZ)})`;
    });
  }, [path]);
  return (
    <>
      <span className="rate" ref={number} title={t("Mean rate now")} />
      <i className="glow" ref={bar} aria-hidden="true" />
    </>
  );
}

// Every node is drawn anew only when something of its own changes: with 500 of them that is what keeps the page quick.
function ModuleNodeView({ id, selected }: NodeProps) {
  drawn.nodes++;
  const node = usePage((s) => s.document.nodes[id]);
  usePage((s) => s.language);
  const catalogue = usePage((s) => s.catalogue);
  const brain = node?.type === BRAIN;
  // Ports of an inner brain, or of a type that is not installed, follow from the document.
  const inner = usePage((s) => (brain || s.catalogue.modules[node?.type ?? ""]?.configured !== false ? s.ports : NONE));
  const path = usePage((s) => pathOf(s.document, id));
  const found = usePage((s) => (s.problems.length ? problemsWithin(s.document, s.problems, id).map((p) => (isToDo(p, s.tried) ? "○" : "") + p.message).join("\n") : ""));
  const size = usePage((s) => s.sizes[id]);
  const heavy = usePage((s) => s.memory !== null && (s.sizes[id] ?? 0) > s.memory);
  const { inputs, outputs } = node ? portsOf(id, node, catalogue, inner) : NOTHING;
  const shapes = usePage((s) => outputs.map((p) => s.shapes[`${id}.${p.name}`]?.[0].join("×") ?? "").join("|")).split("|");
  const update = useUpdateNodeInternals();
  const places = [...inputs.map((p) => `in:${p.name}`), ...outputs.map((p) => `out:${p.name}`)].join();
  const before = useRef(places);
  // Where ports come, go or change places, their wires are drawn to where they are now.
  useEffect(() => {
    if (before.current !== places) update(id);
    before.current = places;
  }, [places, id, update]);
  const spikes = outputs.find((p) => p.type === "SpikeArray");
  const seen = usePage((s) => Boolean(spikes && Object.values(s.document.probes).some((p) => p.view === "raster" && p.path === `${path}.${spikes.name}`)));
  if (!node) return null;
  const known = catalogue.modules[node.type];
  const lines = found ? found.split("\n") : [];
  const count = lines.length;
  const calm = lines.every((line) => line.startsWith("○"));
  const wrong = lines.map((line) => line.replace("○", "")).join("\n");
  const family = known?.family ?? "unknown";
  return (
    <div className={`module family-${family} ${selected ? "chosen" : ""} ${!count ? "" : calm ? "to-do" : "wrong"}`}>
      <div className="head">
        <span className="name" title={node.name}>{node.name}</span>
        {count > 0 && <span className="badge" role="img" title={wrong} aria-label={calm ? t("{n} to do", { n: count }) : t("{n} problems", { n: count })}>{count}</span>}
        {known?.inside && (
          <button className="inside nodrag" onClick={() => enter(id)} aria-label={t("Go inside {name}", { name: node.name })} title={t("Go inside")} tabIndex={-1}>⤢</button>
        )}
      </div>
      <div className="ports">
        <div>{inputs.map((p) => <Row key={p.name} port={p} side="in" node={node} />)}</div>
        <div>
          {outputs.map((p, i) => <Row key={p.name} port={p} side="out" node={node} shape={shapes[i]} />)}
        </div>
      </div>
      {node.type === INPUT && (node.parent ?? null) === null && <NodeSlider id={id} node={node} />}
      <div className="foot">
        <span className="type">{node.type === INPUT ? t("input of the brain") : node.type === OUTPUT ? t("output of the brain") : known ? node.type : `${node.type}?`}</span>
        {size !== undefined && <span className={`size ${heavy ? "heavy" : ""}`} title={t("Memory that it needs, about")}>{showBytes(size)}</span>}
        {spikes && <Rate path={`${path}.${spikes.name}`} />}
        {spikes && node.type !== INPUT && (
          <button className="watch nodrag" tabIndex={-1} aria-pressed={seen} aria-label={t("Watch the spikes of {name}", { name: node.name })} title={t("Watch its spikes")} onClick={() => watch(`${path}.${spikes.name}`, "raster", id)}>◉</button>
        )}
      </div>
    </div>
  );
}

export const ModuleNode = memo(ModuleNodeView);
