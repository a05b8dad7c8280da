// Puts the page into the document, in the language of its reader.

import "./early";
import { flushSync, mount, tick } from "svelte";
import { firstLines } from "./ahead";
import App from "./App.svelte";
import { pressKept } from "./keysahead";
import { speak } from "./language";
import "./tokens.css";
import "./page.css";

await Promise.all([speak(), firstLines()]);
mount(App, { target: document.body });
// Whoever listens to keys is there when they come.
flushSync();
await pressKept(tick);
