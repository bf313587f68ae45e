import { useMemo, useState } from "react";
import { portsOf, search, whyNot } from "../core/graph";
import { apply, openDialog, usePage } from "../core/store";
import { t } from "../core/i18n";
import { Modal } from "./Modal";

// Wiring by keyboard: every wire that could begin or end at a node, in a list.
export function Connect({ node }: { node: string }) {
  const { document, catalogue, ports } = usePage.getState();
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const choices = useMemo(() => {
    const level = document.nodes[node]?.parent ?? null;
    const beside = Object.entries(document.nodes).filter(([, n]) => (n.parent ?? null) === level);
    const found: { from: [string, string]; to: [string, string]; text: string }[] = [];
    for (const [a, first] of beside) {
      for (const [b, last] of beside) {
        if (a !== node && b !== node) continue;
        for (const out of portsOf(a, first, catalogue, ports).outputs) {
          for (const into of portsOf(b, last, catalogue, ports).inputs) {
            if (whyNot(document, catalogue, ports, { node: a, port: out.name }, { node: b, port: into.name }) === null) {
              found.push({ from: [a, out.name], to: [b, into.name], text: `${first.name}.${out.name} → ${last.name}.${into.name}` });
            }
          }
        }
      }
    }
    return found;
  }, [document, catalogue, ports, node]);
  const fitting = search(choices, (c) => c.text, query);
  const place = Math.min(at, fitting.length - 1);
  const take = (i: number) => {
    openDialog(null);
    void apply([{ do: "connect", begin: fitting[i].from, end: fitting[i].to }]);
  };
  return (
    <Modal title={t("Wire {name}", { name: document.nodes[node]?.name ?? "" })}>
      <input
        data-first className="search" type="search" value={query} placeholder={t("Search a wire")} aria-label={t("Search a wire")} role="combobox" aria-expanded="true" aria-controls="wire-list"
        onChange={(e) => { setQuery(e.target.value); setAt(0); }}
        onKeyDown={(e) => {
          if (e.key === "ArrowDown") { setAt((a) => Math.min(a + 1, fitting.length - 1)); e.preventDefault(); }
          if (e.key === "ArrowUp") { setAt((a) => Math.max(a - 1, 0)); e.preventDefault(); }
          if (e.key === "Enter" && fitting[place]) { e.preventDefault(); take(place); }
        }}
      />
      <ul id="wire-list" role="listbox" aria-label={t("Wires")} className="palette">
        {fitting.map((c, i) => (
          <li key={c.text} role="option" aria-selected={i === place} onClick={() => take(i)} onMouseMove={(e) => { if (e.movementX || e.movementY) setAt(i); }}><b>{c.text}</b></li>
        ))}
        {!fitting.length && <li className="nothing" role="option" aria-selected="false">{t("Nothing fits.")}</li>}
      </ul>
    </Modal>
  );
}
