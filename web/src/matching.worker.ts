// Matches beside the page, where a pattern that takes for ever holds up nothing, and can be ended. It knows the page's word alone.

import { answer, type Question } from "./answering";

addEventListener("message", ({ data }: MessageEvent<Question>) => postMessage(answer(data, () => performance.now())));
postMessage("ready");
