import { useEffect, useState } from "react";
import { apply, ask, isToDo, jumpTo, usePage } from "../core/store";
import { t } from "../core/i18n";
import type { Fix } from "../core/types";

export function Problems() {
  const problems = usePage((s) => s.problems);
  const revision = usePage((s) => s.revision);
  const tried = usePage((s) => s.tried);
  const [fixes, setFixes] = useState<Fix[][]>([]);
  useEffect(() => {
    if (problems.length) void ask<Fix[][]>("fixes").then((f) => setFixes(f ?? []));
    else setFixes([]);
  }, [problems, revision]);
  if (!problems.length) return <p className="hint good">{t("No problems: the brain can run.")}</p>;
  return (
    <ol className="problems" aria-label={t("Problems")}>
      {problems.map((p, i) => (
        <li key={i} className={isToDo(p, tried) ? "to-do" : ""}>
          <button className="jump" onClick={() => jumpTo(p)}>
            {p.address && <b>{p.address}</b>} <span>{p.message}.</span> <small>{p.fix}</small>
          </button>
          <div className="actions">
            {(fixes[i] ?? []).map((f) => <button key={f.label} className="fix" onClick={() => void apply(f.commands)}>{f.label}</button>)}
          </div>
        </li>
      ))}
    </ol>
  );
}
