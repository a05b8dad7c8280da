// Which lines go on with the one before: stack traces of Java and Kotlin, .NET, Python, Go, Rust, Node and Ruby, and what stands indented
// under a line with a time. One line after the other, with what came before in its log; `folds.ts` walks over the rows with it. Pure.
//
// It joins a line only where the form says so. What is wrongly shown costs a row; what is wrongly folded away may be what is looked for. So a
// trace without a time goes under the line before it only if that line speaks of trouble itself.

import type { Line } from "./shapes";
import { TERMINAL } from "./text";

/** What may still come of a trace: frames of any kind; a form with lines of its own; the end of a Python one, which another may follow. */
export type Trace = "none" | "frames" | "python" | "ended" | "chained" | "go" | "rust" | "message";

export interface Verdict {
  joins: boolean;
  trace: Trace;
}

/** Characters of a line that are looked at: its form shows at its beginning, however long it is. */
const HEAD = 500;

/** A word of some first line: most lines have none, and are not looked at further. */
const MAYBE = /Error|Exception|Throwable|[Pp]anic|Traceback|goroutine|fatal/;
const FRAME = /^\s+(?:at\s|from\s|File "|\.\.\. \d+ |Suppressed: |--- )/;
const EXCEPTION = /^(?:Unhandled exception\. |Exception in thread .+? |Uncaught )?(?:[\w$]+(?:\.|::))*[A-Z][\w$]*(?:Error|Exception|Throwable|Panic)\b(?:$|:|\s[([])/;
const PYTHON = /^Traceback \(most recent call last\):/;
const CAUSE = /^Caused by: /;
const CHAINED = /^(?:During handling of the above exception|The above exception was the direct cause)/;
const GO = /^(?:panic: |fatal error: |goroutine \d+ \[)/;
const GO_ON = /^(?:goroutine \d+ \[|created by |\[signal |exit status \d+$|panic: |[\w./*()[\]{}·-]+\(.*\)$)/;
const RUST = /^thread '.*' (?:\(\d+\) )?panicked at /;
const RUST_ON = /^(?:stack backtrace:|note: )/;

/** Whether a line goes on with `head`, and what may follow; `trace`: what came of the head so far. */
export function judge(line: Line, head: Line | null, trace: Trace): Verdict {
  if (line.time !== null) return starts("none");
  const start = line.text.slice(0, HEAD);
  const text = start.startsWith("\u001b") ? start.replace(TERMINAL, "") : start;
  if (head === null) return starts(begun(text));
  if (text === "" || text === "\r") return { joins: trace === "go" || trace === "ended" || trace === "chained", trace };
  if (isIndented(text)) return indented(text, head, trace);
  const next = goesOn(text, trace);
  if (next !== null) return { joins: true, trace: next };
  const fresh = begun(text);
  const belongs = trace === "none" && head.time !== null && isTrouble(head) && (fresh === "frames" || fresh === "python");
  return { joins: belongs, trace: fresh };
}

function starts(trace: Trace): Verdict {
  return { joins: false, trace };
}

function isIndented(text: string): boolean {
  return text.startsWith(" ") || text.startsWith("\t");
}

function indented(text: string, head: Line, trace: Trace): Verdict {
  if (trace !== "none") return { joins: true, trace: trace === "ended" ? "frames" : trace };
  if (FRAME.test(text)) return { joins: true, trace: "frames" };
  return { joins: head.time !== null, trace };
}

/** What may follow when an unindented line goes on with a trace; null when it does not. */
function goesOn(text: string, trace: Trace): Trace | null {
  switch (trace) {
    case "frames":
      return CAUSE.test(text) || text === "}" ? "frames" : null;
    case "python":
      return "ended";
    case "ended":
      return CHAINED.test(text) ? "chained" : null;
    case "chained":
      return PYTHON.test(text) ? "python" : null;
    case "go":
      return GO_ON.test(text) ? "go" : null;
    case "message":
      return "rust";
    case "rust":
      return RUST_ON.test(text) ? "rust" : null;
    case "none":
      return null;
  }
}

/** The trace that a line is the first one of. */
function begun(text: string): Trace {
  if (!MAYBE.test(text)) return "none";
  if (PYTHON.test(text)) return "python";
  if (GO.test(text)) return "go";
  // Since 1.73 what the panic says is on the next line.
  if (RUST.test(text)) return text.endsWith(":") ? "message" : "rust";
  return EXCEPTION.test(text) ? "frames" : "none";
}

function isTrouble({ level }: Line): boolean {
  return level === "warn" || level === "error" || level === "fatal";
}
