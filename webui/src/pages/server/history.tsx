/** What happened to a server: who did what, how runs ended and with what last words; the newest first, live. */

import { useSignalEffect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { serverPath } from "../../api/base";
import { type Problem, problemOf } from "../../api/problem";
import { askJson } from "../../api/request";
import { duration, moment } from "../../format";
import { useBack } from "../../live/again";
import { store } from "../../live/store";
import type { Happening, State } from "../../live/types";
import { Button } from "../../parts/button";
import { Fault, Waiting } from "../../parts/load";
import { Ago } from "../../parts/time";
import { causeText } from "../../servers/next";
import { plainLine, whyOf, withNew, withOlder } from "../../servers/told";
import { t } from "../../strings";

/** Events of a page. */
const PAGE = 20;

const words = t.server.history;

const TONES: Readonly<Record<State, string>> = {
  stopped: "dim",
  starting: "info",
  running: "good",
  stopping: "info",
  backoff: "bad",
  failed: "bad",
};

/** Draw it. */
export function History({ name }: { name: string }) {
  const [events, setEvents] = useState<readonly Happening[]>();
  const [problem, setProblem] = useState<Problem>();
  const [end, setEnd] = useState(false);
  const here = useRef(name);
  here.current = name;
  /** What happens while the answer is on its way: it may not be in it. */
  const early = useRef<Happening[]>([]);
  /** How often it was asked from the beginning: an answer that was overtaken by another one is too old. */
  const asked = useRef(0);

  const ask = async (before?: number) => {
    const turn = before === undefined ? (asked.current += 1) : asked.current;
    if (before === undefined) early.current = [];
    const query = before === undefined ? { limit: PAGE } : { limit: PAGE, before };
    const { history } = await askJson<{ history: Happening[] }>(serverPath(name, "history"), { query });
    if (here.current !== name || turn !== asked.current) return;
    setEnd(history.length < PAGE);
    setEvents((known) => (before === undefined ? early.current.reduce(withNew, history as readonly Happening[]) : withOlder(known ?? [], history)));
  };
  const begin = async () => {
    try {
      setProblem(undefined);
      await ask();
    } catch (thrown) {
      setProblem(problemOf(thrown));
    }
  };
  useEffect(() => void begin(), [name]);
  useBack(begin, true);
  useSignalEffect(() => {
    const event = store.happened.value;
    if (event?.server !== here.current) return;
    early.current.push(event);
    setEvents((known) => known && withNew(known, event));
  });

  return (
    <section class="card" aria-label={words.title}>
      <h2>{words.title}</h2>
      {problem && <Fault problem={problem} again={begin} />}
      {events === undefined && !problem && <Waiting />}
      {events?.length === 0 && <p class="dim">{words.none}</p>}
      <ol class="history">
        {events?.map((event) => (
          <Entry key={event.id} event={event} />
        ))}
      </ol>
      {events !== undefined && events.length > 0 && (
        <div class="row">
          {end ? (
            <span class="dim">{words.end}</span>
          ) : (
            <Button small onClick={() => ask(events.at(-1)?.id)}>
              {words.older}
            </Button>
          )}
        </div>
      )}
    </section>
  );
}

function Entry({ event }: { event: Happening }) {
  const healthy = event["healthy"];
  const tone = event.to !== undefined ? TONES[event.to] : healthy === true ? "good" : healthy === false ? "warn" : "info";
  const title = event.to !== undefined ? t.state[event.to] : healthy === true ? t.servers.healthy : healthy === false ? t.state.unhealthy : event.type;
  const why = whyOf(event);
  const exit = event.exit;
  const hint = event["hint"];
  const more = [
    causeText(event.cause),
    // Most reasons have it in them.
    exit != null && exit.ran > 0 && !why.includes(" after ") && words.ran(duration(exit.ran, true)),
    exit?.note,
    typeof event["run"] === "number" && event.to === "starting" && words.run(event["run"]),
  ].filter(Boolean);
  const lines = event.lines ?? [];
  return (
    <li>
      <div class="when dim">
        <span>{moment(event.at)}</span>
        <small>
          <Ago at={event.at} />
        </small>
      </div>
      <div class="what">
        <div class="row">
          <span class={`chip ${tone}`}>{title}</span>
          <span>{why}</span>
        </div>
        {more.length > 0 && <div class="dim">{more.join(" · ")}</div>}
        {typeof hint === "string" && <div class="warn">{hint}</div>}
        {lines.length > 0 && (
          <details>
            <summary>{words.lines(lines.length)}</summary>
            <pre class="last-words">{lines.map(plainLine).join("\n")}</pre>
          </details>
        )}
      </div>
    </li>
  );
}
