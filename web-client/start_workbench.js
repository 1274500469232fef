// Fetches and starts the page's second program (src/bin/workbench.rs) with its style sheet, and tells the page how to open its
// tools, or that there are none. WebAssembly cannot ask for a module by itself, and the page's policy takes scripts from files
// only. A second try has another query: browsers remember which modules they could not get.
const again = new URL(import.meta.url).search;
const tell = (open) => dispatchEvent(new CustomEvent("workbench", { detail: open }));
const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: "/workbench.css" + again });
const styled = new Promise((...settle) => ([sheet.onload, sheet.onerror] = settle));
document.head.append(sheet);
Promise.all([import("./workbench.js" + again), styled])
  .then(([{ default: start, open }]) => start().then(() => tell(open)))
  .catch(() => tell(null));
