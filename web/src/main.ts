// Puts the page into the document, in the language of its reader.

import "./early";
import { mount } from "svelte";
import { firstLines } from "./ahead";
import App from "./App.svelte";
import { speak } from "./language";
import "./tokens.css";
import "./page.css";

await Promise.all([speak(), firstLines()]);
mount(App, { target: document.body });
