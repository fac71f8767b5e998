/** Pages that are loaded when they are first shown: the list of servers should not wait for the editor. */

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Problem } from "../api/problem";
import { t } from "../strings";
import { Fault, Waiting } from "./load";

/** Return a component in whose place the loaded one is drawn. */
export function lazy<P extends object>(load: () => Promise<{ default: ComponentType<P> }>): ComponentType<P> {
  let loaded: ComponentType<P> | undefined;
  return function Lazy(props: P) {
    const [Found, setFound] = useState<ComponentType<P> | undefined>(() => loaded);
    const [problem, setProblem] = useState<Problem>();
    useEffect(() => {
      if (Found !== undefined) return;
      load().then(
        (module) => {
          loaded = module.default;
          setFound(() => module.default);
        },
        () => void whyNot().then(setProblem),
      );
    }, []);
    if (Found !== undefined) return <Found {...props} />;
    if (problem === undefined) return <Waiting />;
    const again = async () => {
      // Browsers keep it in mind that a module could not be loaded: only a new page asks for it again. While nobody
      // answers there is none: the browser would put its own page in place of ours, with all that is typed.
      const why = await whyNot();
      setProblem(why);
      if (why.kind === "newer") location.reload();
    };
    return <Fault problem={problem} again={again} />;
  };
}

/** Return why a part of the page is not there: nobody answers, or other files are there after an upgrade. */
async function whyNot(): Promise<Problem> {
  let thrown: unknown;
  try {
    const answer = await fetch(document.baseURI, { method: "HEAD", cache: "no-store" });
    if (answer.ok) return new Problem(t.problem.newer, "newer");
  } catch (error) {
    thrown = error;
  }
  return new Problem(t.problem.unreachable, "unreachable", 0, thrown);
}
