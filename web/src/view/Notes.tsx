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
  return <div className="group-frame"><span className="group-name">{String((data as { name: string }).name)}</span><span hidden>{id}</span></div>;
}
export const FrameNode = memo(FrameView);
