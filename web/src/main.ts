// Puts the page into the document, in the language of its reader.

import { mount } from "svelte";
import App from "./App.svelte";
import { speak } from "./language";
import "./tokens.css";
import "./page.css";
import { dress } from "./theme";

dress();
await speak();
mount(App, { target: document.body });
