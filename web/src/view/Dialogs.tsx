import { useEffect, useState } from "react";
import { ask, leaveFor, openDialog, save, usePage, type Asked, type Dialog } from "../core/store";
import { download, toClipboard } from "../core/actions";
import { t } from "../core/i18n";
import { showBytes } from "../core/units";
import type { Draft } from "../core/types";
import { Connect } from "./Connect";
import { Modal } from "./Modal";
import { Palette } from "./Palette";

export const KEYS: [string, string][] = [
  ["Space", "Add a module"], ["Ctrl+Space", "Add a module, from a field too"], ["C", "Wire the selected node"], ["Tab", "Go from node to node"], ["Arrow keys", "Move the selected nodes"],
  ["Delete", "Delete what is selected"], ["Enter", "Go inside the selected node, or into its first field"], ["Escape", "Go up, or close"],
  ["Ctrl+Z", "Undo"], ["Ctrl+Shift+Z", "Redo"], ["Ctrl+C", "Copy"], ["Ctrl+X", "Cut"], ["Ctrl+V", "Paste"], ["Ctrl+D", "Duplicate"], ["Ctrl+A", "Select all"],
  ["G", "Group"], ["B", "Make a brain of it"], ["N", "Add a note"], ["L", "Lay out"], ["F", "Show everything"],
  ["Ctrl+Enter", "Run or pause"], [".", "One step"], ["F7", "Show the problems"], ["I", "Go into the first field; Escape leads back"], ["Ctrl+S", "Save"], ["Ctrl+Shift+S", "Save as"], ["Ctrl+O", "Open"], ["?", "Show the keys"],
];

interface Files { folder: string; models: string[]; examples: { name: string; title: string; see: string; svg: string }[]; drafts: Draft[] }

export function Dialogs() {
  const dialog = usePage((s) => s.dialog);
  if (!dialog) return null;
  if (dialog.kind === "palette") return <Palette x={dialog.x} y={dialog.y} wire={dialog.wire} beside={dialog.beside} />;
  if (dialog.kind === "connect") return <Connect node={dialog.node} />;
  if (dialog.kind === "save") return <SaveDialog dialog={dialog} />;
  if (dialog.kind === "leave") return <Leave then={dialog.then} />;
  if (dialog.kind === "large") return <Large then={dialog.then} />;
  if (dialog.kind === "open") return <OpenDialog />;
  if (dialog.kind === "welcome" || dialog.kind === "gallery") return <Gallery welcome={dialog.kind === "welcome"} />;
  if (dialog.kind === "code") return <Code {...dialog} />;
  return <Help />;
}

// What stands on a key; what it does may have the same name.
function keyName(key: string): string {
  const found = t(`Key ${key}`);
  return found.startsWith("Key ") ? key : found;
}

function Help() {
  return (
    <Modal title={t("Keys")}>
      <table className="keys"><tbody>{KEYS.map(([key, what]) => <tr key={key}><th scope="row"><kbd>{key.split("+").map(keyName).join("+")}</kbd></th><td>{t(what)}</td></tr>)}</tbody></table>
      <p className="hint">{t("Drag from port to port to wire. Drop a wire on nothing to see what fits. Double-click the canvas to add a module.")}</p>
    </Modal>
  );
}

function Code({ title, text }: { title: string; text: string }) {
  return (
    <Modal title={title} wide>
      <pre className="code" tabIndex={0} aria-label={title}>{text}</pre>
      <div className="actions">
        <button className="primary" data-first onClick={() => void toClipboard(text)}>{t("Copy")}</button>
        {title.endsWith(".py") && <button onClick={() => download(title, new Blob([text]))}>{t("Download")}</button>}
      </div>
    </Modal>
  );
}

function SaveDialog({ dialog }: { dialog: Extract<Dialog, { kind: "save" }> }) {
  const file = usePage((s) => s.file);
  const name = usePage((s) => s.document.meta.name);
  const [path, setPath] = useState(file ?? `${String(name ?? "brain")}.spark.json`);
  return (
    <Modal title={dialog?.conflict ? t("The file has changed") : t("Save as")}>
      {dialog?.conflict && <p className="problem-line" role="alert">{dialog.conflict}</p>}
      <form onSubmit={(e) => { e.preventDefault(); void save(path, false, dialog?.then); }}>
        <label htmlFor="save-path">{t("File")}</label>
        <input id="save-path" value={path} onChange={(e) => setPath(e.target.value)} data-first />
        <div className="actions">
          <button className="primary" type="submit">{dialog?.conflict ? t("Save under this name") : t("Save")}</button>
          {dialog?.conflict && <button type="button" onClick={() => void save(path, true, dialog?.then)}>{t("Overwrite")}</button>}
          {dialog?.conflict && file && <button type="button" onClick={() => { openDialog(null); void ask("open_file", { path: file }); }}>{t("Open the file again, lose my changes")}</button>}
        </div>
      </form>
    </Modal>
  );
}

