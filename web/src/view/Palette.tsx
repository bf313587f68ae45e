import { useMemo, useState } from "react";
import { useReactFlow } from "@xyflow/react";
import { addModule } from "../core/actions";
import { INPUT, OUTPUT, portsOf, search } from "../core/graph";
import { openDialog, usePage } from "../core/store";
import { freePlace, placeBeside, wireBeside, WIDE, type NewWire } from "../core/places";
import { t } from "../core/i18n";
import { home } from "./home";
import { Modal } from "./Modal";

// What stands in a brain; components live inside of neurons. What a wire ends at is a neuron more often than the brain's edge.
const ORDER = ["port", "interface", "neuron", "brain", "other"];
const ONWARD = ["neuron", "interface", "brain", "other", "port"];

interface Asked { x?: number; y?: number; wire?: NewWire; beside?: string }

export function Palette({ x, y, wire, beside }: Asked) {
  const flow = useReactFlow();
  const [wired, setWired] = useState(true);
  const catalogue = usePage((s) => s.catalogue);
  const page = usePage.getState();
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const wanted = useMemo(() => {
    const end = wire?.from ?? wire?.to;
    const node = end && page.document.nodes[end[0]];
    if (!end || !node) return null;
    const ports = portsOf(end[0], node, catalogue, page.ports);
    return (wire?.from ? ports.outputs : ports.inputs).find((p) => p.name === end[1])?.type ?? null;
  }, [wire, catalogue, page]);
  const fitting = useMemo(() => {
    const names = Object.entries(catalogue.modules).filter(([name, m]) => {
      if (!ORDER.includes(m.family)) return false;
      if (!wanted) return true;
      if (name === INPUT) return Boolean(wire?.to);
      if (name === OUTPUT) return Boolean(wire?.from);
      return (wire?.from ? m.inputs : m.outputs).some((p) => p.type === wanted);
    });
    const order = wire?.from ? ONWARD : ORDER;
    names.sort((a, b) => order.indexOf(a[1].family) - order.indexOf(b[1].family) || a[0].localeCompare(b[0]));
    return search(names, ([name, m]) => `${name} ${m.family} ${m.summary}`, query);
  }, [catalogue, wanted, wire, query]);
  const take = async (name: string) => {
    const { document: doc, ports, level } = page;
    openDialog(null);
    if (beside && doc.nodes[beside]) {
      const fits = wired ? wireBeside(doc, catalogue, ports, beside, name) : null;
      const at = placeBeside(doc, catalogue, ports, beside, name, fits);
      await addModule(name, at.x, at.y, fits ?? undefined);
      return;
    }
    const canvas = home().querySelector(".canvas")?.getBoundingClientRect() ?? new DOMRect();
    const middle = () => flow.screenToFlowPosition({ x: canvas.left + canvas.width / 2 - WIDE / 2, y: canvas.top + canvas.height / 2 - 40 });
    const at = freePlace(doc, catalogue, ports, level, x === undefined || y === undefined ? middle() : { x, y });
    await addModule(name, at.x, at.y, wire);
  };
  const place = Math.min(at, fitting.length - 1);
  return (
    <Modal title={wanted ? t("What fits {type}", { type: wanted }) : t("Add a module")}>
      <input
        data-first className="search" type="search" value={query} placeholder={t("Search: neuron, spiker, input …")} aria-label={t("Search modules")}
        role="combobox" aria-expanded="true" aria-controls="palette-list" aria-activedescendant={fitting[place] ? `module-${fitting[place][0]}` : undefined}
        onChange={(e) => { setQuery(e.target.value); setAt(0); }}
        onKeyDown={(e) => {
          if (e.key === "ArrowDown") { setAt((a) => Math.min(a + 1, fitting.length - 1)); e.preventDefault(); }
          if (e.key === "ArrowUp") { setAt((a) => Math.max(a - 1, 0)); e.preventDefault(); }
          if (e.key === "Enter" && fitting[place]) { e.preventDefault(); void take(fitting[place][0]); }
        }}
      />
      {beside && (
        <label className="beside">
          <input type="checkbox" checked={wired} onChange={(e) => setWired(e.target.checked)} /> {t("Wire it to {name}, if it fits", { name: page.document.nodes[beside]?.name ?? "" })}
        </label>
      )}
      <ul id="palette-list" role="listbox" aria-label={t("Modules")} className="palette">
        {fitting.map(([name, m], i) => (
          <li
            key={name} id={`module-${name}`} role="option" aria-selected={i === place} className={`family-${m.family}`} draggable
            onClick={() => void take(name)} onMouseMove={(e) => { if (e.movementX || e.movementY) setAt(i); }} ref={(e) => { if (i === place) e?.scrollIntoView?.({ block: "nearest" }); }}
            onDragStart={(e) => e.dataTransfer.setData("application/x-spark-module", name)}
          >
            <b>{name}</b> <span className="family">{t(m.family)}</span>
            <span className="summary">{m.summary}</span>
          </li>
        ))}
        {!fitting.length && <li className="nothing" role="option" aria-selected="false">{t("Nothing goes by that name.")}</li>}
      </ul>
    </Modal>
  );
}
