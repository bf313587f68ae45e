// What a change of the document means, in words for those who do not see it.

import { t } from "./i18n";
import type { Change, Document, EdgeRecord, NodeRecord } from "./types";

const MOST = 3;

export function described(before: Document, patch: Change[]): string {
  const after = new Map(patch.filter(([table]) => table === "nodes").map(([, key, , node]) => [key, node as NodeRecord | null]));
  const name = (key: string) => after.get(key)?.name ?? before.nodes[key]?.name ?? "?";
  const ends = (edge: EdgeRecord) => ({ from: `${name(edge.from[0])}.${edge.from[1]}`, to: `${name(edge.to[0])}.${edge.to[1]}` });
  const said = patch.flatMap(([table, key, , value]) => {
    if (table === "nodes" && value && !before.nodes[key]) return [t("Added {name}.", { name: (value as NodeRecord).name })];
    if (table === "nodes" && !value && before.nodes[key]) return [t("Deleted {name}.", { name: before.nodes[key].name })];
    if (table === "edges" && value && !before.edges[key]) return [t("Wired {from} to {to}.", ends(value as EdgeRecord))];
    if (table === "edges" && !value && before.edges[key]) return [t("Deleted the wire from {from} to {to}.", ends(before.edges[key]))];
    return [];
  });
  const rest = said.length - MOST;
  return rest > 0 ? `${said.slice(0, MOST).join(" ")} ${t("And {n} more.", { n: rest })}` : said.join(" ");
}
