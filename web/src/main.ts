// Puts the page into the document, in the language of its reader.

import { mount } from "svelte";
import App from "./App.svelte";
import { speak } from "./language";
import "./tokens.css";
import "./page.css";

await speak();
mount(App, { target: document.body });
