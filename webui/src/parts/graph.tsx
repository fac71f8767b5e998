/**
 * A graph over time: lines with holes where nothing was measured, values under the pointer, zoom by drag.
 *
 * What draws it (uPlot) is loaded when the first one is shown. A screen reader gets a summary in words.
 */

import "./graphs.css";
import type { ComponentChildren } from "preact";
import { fullMoment, moment } from "../format";
import { t } from "../strings";
import { type Plotted, summary } from "./columns";
import { lazy } from "./lazy";
import type { PlotProps } from "./plot";

/** A line of a graph. */
export interface Line {
  label: string;
  /** The colour, by its name in the theme. */
  tone: "accent" | "info" | "warn" | "dim";
  /** Whether what is below it is filled. */
  filled?: boolean;
  /** Whether it is only hinted at, such as a peak. */
  faint?: boolean;
}

export interface GraphProps {
  title: string;
  lines: readonly Line[];
  data: Plotted;
  /** Tells a value. */
  format: (value: number) => string;
  /** From where to where it is drawn, in Unix seconds. */
  from: number;
  to: number;
  /** What the axis reaches at least. */
  least?: number;
  /** Whether steps of the axis are those of bytes. */
  binary?: boolean;
  /** What has been chosen by drag. */
  onZoom?: (from: number, to: number) => void;
  /** A double click. */
  onWhole?: () => void;
  /** Graphs of one name share their pointer. */
  group?: string;
  /** What stands behind the title. */
  children?: ComponentChildren;
}

const Plot = lazy<PlotProps>(() => import("./plot"));

/** Draw it. */
export function Graph(props: GraphProps) {
  const { title, lines, data, format, from, to } = props;
  const [times, ...values] = data;
  const told = lines.map((line, at) => {
    const sum = summary(times, values[at] ?? [], from, to);
    return sum === null
      ? t.graph.nothing(line.label)
      : t.graph.summary(
          line.label,
          sum.latest === null ? "–" : format(sum.latest),
          format(sum.average),
          format(sum.peak),
          moment(sum.peakAt),
        );
  });
  const range = t.graph.range(fullMoment(from), fullMoment(to));
  const isSeen = (at: number) => (times[at] ?? 0) >= from && (times[at] ?? 0) <= to;
  const empty = values.every((line) => line.every((value, at) => value === null || !isSeen(at)));
  return (
    <figure class="graph" role="group" aria-label={title}>
      <figcaption>
        <h3>{title}</h3>
        {props.children}
      </figcaption>
      <p class="hidden">
        {range} {told.join(" ")}
      </p>
      <div class="graph-box">
        <Plot {...props} />
        {empty && <p class="graph-empty dim">{t.graph.empty}</p>}
      </div>
    </figure>
  );
}
