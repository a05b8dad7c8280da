// JSON as it is written: numbers keep every digit, members their order and their doubles, which `JSON.parse` would lose.
// Between a line's text and its fields (`fields.ts`) and tree (`parts/Tree.svelte`). Pure. It refuses what is no JSON, and what is nested so
// deep or has so many values that showing it would stop the browser.

export interface Member {
  key: string;
  value: Json;
}
export type Json =
  | { kind: "object"; members: readonly Member[]; source: string }
  | { kind: "array"; values: readonly Json[]; source: string }
  /** `text`: with its escapes undone. */
  | { kind: "string"; text: string; source: string }
  /** A number, true, false or null. */
  | { kind: "plain"; source: string };

const DEEP = 64;
/** Values of one line: a page of a tree has a hundred, a line of a mebibyte rarely this many. */
const MOST = 50_000;

const SPACE = /[ \t\r\n]*/y;
// oxlint-disable-next-line no-control-regex
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const PLAIN = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

class No extends Error {}

/** An object; null for everything else. */
export function objectOf(text: string): Extract<Json, { kind: "object" }> | null {
  const start = text.trimStart();
  if (!start.startsWith("{") || !start.trimEnd().endsWith("}")) return null;
  try {
    const reader = new Reader(text);
    const value = reader.whole();
    return value.kind === "object" ? value : null;
  } catch (error) {
    if (error instanceof No) return null;
    throw error;
  }
}

class Reader {
  #at = 0;
  #count = 0;

  constructor(private readonly text: string) {}

  whole(): Json {
    const value = this.#value(0);
    if (this.#at !== this.text.length) throw new No();
    return value;
  }

  #value(depth: number): Json {
    if (depth > DEEP || ++this.#count > MOST) throw new No();
    this.#take(SPACE);
    const start = this.#at;
    const first = this.text[start];
    const value = first === "{" ? this.#object(depth) : first === "[" ? this.#array(depth) : first === '"' ? this.#string() : this.#plain();
    const source = this.text.slice(start, this.#at);
    this.#take(SPACE);
    return { ...value, source };
  }

  #object(depth: number): Json {
    const members: Member[] = [];
    this.#list("}", () => {
      this.#take(SPACE);
      const key = this.#string().text;
      this.#take(SPACE);
      this.#sign(":");
      members.push({ key, value: this.#value(depth + 1) });
    });
    return { kind: "object", members, source: "" };
  }

  #array(depth: number): Json {
    const values: Json[] = [];
    this.#list("]", () => values.push(this.#value(depth + 1)));
    return { kind: "array", values, source: "" };
  }

  #list(end: string, one: () => unknown): void {
    this.#at++;
    this.#take(SPACE);
    if (this.text[this.#at] !== end) {
      one();
      while (this.text[this.#at] === ",") {
        this.#at++;
        one();
      }
    }
    this.#sign(end);
  }

  #string(): Extract<Json, { kind: "string" }> {
    const source = this.#take(STRING);
    // What passed the form is a string that this one knows, too.
    return { kind: "string", text: source.includes("\\") ? (JSON.parse(source) as string) : source.slice(1, -1), source: "" };
  }

  #plain(): Json {
    this.#take(PLAIN);
    return { kind: "plain", source: "" };
  }

  #sign(sign: string): void {
    if (this.text[this.#at] !== sign) throw new No();
    this.#at++;
  }

  #take(form: RegExp): string {
    form.lastIndex = this.#at;
    const found = form.exec(this.text)?.[0];
    if (found === undefined) throw new No();
    this.#at += found.length;
    return found;
  }
}
