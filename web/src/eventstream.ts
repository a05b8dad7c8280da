// Text of an event stream (WHATWG HTML, section 9.2) as it comes, in pieces of any size: gives out what each whole event says.
// Only what the hub sends is understood: `data`, `retry` and comments; ids are not needed, since each event names its position.
// It refuses to hold more than one event that is not whole yet.

/** Characters of one event: the hub's are a quarter of a mebibyte of lines, escaped. More than this is no hub of ours. */
const LONGEST = 64 * 1024 * 1024;

export interface Told {
  /** What an event carries. */
  data?: string;
  /** Come again after so many milliseconds: the hub is about to stop. */
  retry?: number;
}

export class EventText {
  #rest = "";

  /** What became whole with this piece. Throws when an event has no end. */
  read(piece: string): Told[] {
    const paragraphs = (this.#rest + piece).split("\n\n");
    this.#rest = paragraphs.pop() ?? "";
    if (this.#rest.length > LONGEST) throw new RangeError();
    return paragraphs.map(told).filter(({ data, retry }) => data !== undefined || retry !== undefined);
  }
}

function told(paragraph: string): Told {
  const all: Told = {};
  for (const line of paragraph.split("\n")) {
    if (line.startsWith("data: ")) all.data = (all.data === undefined ? "" : `${all.data}\n`) + line.slice(6);
    if (line.startsWith("retry: ")) all.retry = Number(line.slice(7));
  }
  return all;
}

/** The same as a frame of a WebSocket says it. */
export function frameOf({ data, retry }: Told): string {
  return data ?? JSON.stringify({ type: "bye", retry_ms: retry, words: "" });
}
