/** What draws graphs: uPlot, in the colours of the theme. Loaded when the first graph is shown. */

import "uplot/dist/uPlot.min.css";
import "./graph.css";
import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { fullMoment } from "../format";
import { light } from "../theme";
import type { GraphProps, Line } from "./graph";

export type PlotProps = Omit<GraphProps, "children">;

/** Pixels. */
const HEIGHT = 150;
const AXIS = 66;
const FONT = "11px system-ui, sans-serif";

/** Draw it; it fills the width that it is given. */
export default function Plot(props: PlotProps) {
  const box = useRef<HTMLDivElement>(null);
  const made = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const [pointed, setPointed] = useState<number | null>(null);
  const bright = light.value;
  // Data and range change each few seconds; what else it is made of, hardly ever.
  const shape = [bright, props.group, props.least, props.binary, ...props.lines.map((line) => line.label)].join("|");

  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const plot = new uPlot(options(latest, element.clientWidth || 300, setPointed), latest.current.data, element);
    made.current = plot;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) plot.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
      made.current = null;
    };
  }, [shape]);

  useEffect(() => {
    made.current?.setData(props.data, false);
    made.current?.setScale("x", { min: props.from, max: props.to });
  }, [props.data, props.from, props.to, shape]);

  return (
    <>
      <div class="graph-canvas" ref={box} aria-hidden="true" />
      <Legend props={props} at={pointed} />
    </>
  );
}

function Legend({ props, at }: { props: PlotProps; at: number | null }) {
  const [times, ...values] = props.data;
  // The nearest row may be beyond the edge: rows go on a little there, so that lines do.
  const time = at === null ? undefined : times[at];
  const here = time !== undefined && time >= props.from && time <= props.to ? at : null;
  return (
    <div class="graph-legend" aria-hidden="true">
      {props.lines.map((line, one) => (
        <span key={line.label} class={`graph-key ${line.tone}${line.faint ? " faint" : ""}`}>
          {line.label} <b>{told(valueAt(values[one], here), props.format)}</b>
        </span>
      ))}
      {here !== null && time !== undefined && <span class="dim">{fullMoment(time)}</span>}
    </div>
  );
}

/** The value at a place; without one, the latest. */
function valueAt(line: readonly (number | null)[] | undefined, at: number | null): number | null {
  return (at === null ? line?.at(-1) : line?.[at]) ?? null;
}

function told(value: number | null, format: (value: number) => string): string {
  return value === null ? "–" : format(value);
}

function options(props: { current: PlotProps }, width: number, point: (at: number | null) => void): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const { lines, group, least = 0, binary } = props.current;
  const axis: uPlot.Axis = {
    stroke: colour("dim"),
    font: FONT,
    grid: { stroke: colour("line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: {
      y: false,
      ...(group === undefined ? {} : { sync: { key: group } }),
      drag: { x: true, y: false, setScale: false },
      points: { size: 7 },
      bind: {
        // Ours, below: uPlot's own shows all of its data, which may be more than the range.
        dblclick: () => () => {
          props.current.onWhole?.();
          return null;
        },
      },
    },
    scales: {
      x: { time: true, auto: false, min: props.current.from, max: props.current.to },
      y: { range: (_plot, _low, high) => [0, Math.max(least, (high ?? 0) * 1.08) || 1] },
    },
    axes: [
      { ...axis, size: 26, space: 80, values: clockLabels },
      {
        ...axis,
        size: AXIS,
        space: 34,
        ...(binary ? { incrs: POWERS } : {}),
        values: (_plot, splits) => splits.map((value) => props.current.format(value)),
      },
    ],
    series: [{}, ...lines.map((line) => lineOf(line, colour))],
    hooks: {
      setCursor: [(plot) => point(plot.cursor.idx ?? null)],
      setSelect: [
        (plot) => {
          const { left, width: wide } = plot.select;
          if (wide < 8) return;
          props.current.onZoom?.(plot.posToVal(left, "x"), plot.posToVal(left + wide, "x"));
          plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        },
      ],
    },
  };
}

/** 1 B to 512 PiB: 1, 2, 4 … of each unit. */
const POWERS = Array.from({ length: 60 }, (_, at) => 2 ** at);

function lineOf(line: Line, colour: (name: string) => string): uPlot.Series {
  const stroke = colour(line.tone);
  return {
    label: line.label,
    stroke,
    width: line.faint ? 1 : 1.6,
    spanGaps: false,
    points: { show: false, size: 4, fill: stroke, filter: lonely },
    ...(line.faint ? { dash: [3, 3] } : {}),
    ...(line.filled ? { fill: `color-mix(in srgb, ${stroke} 16%, transparent)` } : {}),
  };
}

/** A line through one point is none: such points are drawn as points. */
const lonely: uPlot.Series.Points.Filter = (plot, series) => {
  const line = plot.data[series] ?? [];
  const found: number[] = [];
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] != null && line[at - 1] == null && line[at + 1] == null) found.push(at);
  }
  return found;
};

const HOUR = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const SECOND = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric" });

/** Times in the person's zone and manner; at midnight the day. */
function clockLabels(_plot: uPlot, splits: number[]): string[] {
  const step = (splits[1] ?? 0) - (splits[0] ?? 0);
  return splits.map((at) => {
    const then = new Date(at * 1000);
    if (then.getHours() === 0 && then.getMinutes() === 0 && then.getSeconds() === 0) return DAY.format(then);
    return (step < 60 ? SECOND : HOUR).format(then);
  });
}
