// A worker that answers when it is told to, with the real answers or with none.

import { answer, type Question } from "../src/answering";
import type { Work } from "../src/watched";

export class FakeWork implements Work {
  onmessage: Work["onmessage"] = null;
  onerror: Work["onerror"] = null;
  ended = false;
  readonly asked: Question[] = [];

  postMessage(question: Question): void {
    this.asked.push(structuredClone(question));
  }

  terminate(): void {
    this.ended = true;
  }

  say(data: unknown): void {
    this.onmessage?.({ data } as MessageEvent);
  }

  /** Answers what it was asked last. */
  answer(now = () => 0): void {
    const question = this.asked.at(-1);
    if (question) this.say(answer(question, now));
  }

  fail(): void {
    this.onerror?.({} as ErrorEvent);
  }
}

/** Workers as they are begun, one after the other. */
export class Works {
  readonly all: FakeWork[] = [];

  start = (): FakeWork => {
    const work = new FakeWork();
    this.all.push(work);
    return work;
  };

  get now(): FakeWork {
    const work = this.all.at(-1);
    if (!work) throw new Error("no worker was begun");
    return work;
  }
}

/** One that answers at once, but for patterns that are deadly: those never. */
export class Quick extends FakeWork {
  constructor(private readonly deadly: (question: Question) => boolean = () => false) {
    super();
    queueMicrotask(() => this.say("ready"));
  }

  override postMessage(question: Question): void {
    super.postMessage(question);
    if (!this.deadly(question)) queueMicrotask(() => this.answer());
  }
}
