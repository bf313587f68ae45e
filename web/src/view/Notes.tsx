import { memo } from "react";
import type { NodeProps } from "@xyflow/react";
import { apply, usePage } from "../core/store";
import { t } from "../core/i18n";
import { focusNode } from "./focus";
import { stillThere, useTyped } from "./useTyped";

function NoteView({ id, selected }: NodeProps) {
  const text = usePage((s) => s.document.notes[id]?.text ?? "");
  const { props } = useTyped(text, (typed, waiting) => ((typed === text && !waiting) || !stillThere([id]) ? "same" : apply([{ do: "put_note", id, text: typed }])));
  return (
    <div className={`note ${selected ? "chosen" : ""}`}>
      <textarea
        className="nodrag" aria-label={t("Text of the note")} rows={Math.max(2, props.value.split("\n").length)}
        {...props} onKeyDown={(e) => { if (e.key === "Escape") focusNode(id); }}
      />
    </div>
  );
}
export const NoteNode = memo(NoteView);

function FrameView({ id, data }: NodeProps) {
  const name = String((data as { name: string }).name);
  const { props } = useTyped(name, (typed, waiting) => ((typed === name && !waiting) || !stillThere([id]) ? "same" : apply([{ do: "group", id, name: typed }])));
  return (
    <div className="group-frame">
      <div className="group-head nodrag nopan">
        <input aria-label={t("Name of the group")} {...props} />
        <button onClick={() => void apply([{ do: "remove", ids: [id] }])} aria-label={t("Remove the group {name}", { name })} title={t("Remove the group")}>✕</button>
      </div>
    </div>
  );
}
export const FrameNode = memo(FrameView);
