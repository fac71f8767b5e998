/** Lines of a log. Each is drawn once, however often the list changes. */

import type { VNode } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { day, fullMoment } from "../../format";
import { Waiting } from "../../parts/load";
import { hashOf } from "../../route";
import { t } from "../../strings";
import { type Asked, addressOf } from "./asked";
import type { Row } from "./entries";
import type { LogModel } from "./model";
import { marked, spansOf } from "./sgr";

/** Characters of a line that are shown at once. */
const LONG = 3000;

/** Pixels from an end at which more is asked for, and within which one is at the end. */
const NEAR = 400;
const PINNED = 24;

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

export interface ListProps {
  model: LogModel;
  name: string;
  asked: Asked;
  finder: RegExp | null;
  wrap: boolean;
}

/** Draw it. */
export function List({ model, name, asked, finder, wrap }: ListProps) {
  const box = useRef<HTMLDivElement>(null);
  const anchor = useRef<{ element: HTMLElement; top: number } | null>(null);
  const question = useRef(-1);
  const drawn = useRef({ finder, asked, nodes: new WeakMap<Row, VNode>() });
  const rows = model.rows.value;
  if (drawn.current.finder !== finder || drawn.current.asked !== asked) drawn.current = { finder, asked, nodes: new WeakMap() };

  // What is looked at stays where it is, whatever comes or goes above.
  useLayoutEffect(() => {
    const list = box.current;
    if (list === null) return;
    if (question.current !== model.question.value) {
      question.current = model.question.value;
      const here = list.querySelector<HTMLElement>(".log-row.here");
      if (here !== null) here.scrollIntoView({ block: "center" });
      else list.scrollTop = list.scrollHeight;
    } else if (model.pinned) {
      list.scrollTop = list.scrollHeight;
    } else if (anchor.current?.element.isConnected) {
      list.scrollTop += anchor.current.element.offsetTop - anchor.current.top;
    }
    remember();
  }, [rows, model.question.value]);

  const remember = () => {
    const list = box.current;
    if (list === null) return;
    model.pinned = model.last.value && list.scrollHeight - list.scrollTop - list.clientHeight <= PINNED;
    const { left, top } = list.getBoundingClientRect();
    const element = document.elementFromPoint(left + 12, top + 40)?.closest<HTMLElement>(".log-row");
    anchor.current = element ? { element, top: element.offsetTop } : null;
  };
  const scrolled = () => {
    const list = box.current;
    if (list === null) return;
    remember();
    if (list.scrollTop < NEAR) void model.older();
    if (list.scrollHeight - list.scrollTop - list.clientHeight < NEAR) void model.newer();
  };

  let shownDay = "";
  const lines: VNode[] = [];
  rows.forEach((row, at) => {
    if (row.time !== null) {
      const today = day(row.time);
      if (today !== shownDay) {
        shownDay = today;
        lines.push(
          <div key={`day-${today}-${at === 0 ? "first" : row.end}`} class="log-day">
            {today}
          </div>,
        );
      }
    }
    let node = drawn.current.nodes.get(row);
    if (node === undefined) {
      node = <Line key={`${row.stream}:${row.offset}:${row.end}:${row.notice}`} row={row} name={name} asked={asked} finder={finder} />;
      drawn.current.nodes.set(row, node);
    }
    lines.push(node);
  });
  return (
    <div ref={box} class={["log-list", wrap && "wrap", model.loading.value === "all" && "stale"].filter(Boolean).join(" ")} role="region" aria-label={t.logs.list(name)} tabIndex={0} onScroll={scrolled}>
      {model.loading.value === "older" && <Waiting />}
      {model.first.value && rows.length > 0 && <div class="log-edge">{t.logs.begins}</div>}
      {lines}
      {model.loading.value === "newer" && <Waiting />}
    </div>
  );
}

function Line({ row, name, asked, finder }: { row: Row; name: string; asked: Asked; finder: RegExp | null }) {
  const [whole, setWhole] = useState(false);
  const { spot } = asked;
  const here = spot !== null && spot.stream === row.stream && spot.end === row.end;
  const text = whole ? row.line : row.line.slice(0, LONG);
  const moment = row.time === null ? "--:--:--" : TIME.format(row.time * 1000);
  const spans = marked(spansOf(text), finder);
  const place = { ...asked, text: "", regex: false, exact: false, spot: { stream: row.stream, end: row.end, time: row.time } };
  return (
    <div class={["log-row", here && "here", row.notice && "notice-row"].filter(Boolean).join(" ")}>
      <a
        class="log-time"
        href={hashOf(["server", name, "logs"], addressOf({ ...place, range: "all", from: null, to: null }))}
        title={`${row.time === null ? t.logs.noTime : fullMoment(row.time)}. ${t.logs.around}`}
        aria-label={t.logs.aroundAt(moment)}
      >
        {moment}
      </a>
      <span class="log-text">
        {spans.map(({ text: part, look, hit }, at) => {
          const inner = hit ? <mark>{part}</mark> : part;
          return look === "" ? inner : (
            <span key={at} class={look}>
              {inner}
            </span>
          );
        })}
        {row.line.length > text.length && (
          <button type="button" class="log-more" onClick={() => setWhole(true)}>
            {t.logs.more(row.line.length - text.length)}
          </button>
        )}
      </span>
    </div>
  );
}
