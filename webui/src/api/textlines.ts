/** Answers that come in lines, read while they come. */

/** Yield the lines of an answer, as many at once as came together; the last one too if it has no end. */
export async function* textLines(stream: ReadableStream<Uint8Array>, longest = Infinity): AsyncGenerator<string[], void, void> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = rest.split("\n");
      rest = done ? "" : (lines.pop() ?? "");
      yield lines;
      if (done) return;
      if (rest.length > longest) throw new RangeError(`a line of more than ${longest} characters`);
    }
  } finally {
    // Whoever stops reading ends the work there, too.
    await reader.cancel().catch(() => undefined);
  }
}
