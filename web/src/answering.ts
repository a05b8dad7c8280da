// What is asked of a pattern, and how it is answered: on the page where that is sure to be quick, else beside it (`matching.worker.ts`). Pure.

import { matcher, spans } from "./find";

/** All that can be asked of a text: where a pattern matches, from and to, and whether it does at all. */
export const ASKED = {
  spans,
  any: (regex: RegExp, text: string): boolean => {
    regex.lastIndex = 0;
    return regex.test(text);
  },
};
export type Asked = keyof typeof ASKED;
export type AnswerTo<Kind extends Asked> = ReturnType<(typeof ASKED)[Kind]>;

export interface Question<Kind extends Asked = Asked> {
  asked: Kind;
  pattern: string;
  ignoreCase: boolean;
  texts: string[];
}

/** What came of it: answers for the first texts, for one at least; there is no such pattern; or it is more than the browser can do. */
export type Answers<Kind extends Asked = Asked> = { kind: "known"; answers: AnswerTo<Kind>[] } | { kind: "none" } | { kind: "heavy" };

/** Milliseconds after which others have their turn. */
const STRETCH_MS = 20;

/** Answers for as many texts as there is time for. */
export function answer<Kind extends Asked>({ asked, pattern, ignoreCase, texts }: Question<Kind>, now: () => number): Answers<Kind> {
  const until = now() + STRETCH_MS;
  const regex = matcher(pattern, ignoreCase);
  if (regex === null) return { kind: "none" };
  const find = ASKED[asked] as (regex: RegExp, text: string) => AnswerTo<Kind>;
  const answers: AnswerTo<Kind>[] = [];
  try {
    for (const text of texts) {
      answers.push(find(regex, text));
      if (now() > until) break;
    }
  } catch {
    // Too large to be made ready, or no room to go back in.
    return { kind: "heavy" };
  }
  return { kind: "known", answers };
}
