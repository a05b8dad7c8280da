// A line of JSON as people read it: its message first, then the other fields, each on one line and not too long. Its level is the row's sign.
// Between a line and its row; what is left out of a field is in the tree. Pure.

import { objectOf, type Json, type Member } from "./json";
import type { Line } from "./shapes";
import { stretch } from "./text";

export interface Field {
  key: string;
  /** As it is written; of a string what it says, in its quotes only where they are needed to see where it ends. */
  value: string;
  source: string;
}

export interface Fields {
  /** As the line has it; not where the row shows a time of its own. */
  time: string | null;
  message: string | null;
  fields: readonly Field[];
  /** How many more there are. */
  more: number;
}

/** Longer lines are shown as they are written; as a tree they can be opened all the same. */
export const LONGEST = 64 * 1024;
const MOST = 40;
const VALUE = 240;
const MESSAGE = 4000;

const MESSAGES = ["msg", "message", "@m", "short_message", "event", "@mt", "log", "body", "MESSAGE"];
const TIMES = new Set(["time", "ts", "timestamp", "@timestamp", "@t", "datetime", "t", "date", "_time"]);
const LEVELS = new Set(["level", "severity", "lvl", "loglevel", "log.level", "@l", "levelname", "severity_text", "severityText"]);

/** Null for what is no object, or too long to be looked at with each row that passes. */
export function fieldsOf(line: Line, timeShown: boolean): Fields | null {
  const first = line.text.charCodeAt(0);
  if ((first !== 0x7b && first !== 0x20) || line.text.length > LONGEST || line.cut !== undefined) return null;
  const object = objectOf(line.text);
  if (!object || object.members.length === 0) return null;
  const { members } = object;
  const message = MESSAGES.map((key) => members.find(({ key: name, value }) => name === key && value.kind === "string")).find((each) => each !== undefined);
  const time = line.time === null ? undefined : members.find(({ key }) => TIMES.has(key));
  const level = line.level === null ? undefined : members.find(({ key, value }) => LEVELS.has(key) && value.kind !== "object");
  const rest = members.filter((each) => each !== message && each !== time && each !== level);
  return {
    time: time && !timeShown ? plain(time) : null,
    message: message?.value.kind === "string" ? stretch(message.value.text, 0, MESSAGE) : null,
    fields: rest.slice(0, MOST).map((each) => ({ key: each.key, value: short(each.value), source: each.value.source })),
    more: Math.max(0, rest.length - MOST),
  };
}

function plain({ value }: Member): string {
  return value.kind === "string" ? value.text : value.source;
}

/** A word stands as it is; what has spaces or looks like something else keeps its quotes. */
function short(value: Json): string {
  const isWord = value.kind === "string" && /^[^\s"=,[\]{}]+$/.test(value.text) && !/^(?:-?\d[\d.eE+-]*|true|false|null)$/.test(value.text);
  const text = isWord ? value.text : value.source;
  return text.length > VALUE ? `${stretch(text, 0, VALUE)}…` : text;
}
