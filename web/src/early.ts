// What cannot wait for the program: a small script of its own that runs as soon as it is there, before the rest is read. It keeps the keys
// that are pressed, asks for the lines of the first view, and puts on the colours that were chosen.

import { parseAddress } from "./address";
import { openAhead } from "./ahead";
import { keepKeys } from "./keysahead";
import { dress } from "./theme";

keepKeys();
const address = parseAddress(new URL(location.href), new URL(document.baseURI).pathname);
if (address.page === "view") openAhead(address);
dress();
