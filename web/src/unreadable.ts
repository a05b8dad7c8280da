// Why a log that is listed cannot be read, in the reader's language. The agent says it in English, with the very words of `en`; what is not
// among them is shown as it says it.

import { m } from "./language";
import { en } from "./messages/en";
import { visible } from "./text";

const KNOWN: Readonly<Record<string, () => string>> = {
  [en.list_denied]: () => m.list_denied,
  [en.list_hangs]: () => m.list_hangs,
  [en.list_not_regular]: () => m.list_not_regular,
  [en.list_no_name]: () => m.list_no_name,
  [en.list_nowhere]: () => m.list_nowhere,
};

export function unreadable(said: string): string {
  return KNOWN[said]?.() ?? visible(said);
}
