import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { piecesOf, type Piece } from "../src/pieces";

const ESC = "\u001b";

function of(text: string): Piece[] {
  const pieces = piecesOf(text);
  return typeof pieces === "string" ? [{ text: pieces, look: "" }] : pieces;
}

const said = (text: string): string => of(text).map((piece) => piece.text).join("");
const look = (text: string): (string | undefined)[] => of(text).map((piece) => `${piece.text}:${piece.look}${piece.colour ?? ""}${piece.ground ?? ""}`);

test("a line that is nothing but text stays a string", () => {
  expect(piecesOf("GET /a 200\tok")).toBe("GET /a 200\tok");
  expect(piecesOf("ends as elsewhere\r")).toBe("ends as elsewhere");
});

test.each([
  ["one of 16", `a ${ESC}[31mred${ESC}[0m b`, ["a :", "red:colour-1", " b:"]],
  ["a bright one", `${ESC}[92mok`, ["ok:colour-10"]],
  ["an empty reset", `${ESC}[31mred${ESC}[m b`, ["red:colour-1", " b:"]],
  ["one of 256 that is one of 16", `${ESC}[38;5;9mx`, ["x:colour-9"]],
  ["one of 256", `${ESC}[38;5;208mx`, ["x:own#ff8700"]],
  ["a grey of 256", `${ESC}[38;5;244mx`, ["x:own#808080"]],
  ["a true colour", `${ESC}[38;2;18;52;86mx`, ["x:own#123456"]],
  ["a true colour with colons", `${ESC}[38:2::18:52:86mx${ESC}[38:2:18:52:86my`, ["x:own#123456", "y:own#123456"]],
  ["a face behind a colour", `${ESC}[38;5;208;1;4mx`, ["x:bold underline own#ff8700"]],
  ["all faces", `${ESC}[1;2;3;4;9mx`, ["x:bold dim italic underline strike"]],
  ["faces that end", `${ESC}[1;3;4;9mx${ESC}[22;23;24;29my`, ["x:bold italic underline strike", "y:"]],
  ["an underline of no kind", `${ESC}[4:3mx${ESC}[4:0my`, ["x:underline", "y:"]],
  ["inverse", `${ESC}[7mx${ESC}[31my${ESC}[27mz`, ["x:inverse", "y:ground-1", "z:colour-1"]],
  ["a ground, on which the text can be read", `${ESC}[41;37mx${ESC}[31;41my`, ["x:ground-1", "y:ground-1"]],
  ["a ground of its own", `${ESC}[48;2;255;255;0mx${ESC}[48;5;17my`, ["x:on-light#ffff00", "y:on-dark#00005f"]],
  ["what is hidden or blinks", `${ESC}[8;5mpassword`, ["password:"]],
  ["a colour that is none", `${ESC}[38;5;999mx${ESC}[38;2;1;2mx`, ["x:", "x:"]],
])("%s is shown", (_, text, pieces) => {
  expect(look(text).join("|").replaceAll("x:|x:", "xx:")).toBe(pieces.join("|").replaceAll("x:|x:", "xx:"));
});

test.each([
  ["clears and moves", `a${ESC}[2J${ESC}[10;20Hb`, "ab"],
  ["a title", `a${ESC}]0;owned\u0007b`, "ab"],
  ["a link of the terminal", `${ESC}]8;;http://x${ESC}\\text${ESC}]8;;${ESC}\\`, "text"],
  ["a device control string", `a${ESC}P1$r0m${ESC}\\b`, "ab"],
  ["a charset", `a${ESC}(Bb`, "ab"],
  ["the clipboard of the reader", `a${ESC}]52;c;cm0gLXJm\u0007b`, "ab"],
])("%s is dropped and does nothing", (_, text, shown) => expect(said(text)).toBe(shown));

test("a string for the terminal that has no end hides nothing of the line", () => {
  expect(said(`a${ESC}]0;the rest`)).toBe("a\\x1b]0;the rest");
  expect(said(`a${ESC}Pthe rest`)).toBe("a\\x1bPthe rest");
});

test("what is hidden or turns text around is a picture that stands out from the text", () => {
  expect(look("user\u202etxt.exe")).toEqual(["user:", "\\u{202e}:odd", "txt.exe:"]);
  expect(look("pass\u200bword")).toEqual(["pass:", "\\u{200b}:odd", "word:"]);
  expect(look("a\u0000b\u00adc\u{e0041}\ufffd")).toEqual(["a:", "\\x00:odd", "b:", "\\u{ad}:odd", "c:", "\\u{e0041}:odd", "�:odd"]);
});

test("a joiner is seen in plain words, and stays where a picture or a script needs it", () => {
  expect(said("pay\u200dpal")).toBe("pay\\u{200d}pal");
  expect(said("👩\u200d💻 می\u200cخواهم")).toBe("👩\u200d💻 می\u200cخواهم");
});

test("a link is http or https, ends before what ends a sentence, and nothing else becomes one", () => {
  const links = (text: string): (string | undefined)[] => of(text).flatMap(({ href }) => href ?? []);
  expect(links("see https://a.example/x?y=1#z, and (http://b.example/w_(x)).")).toEqual(["https://a.example/x?y=1#z", "http://b.example/w_(x)"]);
  expect(links(`{"url":"https://a.example/x"}`)).toEqual(["https://a.example/x"]);
  expect(links("javascript:alert(1)//http:// data:text/html,x file:///etc/passwd javascript://x")).toEqual([]);
  expect(links("http://a.example/\u202egpj.exe")).toEqual([]);
  expect(said("see https://a.example/x, now")).toBe("see https://a.example/x, now");
});

test("a line that changes its colour at each letter is whole, and bounded in what it costs", () => {
  const text = Array.from({ length: 5000 }, (_, i) => `${ESC}[3${i % 8}mx`).join("");
  expect(of(text).length).toBeLessThanOrEqual(402);
  expect(said(text)).toBe("x".repeat(5000));
  expect(of("\u0000x".repeat(5000)).length).toBeLessThanOrEqual(402);
  expect(said("\u0000x".repeat(5000))).toBe("\\x00x".repeat(5000));
});

/** Contrast by WCAG 2. */
function contrast(a: string, b: string): number {
  const [x = 0, y = 0] = [a, b].map(luminance).sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
}

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const c = parseInt(colour.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

test("each of the 16 colours can be read on every ground of a row, and each ground has a text that can, in light and dark", () => {
  const css = readFileSync(resolve(import.meta.dirname, "../src/tokens.css"), "utf8");
  const token = (name: string, theme: 1 | 2): string => new RegExp(`--${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(css)?.[theme] ?? "";
  const poor = ([1, 2] as const).flatMap((theme) =>
    Array.from({ length: 16 }, (_, i) => `ansi-${i}`).flatMap((colour) =>
      ["ground", "raised", "warn-ground", "bad-ground", "marked"].filter((ground) => !(contrast(token(colour, theme), token(ground, theme)) >= 4.5)).map((ground) => `${colour} on ${ground}`),
    ),
  );
  expect(poor).toEqual([]);
});
