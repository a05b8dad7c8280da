import { expect, test } from "vitest";
import { EventText, frameOf } from "../src/eventstream";

const TEXT = ': here\n\nid: a.b\ndata: {"type":"edge"}\n\n: still here\n\nid: c.d\ndata: {"type":"lines","text":"ü \\n"}\n\nretry: 700\n\n';

test("an event comes out whole however it was cut on its way, and comments do not", () => {
  for (let size = 1; size < TEXT.length; size++) {
    const text = new EventText();
    const told = [];
    for (let at = 0; at < TEXT.length; at += size) told.push(...text.read(TEXT.slice(at, at + size)));
    expect(told).toEqual([{ data: '{"type":"edge"}' }, { data: '{"type":"lines","text":"ü \\n"}' }, { retry: 700 }]);
  }
});

test("what is not whole is not given out", () => {
  expect(new EventText().read('data: {"type":"edge"}\n')).toEqual([]);
});

test("the word to come again is a goodbye, as over a WebSocket", () => {
  expect(JSON.parse(frameOf({ retry: 700 }))).toMatchObject({ type: "bye", retry_ms: 700 });
});
