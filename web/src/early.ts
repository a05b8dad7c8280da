// What cannot wait for the program: a small script of its own that runs as soon as it is there, before the rest is read. It keeps the keys
// that are pressed, asks for the lines of the first view, puts on the colours that were chosen, and sees which parts a full hub refused.

import { parseAddress } from "./address";
import { openAhead } from "./ahead";
import { keepKeys } from "./keysahead";
import { watchParts } from "./refused";
import { dress } from "./theme";

watchParts();
keepKeys();
const address = parseAddress(new URL(location.href), new URL(document.baseURI).pathname);
if (address.page === "view") openAhead(address);
dress();
