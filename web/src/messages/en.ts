// What the page says, in English: the one file with words of this language, and the measure of every other one (`zh.ts` must have
// each key, with the same parameters, or it does not compile). A message is a text, or a function where a number or a name goes in.
// Keys are in order of their names; the part before the first `_` is where the words stand.

export const en = {
  app_title: "tailcast",
};

/** What a language must have. */
export type Messages = {
  readonly [Key in keyof typeof en]: (typeof en)[Key] extends (...values: infer Values) => string ? (...values: Values) => string : string;
};
