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
    const [attempt, setAttempt] = useState(0);
    useEffect(() => {
      if (Found !== undefined) return;
      load().then(
        (module) => {
          loaded = module.default;
          setFound(() => module.default);
        },
        // After an upgrade the page that is open asks for files that are there no more.
        () => setProblem(new Problem(t.problem.newer, "newer")),
      );
    }, [attempt]);
    if (Found !== undefined) return <Found {...props} />;
    if (problem === undefined) return <Waiting />;
    const again = () => {
      // Browsers keep it in mind that a module could not be loaded: only a new page asks for it again.
      setProblem(undefined);
      setAttempt(attempt + 1);
      location.reload();
    };
    return <Fault problem={problem} again={again} />;
  };
}
