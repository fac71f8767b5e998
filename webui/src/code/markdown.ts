/** Markdown for CodeMirror: what one wants to see while one writes it (headings, code, links, lists), no more. */

import type { StreamParser } from "@codemirror/language";

interface Place {
  /** The fence that ends the code in which we are. */
  fence: string;
}

export const markdown: StreamParser<Place> = {
  name: "markdown",
  startState: () => ({ fence: "" }),
  copyState: (place) => ({ ...place }),
  token(stream, place) {
    if (stream.sol()) {
      const fence = stream.match(/^\s{0,3}(`{3,}|~{3,})/, false);
      const found = fence === null || fence === true || fence === false ? "" : (fence[1] ?? "");
      if (place.fence !== "") {
        const ends = found.startsWith(place.fence) && stream.string.trim() === found;
        if (ends) place.fence = "";
        stream.skipToEnd();
        return ends ? "meta" : "string";
      }
      if (found !== "") {
        place.fence = found;
        stream.skipToEnd();
        return "meta";
      }
      if (stream.match(/^#{1,6}(\s.*|$)/)) return "heading";
      if (stream.match(/^\s*>/)) return "quote";
      if (stream.match(/^\s*([-+*]|\d+[.)])\s/)) return "keyword";
      if (stream.match(/^\s{0,3}([-*_]\s*){3,}$/)) return "meta";
    }
    if (stream.match(/^`+[^`]*`+/)) return "string";
    if (stream.match(/^!?\[[^\]]*\](\([^)]*\)|\[[^\]]*\])/) || stream.match(/^<?https?:\/\/[^\s>)]+>?/)) return "link";
    if (stream.match(/^(\*\*|__)(?=\S)[^*_]+\1/)) return "strong";
    if (stream.match(/^([*_])(?=\S)[^*_]+\1/)) return "emphasis";
    if (stream.match(/^<!--.*?-->/)) return "comment";
    stream.next();
    stream.eatWhile(/[^`!\[<*_h]/);
    return null;
  },
};
