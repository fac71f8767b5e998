/** Words that may be meant: those of lines that were typed before, and those that stand in the output. */

/** What is looked at of each word; a word is what programs take for one. */
const WORD = /[\p{L}\p{N}_][\p{L}\p{N}_\-./:@]*/gu;
const MOST = 50;

export interface Completions {
  /** Where the word begins that is completed. */
  begin: number;
  words: string[];
}

/** Return the words that go on from the one before the cursor: of the history first, the latest first. */
export function completions(text: string, cursor: number, history: readonly string[], output: readonly string[]): Completions {
  const begin = text.slice(0, cursor).search(/\S*$/);
  const typed = text.slice(begin, cursor);
  if (typed === "") return { begin, words: [] };
  const sought = typed.toLowerCase();
  const found = new Set<string>();
  const look = (lines: readonly string[], pattern: RegExp) => {
    for (let at = lines.length - 1; at >= 0 && found.size < MOST; at -= 1) {
      for (const [word] of (lines[at] ?? "").matchAll(pattern)) {
        const plain = word.replace(/[.:]+$/, "");
        if (plain.length > typed.length && plain.toLowerCase().startsWith(sought)) found.add(plain);
      }
    }
  };
  look(history, /\S+/g);
  look(output, WORD);
  return { begin, words: [...found].slice(0, MOST) };
}
