import { createRoot } from "react-dom/client";
import { chooseLanguage, connect, setTheme, usePage } from "./core/store";
import { drawn } from "./core/live";
import { LANGUAGES } from "./core/i18n";
import { SocketLine } from "./core/transport";
import { App } from "./view/App";
import "@xyflow/react/dist/style.css";
import "uplot/dist/uPlot.min.css";
import "./style.css";

const KEY = "spark-session";

function address(): string {
  const url = new URL("ws", document.baseURI);
  url.protocol = url.protocol.replace("http", "ws");
  const session = sessionStorage.getItem(KEY);
  if (session) url.searchParams.set("session", session);
  return url.href;
}

Object.assign(window, { sparkDrawn: drawn });
setTheme(localStorage.getItem("spark-theme") ?? "auto");
const wished = localStorage.getItem("spark-language") ?? navigator.language.slice(0, 2);
chooseLanguage(wished in LANGUAGES ? wished : "en");
document.documentElement.lang = usePage.getState().language;
usePage.subscribe((now, before) => {
  if (now.theme !== before.theme) localStorage.setItem("spark-theme", now.theme);
  if (now.language !== before.language) {
    localStorage.setItem("spark-language", now.language);
    document.documentElement.lang = now.language;
  }
  if (now.document.meta !== before.document.meta || now.dirty !== before.dirty) document.title = `${now.dirty ? "• " : ""}${String(now.document.meta.name ?? "brain")} – Spark`;
});
connect(new SocketLine(address), (session) => sessionStorage.setItem(KEY, session));
createRoot(document.getElementById("root")!).render(<App />);
