import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import {
  applyNodeChanges, Background, ControlButton, Controls, MiniMap, ReactFlow, useConnection, useReactFlow, useStore, useStoreApi,
  type Connection, type Edge, type FinalConnectionState, type Node, type NodeChange,
} from "@xyflow/react";
import { apply, openDialog, select, tell, usePage } from "../core/store";
import { addModule, enter, layOut } from "../core/actions";
import { portsOf, whyNot } from "../core/graph";
import { WIDE } from "../core/places";
import { t } from "../core/i18n";
import { focusNode, focusNote } from "./focus";
import { ModuleNode } from "./Node";
import { FrameNode, NoteNode } from "./Notes";
import { Wire } from "./Wire";

const NODES = { module: ModuleNode, note: NoteNode, frame: FrameNode };
const EDGES = { wire: Wire };
const MARGIN = 28;
const FAR = 0.4;

// Whether the user's system asks for no movement.
function calm(): boolean {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// Whether a click adds to what is selected, or takes from it.
function holdsOthers(e: { ctrlKey: boolean; metaKey: boolean; shiftKey: boolean }): boolean {
  return e.ctrlKey || e.metaKey || e.shiftKey;
}

function ends(c: { source?: string | null; sourceHandle?: string | null; target?: string | null; targetHandle?: string | null }) {
  const part = (text?: string | null) => (text ?? "").replace(/^(in|out):/, "");
  return { from: { node: c.source ?? "", port: part(c.sourceHandle) }, to: { node: c.target ?? "", port: part(c.targetHandle) } };
}

function Reason() {
  const { inProgress, fromHandle, toHandle, isValid } = useConnection();
  const { document, catalogue, ports } = usePage.getState();
  let text = "";
  if (inProgress && fromHandle && toHandle && isValid === false) {
    const [a, b] = fromHandle.type === "source" ? [fromHandle, toHandle] : [toHandle, fromHandle];
    const { from, to } = ends({ source: a.nodeId, sourceHandle: a.id, target: b.nodeId, targetHandle: b.id });
    text = whyNot(document, catalogue, ports, from, to) ?? "";
  } else if (inProgress && fromHandle) {
    text = t("Drop it on a port, or on nothing to see what fits.");
  }
  return <div className={`reason ${isValid === false ? "bad" : ""}`} role="status" aria-live="polite">{text}</div>;
}

// An id may come back with another module: then it has other ports at other places, and is measured anew.
function typeOf(record: unknown): string {
  return String((record as { type?: string }).type ?? "");
}

export function Canvas() {
  const document = usePage((s) => s.document);
  const level = usePage((s) => s.level);
  const selected = usePage((s) => s.selected);
  const catalogue = usePage((s) => s.catalogue);
  const ports = usePage((s) => s.ports);
  const problems = usePage((s) => s.problems);
  const session = usePage((s) => s.session);
  const shown = usePage((s) => s.showRun || Boolean(s.run.watchable));
  const theme = usePage((s) => s.theme);
  const fits = usePage((s) => s.fits);
  const reveal = usePage((s) => s.reveal);
  const flow = useReactFlow();
  const graph = useStoreApi();
  // Far away nobody reads: without words and shadows a large graph is drawn in time.
  const far = useStore((s) => s.transform[2] < FAR);
  const [nodes, setNodes] = useState<Node[]>([]);
  const latest = useRef<Node[]>([]);
  const kept = useRef(new Map<string, { record: unknown; node: Node }>());
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const made: Node[] = [];
    const chosen = new Set(selected);
    const old = kept.current;
    const fresh = new Map<string, { record: unknown; node: Node }>();
    const put = (id: string, type: string, record: { parent?: string | null; ui?: { x?: number; y?: number } }, label: string) => {
      const before = old.get(id);
      const same = before && before.record === record && before.node.selected === chosen.has(id);
      const node: Node = same ? before.node : {
        ...(before && typeOf(before.record) === typeOf(record) ? { measured: before.node.measured } : {}),
        id, type, position: { x: record.ui?.x ?? 0, y: record.ui?.y ?? 0 }, data: {}, selected: chosen.has(id), ariaLabel: label,
      };
      fresh.set(id, { record, node });
      made.push(node);
    };
    const here = Object.entries(document.nodes).filter(([, n]) => (n.parent ?? null) === level);
    const places = new Map(here.map(([k, n]) => [k, n.ui ?? {}]));
    for (const [id, group] of Object.entries(document.groups)) {
      const inside = group.nodes.map((k) => places.get(k)).filter((p) => p !== undefined);
      if (!inside.length) continue;
      const xs = inside.map((p) => p.x ?? 0), ys = inside.map((p) => p.y ?? 0);
      const x = Math.min(...xs) - MARGIN, y = Math.min(...ys) - MARGIN - 14;
      // It says how large it is: a node that has to be measured first is hidden meanwhile, and its field loses the focus.
      made.push({
        id, type: "frame", position: { x, y }, data: { name: group.name }, selectable: false, draggable: false, focusable: false, zIndex: -1,
        width: Math.max(...xs) - x + 230 + MARGIN, height: Math.max(...ys) - y + 110 + MARGIN, style: { pointerEvents: "none" },
      });
    }
    for (const [id, node] of here) put(id, "module", node, `${node.name}, ${node.type}`);
    for (const [id, note] of Object.entries(document.notes)) if ((note.parent ?? null) === level) put(id, "note", note, `${t("note")}: ${note.text.slice(0, 60)}`);
    kept.current = fresh;
    latest.current = made;
    setNodes(made);
  }, [document.nodes, document.notes, document.groups, level, selected]);

  const edges = useMemo<Edge[]>(() => {
    const wrong = new Set(problems.map((p) => p.edge).filter(Boolean));
    const chosen = new Set(selected);
    return Object.entries(document.edges).flatMap(([id, edge]) => {
      const [a, b] = [document.nodes[edge.from[0]], document.nodes[edge.to[0]]];
      if (!a || !b || (a.parent ?? null) !== level || (b.parent ?? null) !== level) return [];
      const outs = portsOf(edge.from[0], a, catalogue, ports).outputs;
      const ins = portsOf(edge.to[0], b, catalogue, ports).inputs;
      const port = outs.find((p) => p.name === edge.from[1]);
      if (!port || !ins.some((p) => p.name === edge.to[1])) return [];
      return [{
        id, source: edge.from[0], target: edge.to[0], sourceHandle: `out:${edge.from[1]}`, targetHandle: `in:${edge.to[1]}`, type: "wire",
        data: { type: port.type }, selected: chosen.has(id), className: wrong.has(id) ? "wrong" : "",
        ariaLabel: `${t("wire")} ${a.name}.${edge.from[1]} → ${b.name}.${edge.to[1]}`,
      }];
    });
  }, [document.edges, document.nodes, level, catalogue, ports, problems, selected]);

  const onNodesChange = useCallback((changes: NodeChange[]) => {
    // At once, not when React comes to it: a node that is made anew meanwhile would forget how large it is, be hidden until
    // it is measured again, and lose the focus.
    const next = applyNodeChanges(changes.filter((c) => c.type !== "remove" && c.type !== "select"), latest.current);
    for (const node of next) {
      const entry = kept.current.get(node.id);
      if (entry && entry.node !== node) kept.current.set(node.id, { record: entry.record, node });
    }
    latest.current = next;
    setNodes(next);
    const picks = changes.filter((c) => c.type === "select");
    if (picks.length) {
      const now = new Set(usePage.getState().selected);
      for (const c of picks) if (c.selected) now.add(c.id); else now.delete(c.id);
      select([...now]);
    }
    const moves = changes.filter((c) => c.type === "position" && c.dragging === false && c.position);
    if (moves.length) {
      const { document: doc } = usePage.getState();
      const places: Record<string, number[]> = {};
      for (const c of moves) {
        if (c.type !== "position" || !c.position) continue;
        const before = (doc.nodes[c.id] ?? doc.notes[c.id])?.ui;
        if (before && (before.x !== c.position.x || before.y !== c.position.y)) places[c.id] = [c.position.x, c.position.y];
      }
      if (Object.keys(places).length) void apply([{ do: "move", places }]);
    }
  }, []);

  const onEdgesChange = useCallback((changes: { type: string; id?: string; selected?: boolean }[]) => {
    const picks = changes.filter((c) => c.type === "select");
    if (!picks.length) return;
    const now = new Set(usePage.getState().selected);
    for (const c of picks) if (c.selected) now.add(c.id!); else now.delete(c.id!);
    select([...now]);
  }, []);

  const isValid = useCallback((c: Connection | Edge) => {
    const { document: doc, catalogue: cat, ports: inner } = usePage.getState();
    const { from, to } = ends(c);
    return whyNot(doc, cat, inner, from, to) === null;
  }, []);

  const onConnect = useCallback((c: Connection) => {
    const { from, to } = ends(c);
    void apply([{ do: "connect", begin: [from.node, from.port], end: [to.node, to.port] }]);
  }, []);

  const onConnectEnd = useCallback((event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
    if (!state.fromHandle || state.isValid) return;
    if (state.toHandle) {
      const [a, b] = state.fromHandle.type === "source" ? [state.fromHandle, state.toHandle] : [state.toHandle, state.fromHandle];
      const { from, to } = ends({ source: a.nodeId, sourceHandle: a.id, target: b.nodeId, targetHandle: b.id });
      const { document: doc, catalogue: cat, ports: inner } = usePage.getState();
      const why = whyNot(doc, cat, inner, from, to);
      if (why && !(from.node === to.node && from.port === to.port)) tell(why, "error");
      return;
    }
    const point = "clientX" in event ? event : event.changedTouches[0];
    const end: [string, string] = [state.fromHandle.nodeId, (state.fromHandle.id ?? "").replace(/^(in|out):/, "")];
    const wire = state.fromHandle.type === "source" ? { from: end } : { to: end };
    openDialog({ kind: "palette", ...flow.screenToFlowPosition({ x: point.clientX, y: point.clientY }), wire });
  }, [flow]);

  useEffect(() => {
    if (fits) void flow.fitView({ padding: 0.15, maxZoom: 1, duration: calm() ? 0 : 250 });
  }, [fits, flow]);

  // A new node is brought into view and gets the keys, as soon as it is drawn.
  useEffect(() => {
    if (!reveal || !nodes.some((n) => n.id === reveal)) return;
    usePage.setState({ reveal: null });
    const { x, y } = nodes.find((n) => n.id === reveal)!.position;
    const frame = box.current!.getBoundingClientRect();
    const [a, b] = [flow.flowToScreenPosition({ x, y }), flow.flowToScreenPosition({ x: x + WIDE, y: y + 110 })];
    const seen = a.x >= frame.left && a.y >= frame.top && b.x <= frame.right && b.y <= frame.bottom;
    if (!seen) void flow.fitView({ padding: 0.15, maxZoom: 1, duration: calm() ? 0 : 250 });
    if (reveal in document.notes) focusNote(reveal);
    else focusNode(reveal);
  }, [reveal, nodes, flow, document.notes]);

  useEffect(() => {
    const wait = setTimeout(() => void flow.fitView({ padding: 0.15, maxZoom: 1, duration: 0 }), 80);
    return () => clearTimeout(wait);
  }, [level, session, document.meta.name, shown, flow]);

  const bright = theme === "dark" ? "dark" : theme === "light" || theme === "contrast" ? "light" : "system";
  return (
    <div
      className={`canvas ${far ? "far" : ""}`} ref={box} tabIndex={-1} role="region" aria-label={t("Graph of the brain")}
      onFocusCapture={(e) => {
        // Keys are for what has them: a node, or a wire, which is no HTML. One of several that are selected leaves them so.
        const target = e.target as Element;
        const id = target.getAttribute("data-id");
        if (!id || !target.matches(".react-flow__node, .react-flow__edge") || !target.matches(":focus-visible")) return;
        if (!usePage.getState().selected.includes(id)) select([id]);
      }}
      onClick={(e) => {
        // A click in the frame around what was selected by it is meant for what lies there; after a drag none comes.
        if (holdsOthers(e) || !(e.target as Element).matches(".react-flow__nodesselection-rect")) return;
        const [hit] = window.document.elementsFromPoint(e.clientX, e.clientY).flatMap((part) => part.closest<HTMLElement>(".react-flow__node")?.dataset.id ?? []);
        graph.setState({ nodesSelectionActive: false });
        select(hit ? [hit] : []);
      }}
      onDoubleClick={(e) => {
        if ((e.target as HTMLElement).classList.contains("react-flow__pane")) {
          openDialog({ kind: "palette", ...flow.screenToFlowPosition({ x: e.clientX, y: e.clientY }) });
        }
      }}
      onDragOver={(e) => { e.preventDefault(); e.dataTransfer.dropEffect = "copy"; }}
      onDrop={(e) => {
        const type = e.dataTransfer.getData("application/x-spark-module");
        if (!type) return;
        e.preventDefault();
        const at = flow.screenToFlowPosition({ x: e.clientX, y: e.clientY });
        void addModule(type, at.x, at.y);
      }}
    >
      <ReactFlow
        nodes={nodes} edges={edges} nodeTypes={NODES} edgeTypes={EDGES} onNodesChange={onNodesChange} onEdgesChange={onEdgesChange}
        onConnect={onConnect} onConnectEnd={onConnectEnd} isValidConnection={isValid} colorMode={bright}
        onNodeClick={(e, node) => {
          // What is clicked with no key held is what is meant, also if others were selected with it.
          if (!holdsOthers(e) && !(e.target as Element).closest("button")) select([node.id]);
        }}
        onNodeDoubleClick={(_, node) => void enter(node.id)} onPaneClick={() => select([])}
        deleteKeyCode={null} selectionKeyCode="Shift" multiSelectionKeyCode={["Meta", "Control", "Shift"]} panActivationKeyCode={null}
        zoomOnDoubleClick={false} onlyRenderVisibleElements={nodes.length > 80} minZoom={0.05} maxZoom={2.5} connectionRadius={26}
        disableKeyboardA11y={false} fitView elevateNodesOnSelect={false} nodeDragThreshold={2} proOptions={{ hideAttribution: true }}
        ariaLabelConfig={{ "controls.zoomIn.ariaLabel": t("Zoom in"), "controls.zoomOut.ariaLabel": t("Zoom out"), "controls.fitView.ariaLabel": t("Show everything"), "node.a11yDescription.default": t("Arrow keys move it, Delete removes it, C wires it.") }}
      >
        <Background gap={24} />
        <Controls position="bottom-left" showInteractive={false} aria-label={t("Zoom")}>
          <ControlButton onClick={() => void layOut()} title={t("Lay out")} aria-label={t("Lay out")}>⋮⋮</ControlButton>
        </Controls>
        <MiniMap position="bottom-right" pannable zoomable ariaLabel={t("Map of the graph")} nodeClassName={(n) => `mini-${n.type}`} />
      </ReactFlow>
      <Reason />
    </div>
  );
}
