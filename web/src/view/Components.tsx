import { useEffect, useMemo, useState } from "react";
import { Handle, Position, ReactFlow, ReactFlowProvider, type Edge, type Node, type NodeProps } from "@xyflow/react";
import { ask, usePage } from "../core/store";
import { problemsOf } from "../core/graph";
import { t } from "../core/i18n";
import { FieldRow } from "./Field";

interface Inside {
  parts: { name: string; type: string }[];
  wires: { from: [string, string]; to: [string, string] }[];
  effects: { from: [string, string]; to: [string, string] }[];
}

function PartView({ data, selected }: NodeProps) {
  const d = data as { name: string; type: string; ins: string[]; outs: string[] };
  return (
    <div className={`module ${selected ? "chosen" : ""}`}>
      <div className="head"><span className="name">{d.name}</span></div>
      <div className="ports">
        <div>{d.ins.map((p) => <div key={p} className="port in"><Handle id={`in:${p}`} type="target" position={Position.Left} className="handle" isConnectable={false} /><span className="port-name">{p}</span></div>)}</div>
        <div>{d.outs.map((p) => <div key={p} className="port out"><Handle id={`out:${p}`} type="source" position={Position.Right} className="handle" isConnectable={false} /><span className="port-name">{p}</span></div>)}</div>
      </div>
      <div className="foot"><span className="type">{d.type}</span></div>
    </div>
  );
}
const TYPES = { part: PartView };
const OWN = "__call__";

// The inside of a neuron: its components, their wires, and their fields.
export function Components({ id }: { id: string }) {
  const node = usePage((s) => s.document.nodes[id]);
  const catalogue = usePage((s) => s.catalogue);
  const problems = usePage((s) => s.problems);
  const [inside, setInside] = useState<Inside | null>(null);
  const [part, setPart] = useState<string>("soma");
  const text = JSON.stringify(node?.config);
  useEffect(() => { void ask<Inside>("components", { node: id }).then(setInside); }, [id, text]);
  const { nodes, edges } = useMemo(() => {
    if (!inside) return { nodes: [] as Node[], edges: [] as Edge[] };
    const names = [OWN, ...inside.parts.map((p) => p.name)];
    const all = [...inside.wires, ...inside.effects];
    const made = names.map((name, i): Node => ({
      id: name, type: "part", selected: name === part,
      position: { x: i * 250, y: name === "learning_rule" ? 170 : name === OWN ? 30 : (i % 2) * 40 },
      data: {
        name: name === OWN ? node?.name : name, type: inside.parts.find((p) => p.name === name)?.type ?? t("the neuron's inputs"),
        ins: [...new Set(all.filter((w) => w.to[0] === name).map((w) => w.to[1]))], outs: [...new Set(all.filter((w) => w.from[0] === name).map((w) => w.from[1]))],
      },
    }));
    const drawn = all.map((w, i): Edge => ({
      id: `c${i}`, source: w.from[0], target: w.to[0], sourceHandle: `out:${w.from[1]}`, targetHandle: `in:${w.to[1]}`,
      animated: i >= inside.wires.length, label: i >= inside.wires.length ? t("writes") : undefined,
    }));
    return { nodes: made, edges: drawn };
  }, [inside, part, node?.name]);
  if (!node) return null;
  const fields = catalogue.modules[node.type]?.fields ?? [];
  const field = fields.find((f) => f.name === part);
  return (
    <div className="components" role="region" aria-label={t("Components of {name}", { name: node.name })}>
      <div className="component-bar">
        <button onClick={() => usePage.setState({ component: null })}>← {t("Back")}</button>
        <b>{node.name}</b> <span className="hint">{t("The components of this neuron: all compute in one step. Their wiring follows from the neuron's type and fields.")}</span>
      </div>
      <div className="component-body">
        <div className="canvas" tabIndex={-1}>
          <ReactFlowProvider>
            <ReactFlow nodes={nodes} edges={edges} nodeTypes={TYPES} nodesDraggable={false} nodesConnectable={false} onNodeClick={(_, n) => setPart(n.id)} fitView proOptions={{ hideAttribution: true }} key={`${id}-${inside?.parts.length}`} />
          </ReactFlowProvider>
        </div>
        <div className="component-fields inspector">
          <h3>{part === OWN ? node.name : part}</h3>
          {field ? <FieldRow ids={[id]} nodes={[node]} field={field} path={[part]} problems={problemsOf(problems, id)} open key={part} /> : fields.filter((f) => f.kind !== "config" && f.kind !== "kinds").map((f) => <FieldRow key={f.name} ids={[id]} nodes={[node]} field={f} path={[f.name]} problems={problemsOf(problems, id)} />)}
        </div>
      </div>
    </div>
  );
}
