/** How far back graphs show, chosen by buttons and by drag; all graphs of a page have the same range. */

import { signal, useComputed } from "@preact/signals";
import { useState } from "preact/hooks";
import { duration } from "../format";
import { store } from "../live/store";
import { t } from "../strings";
import { Button } from "./button";
import { now } from "./time";

export const DAY = 86_400;

/** Seconds. */
const SPANS = [900, 3_600, 21_600, DAY] as const;

/** The person who likes six hours likes them on the next page, too. */
const span = signal<number>(SPANS[1]);

/** A range of time, in Unix seconds by the daemon's clock. */
export interface Range {
  from: number;
  to: number;
  zoomed: boolean;
  zoom: (from: number, to: number) => void;
  /** Back from what was chosen by drag. */
  whole: () => void;
}

/** Return the range; it goes on with the time, unless some of it was chosen by drag. */
export function useRange(): Range {
  const [chosen, setChosen] = useState<readonly [number, number] | null>(null);
  // A step of it is about a pixel: graphs are drawn anew no more often than one would see.
  const step = Math.max(2, span.value / 600);
  const end = useComputed(() => Math.ceil((now.value + store.ahead.value) / Math.max(2, span.value / 600)));
  const to = end.value * step;
  const [from, until] = chosen ?? [to - span.value, to];
  return {
    from,
    to: until,
    zoomed: chosen !== null,
    zoom: (first, last) => setChosen([first, last]),
    whole: () => setChosen(null),
  };
}

/** The buttons. */
export function Ranges({ range }: { range: Range }) {
  return (
    <div class="row" role="group" aria-label={t.graph.ranges} title={t.graph.hint}>
      {range.zoomed && (
        <Button small icon="undo" onClick={range.whole}>
          {t.graph.back}
        </Button>
      )}
      {SPANS.map((one) => (
        <Button
          key={one}
          small
          kind="quiet"
          pressed={!range.zoomed && span.value === one}
          onClick={() => {
            span.value = one;
            range.whole();
          }}
        >
          {one === DAY ? "24 h" : duration(one)}
        </Button>
      ))}
    </div>
  );
}
