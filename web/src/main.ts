// Puts the page into the document.

import { mount } from "svelte";
import App from "./App.svelte";
import "./tokens.css";
import "./page.css";

mount(App, { target: document.body });
