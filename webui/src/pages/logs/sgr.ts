/**
 * Colours in a line, as spans: of all escape sequences only SGR means something, the others are left out.
 *
 * The 16 colours are those of the terminal, by class; of the other ones the nearest of the 16 is taken, so that any can
 * be read, dark and light.
 */

export interface Span {
  text: string;
  /** Classes, such as `sgr-b fg1`; empty for plain text. */
  look: string;
}

// CSI with its end, OSC and other strings with theirs, and what has two letters. What is cut off is left out, too.
const SEQUENCE =
  // eslint-disable-next-line no-control-regex
  /\x1b(?:\[([0-?]*)[ -/]*([@-~]?)|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~]?)|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f\x80-\x9f]/g;

interface Look {
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  strike: boolean;
  inverse: boolean;
  front: number | null;
  back: number | null;
}

const PLAIN: Look = {
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  strike: false,
  inverse: false,
  front: null,
  back: null,
};

/** Return a line as spans. */
export function spansOf(line: string): Span[] {
  if (!/[\x00-\x1f\x7f-\x9f]/.test(line)) return line === "" ? [] : [{ text: line, look: "" }];
  const spans: Span[] = [];
  let look = PLAIN;
  let at = 0;
  // What a program has written over, it has meant to be gone.
  const text = line.slice(line.trimEnd().lastIndexOf("\r") + 1);
  const add = (part: string) => {
    if (part === "") return;
    const name = nameOf(look);
    const last = spans.at(-1);
    if (last?.look === name) last.text += part;
    else spans.push({ text: part, look: name });
  };
  for (const found of text.matchAll(SEQUENCE)) {
    add(text.slice(at, found.index));
    at = found.index + found[0].length;
    if (found[2] === "m" && /^[\d;:]*$/.test(found[1] ?? "")) look = changed(look, (found[1] ?? "").split(/[;:]/).map(Number));
  }
  add(text.slice(at));
  return spans;
}

function changed(before: Look, codes: number[]): Look {
  const look = { ...before };
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0;
    if (code === 0) Object.assign(look, PLAIN);
    else if (code === 1) look.bold = true;
    else if (code === 2) look.dim = true;
    else if (code === 3) look.italic = true;
    else if (code === 4) look.underline = true;
    else if (code === 7) look.inverse = true;
    else if (code === 9) look.strike = true;
    else if (code === 22) look.bold = look.dim = false;
    else if (code === 23) look.italic = false;
    else if (code === 24) look.underline = false;
    else if (code === 27) look.inverse = false;
    else if (code === 29) look.strike = false;
    else if (code >= 30 && code <= 37) look.front = code - 30;
    else if (code >= 40 && code <= 47) look.back = code - 40;
    else if (code >= 90 && code <= 97) look.front = code - 82;
    else if (code >= 100 && code <= 107) look.back = code - 92;
    else if (code === 39) look.front = null;
    else if (code === 49) look.back = null;
    else if (code === 38 || code === 48) {
      const [colour, used] = extended(codes.slice(at + 1));
      at += used;
      if (code === 38) look.front = colour;
      else look.back = colour;
    }
  }
  return look;
}

function extended(codes: number[]): [number | null, number] {
  if (codes[0] === 5) {
    const number = codes[1] ?? 0;
    if (number < 16) return [number, 2];
    if (number >= 232) return [nearest([0, 1, 2].map(() => 8 + (number - 232) * 10)), 2];
    const steps = [Math.floor((number - 16) / 36), Math.floor((number - 16) / 6) % 6, (number - 16) % 6];
    return [nearest(steps.map((step) => (step === 0 ? 0 : 55 + step * 40))), 2];
  }
  return codes[0] === 2 ? [nearest(codes.slice(1, 4)), 4] : [null, 1];
}

function nearest(parts: number[]): number {
  const [red = 0, green = 0, blue = 0] = parts;
  const most = Math.max(red, green, blue);
  const least = Math.min(red, green, blue);
  if (most - least < 32) return most < 64 ? 0 : most < 144 ? 8 : most < 224 ? 7 : 15;
  const middle = (most + least) / 2;
  const base = (red > middle ? 1 : 0) + (green > middle ? 2 : 0) + (blue > middle ? 4 : 0);
  return most > 200 ? base + 8 : base;
}

function nameOf(look: Look): string {
  const { front, back } = look.inverse ? { front: look.back ?? -1, back: look.front ?? -1 } : look;
  return [
    look.bold && "sgr-bold",
    look.dim && "sgr-dim",
    look.italic && "sgr-italic",
    look.underline && "sgr-underline",
    look.strike && "sgr-strike",
    front !== null && back === null && `fg${front}`,
    // On a ground of its own, letters have the colour that can be read there, whatever was meant.
    back !== null && `bg${back}`,
  ]
    .filter(Boolean)
    .join(" ");
}

/** Return spans in which what is found is marked; `found` has the flag g. */
export function marked(spans: readonly Span[], found: RegExp | null): (Span & { hit: boolean })[] {
  const text = spans.map((span) => span.text).join("");
  const hits: [number, number][] = [];
  if (found !== null) {
    for (const hit of text.matchAll(found)) {
      if (hit[0] !== "" && hits.length < 200) hits.push([hit.index, hit.index + hit[0].length]);
    }
  }
  if (hits.length === 0) return spans.map((span) => ({ ...span, hit: false }));
  const parts: (Span & { hit: boolean })[] = [];
  let begin = 0;
  for (const span of spans) {
    const end = begin + span.text.length;
    const edges = new Set([begin, end]);
    for (const hit of hits) for (const edge of hit) if (edge > begin && edge < end) edges.add(edge);
    const sorted = [...edges].sort((one, other) => one - other);
    for (let at = 0; at + 1 < sorted.length; at += 1) {
      const [from = 0, to = 0] = [sorted[at], sorted[at + 1]];
      const hit = hits.some(([first, last]) => first <= from && to <= last);
      parts.push({ text: text.slice(from, to), look: span.look, hit });
    }
    begin = end;
  }
  return parts;
}
