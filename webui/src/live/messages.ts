/** Tells in messages what happens, on whatever page the person is. */

import { useRef } from "preact/hooks";
import { account } from "../api/account";
import { tell } from "../parts/toast";
import { go, hashOf, place } from "../route";
import { t } from "../strings";
import { useHappenings } from "./happenings";
import { Tidings, together } from "./tidings";

/** Milliseconds in which what happens is told together. */
const TOGETHER = 400;

/** Tell, for as long as what calls this is drawn. */
export function useMessages(): void {
  const kept = useRef({
    tidings: new Tidings(),
    news: [] as Parameters<typeof together>[0][number][],
  });
  useHappenings((event) => {
    const state = kept.current;
    const one = state.tidings.of(event, account.peek()?.name ?? "");
    if (one === null) return;
    state.news.push(one);
    if (state.news.length > 1) return;
    setTimeout(() => {
      for (const { kind, text, name } of together(state.news.splice(0))) {
        tell({ kind, text, action: name === null || isHere(name) ? undefined : { label: t.tidings.open, run: () => visit(name) } });
      }
    }, TOGETHER);
  });
}

function visit(name: string): void {
  go(hashOf(["server", name]));
}

function isHere(name: string): boolean {
  const [first, second, third] = place.peek().parts;
  return first === "server" && second === name && third === undefined;
}