function Leave({ then }: { then: Asked }) {
  const name = usePage((s) => s.file ?? String(s.document.meta.name ?? "brain"));
  const undrafted = usePage((s) => s.undrafted);
  const leave = () => { openDialog(null); void ask(then.request, then.args); };
  return (
    <Modal title={t("Save the changes?")}>
      <p>{t("{name} has changes that no file has.", { name })}</p>
      <p className={undrafted ? "problem-line" : "hint"}>{undrafted ? t("Drafts cannot be kept here: what is not saved is lost.") : t("What is not saved stays among the drafts, under Open.")}</p>
      <div className="actions">
        <button className="primary" data-first onClick={() => void save(null, false, then)}>{t("Save")}</button>
        <button onClick={leave}>{t("Do not save")}</button>
        <button onClick={() => openDialog(null)}>{t("Cancel")}</button>
      </div>
    </Modal>
  );
}

function Large({ then }: { then: () => void }) {
  const { sizes, memory, document } = usePage();
  const sorted = Object.entries(sizes).sort((a, b) => b[1] - a[1]);
  const needed = sorted.reduce((sum, [, n]) => sum + n, 0);
  return (
    <Modal title={t("The brain is larger than the memory")}>
      <p>{t("It needs about {n}, and {m} are free.", { n: showBytes(needed), m: showBytes(memory ?? 0) })}</p>
      <ul>{sorted.slice(0, 5).map(([key, n]) => <li key={key}><b>{document.nodes[key]?.name}</b> {showBytes(n)}</li>)}</ul>
      <p className="hint">{t("Fewer units, or connections that are sparse, need less.")}</p>
      <div className="actions">
        <button className="primary" data-first onClick={() => openDialog(null)}>{t("Cancel")}</button>
        <button onClick={() => { openDialog(null); then(); }}>{t("Run it all the same")}</button>
      </div>
    </Modal>
  );
}

function useFiles(): [Files | null, () => void] {
  const [files, setFiles] = useState<Files | null>(null);
  const read = () => void ask<Files>("files").then(setFiles);
  useEffect(read, []);
  return [files, read];
}

function OpenDialog() {
  const [files, read] = useFiles();
  const open = (path: string) => leaveFor("open_file", { path });
  return (
    <Modal title={t("Open")}>
      <p className="hint">{t("Files in {folder}", { folder: files?.folder ?? "…" })}</p>
      <ul className="files">
        {files?.models.map((f) => <li key={f}><button onClick={() => void open(f)}>{f}</button></li>)}
        {files && !files.models.length && <li className="hint">{t("No model files here yet.")}</li>}
      </ul>
      <label className="upload">{t("From this computer")} <input type="file" accept=".json,.svg,.png" onChange={(e) => { const file = e.target.files?.[0]; if (file) void upload(file); }} /></label>
      <Drafts drafts={files?.drafts ?? []} read={read} />
    </Modal>
  );
}

export async function upload(file: File): Promise<void> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  await leaveFor("open_data", { name: file.name, data: btoa(text) });
}

function Drafts({ drafts, read }: { drafts: Draft[]; read: () => void }) {
  if (!drafts.length) return null;
  return (
    <section>
      <h3>{t("Recent drafts, not saved")}</h3>
      <ul className="files">
        {drafts.map((d) => (
          <li key={d.id}>
            <button onClick={() => void leaveFor("restore", { draft: d.id })}>{d.file ?? d.name ?? "?"}: {t("{n} nodes", { n: d.nodes })}, {new Date(d.time * 1000).toLocaleString()}</button>
            <button aria-label={t("Forget this draft")} onClick={() => void ask("forget_draft", { draft: d.id }).then(read)}>✕</button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Gallery({ welcome }: { welcome: boolean }) {
  const [files, read] = useFiles();
  const start = (name: string) => leaveFor("open_example", { name });
  return (
    <Modal title={welcome ? t("Draw a brain, run it, watch it") : t("Gallery")} wide>
      {welcome && <p>{t("Begin with an example, or with an empty page: press Space to add a module.")}</p>}
      <div className="gallery">
        {files?.examples.map((e) => (
          <button key={e.name} onClick={() => void start(e.name)}>
            <img alt="" src={`data:image/svg+xml;base64,${btoa(unescape(encodeURIComponent(e.svg)))}`} />
            <b>{e.title}</b><span>{e.see}</span>
          </button>
        ))}
      </div>
      <div className="actions">
        <button onClick={() => { if (welcome) openDialog(null); else void leaveFor("new"); }}>{t("Empty page")}</button>
        <button onClick={() => openDialog({ kind: "open" })}>{t("Open a file")}</button>
      </div>
      <Drafts drafts={files?.drafts ?? []} read={read} />
    </Modal>
  );
}
