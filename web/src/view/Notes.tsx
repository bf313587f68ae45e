import { memo, useEffect, useState } from "react";
import type { NodeProps } from "@xyflow/react";
import { apply, usePage } from "../core/store";
import { t } from "../core/i18n";

function NoteView({ id, selected }: NodeProps) {
  const text = usePage((s) => s.document.notes[id]?.text ?? "");
  const [draft, setDraft] = useState(text);
  useEffect(() => setDraft(text), [text]);
  return (
    <div className={`note ${selected ? "chosen" : ""}`}>
      <textarea
        className="nodrag" value={draft} aria-label={t("Text of the note")} rows={Math.max(2, draft.split("\n").length)}
        onChange={(e) => setDraft(e.target.value)} onBlur={() => draft !== text && apply([{ do: "put_note", id, text: draft }])}
      />
    </div>
  );
}
export const NoteNode = memo(NoteView);

function FrameView({ id, data }: NodeProps) {
  const name = String((data as { name: string }).name);
  const [draft, setDraft] = useState(name);
  useEffect(() => setDraft(name), [name]);
  const commit = () => { if (draft !== name) void apply([{ do: "group", id, name: draft }]); };
  return (
    <div className="group-frame">
      <div className="group-head nodrag nopan">
        <input value={draft} aria-label={t("Name of the group")} onChange={(e) => setDraft(e.target.value)} onBlur={commit} onKeyDown={(e) => { if (e.key === "Enter") commit(); }} />
        <button onClick={() => void apply([{ do: "remove", ids: [id] }])} aria-label={t("Remove the group {name}", { name })} title={t("Remove the group")}>✕</button>
      </div>
    </div>
  );
}
export const FrameNode = memo(FrameView);
