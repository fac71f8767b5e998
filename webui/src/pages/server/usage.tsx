/** What a server has used in the last day, as graphs; what is measured meanwhile comes behind it, by the stream. */

import { useSignalEffect } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { serverPath } from "../../api/base";
import { type Problem, problemOf } from "../../api/problem";
import { askJson } from "../../api/request";
import { bytes, percent } from "../../format";
import { useBack } from "../../live/again";
import { store } from "../../live/store";
import { appended, type Columns, plotted } from "../../parts/columns";
import { Graph, type Line } from "../../parts/graph";
import { Fault, Waiting } from "../../parts/load";
import { DAY, Ranges, useRange } from "../../parts/range";
import { t } from "../../strings";

interface Told {
  /** Seconds between two measurements; 0 is never. */
  interval: number;
  columns: Columns;
}

const words = t.usage;

// The peak is drawn first: where it is the average, that is what one sees.
const CPU: readonly Line[] = [
  { label: words.peak, tone: "warn", faint: true },
  { label: words.cpu, tone: "accent", filled: true },
];
const MEMORY: readonly Line[] = [
  { label: words.peak, tone: "warn", faint: true },
  { label: words.memory, tone: "accent", filled: true },
];
const DISK: readonly Line[] = [
  { label: words.read, tone: "info" },
  { label: words.written, tone: "warn" },
];
const COUNTS: readonly Line[] = [
  { label: words.processes, tone: "accent" },
  { label: words.threads, tone: "info" },
];

const rate = (value: number) => words.rate(bytes(value));
const whole = (value: number) => (Number.isInteger(value) ? value.toLocaleString() : value.toFixed(1));

/** Draw it. */
export function Usage({ name }: { name: string }) {
  const [told, setTold] = useState<Told>();
  const [problem, setProblem] = useState<Problem>();
  const here = useRef(name);
  here.current = name;
  const begin = async () => {
    try {
      setProblem(undefined);
      const answer = await askJson<Told>(serverPath(name, "usage"), { query: { since: -DAY } });
      if (here.current === name) setTold(answer);
    } catch (thrown) {
      setProblem(problemOf(thrown));
    }
  };
  useEffect(() => void begin(), [name]);
  useBack(begin);
  useMeasured(name, setTold);
  return (
    <section class="card" aria-label={words.title}>
      {problem && <Fault problem={problem} again={begin} />}
      {told === undefined ? !problem && <Waiting /> : <Graphs told={told} name={name} />}
    </section>
  );
}

/** Put what is measured behind what is known. */
function useMeasured(name: string, setTold: (change: (told: Told | undefined) => Told | undefined) => void): void {
  const run = useRef<{ run: number; at: number; read: number | null; written: number | null } | undefined>(undefined);
  useSignalEffect(() => {
    const usage = store.usage(name).value;
    const server = store.server(name)?.peek();
    if (usage.at === 0 || usage.processes === 0 || server?.pid == null) return;
    const before = run.current;
    const anew = before !== undefined && before.run !== server.run;
    run.current = { run: server.run, at: usage.at, read: usage.read, written: usage.written };
    const past = anew ? undefined : before;
    const row = {
      cpu: usage.cpu,
      memory: usage.memory,
      processes: usage.processes,
      threads: usage.threads,
      read: speed(past?.read, usage.read, past?.at, usage.at),
      written: speed(past?.written, usage.written, past?.at, usage.at),
    };
    setTold((told) => {
      if (told === undefined) return told;
      const columns = appended(told.columns, usage.at, row, { step: told.interval || 2, keep: DAY, anew });
      return columns === told.columns ? told : { ...told, columns };
    });
  });
}

/** Bytes a second between two totals, or null where nobody knows. */
function speed(before: number | null | undefined, now: number | null, then: number | undefined, at: number): number | null {
  if (before == null || now === null || then === undefined || at <= then) return null;
  return Math.max(0, now - before) / (at - then);
}

function Graphs({ told, name }: { told: Told; name: string }) {
  const range = useRange();
  const { columns } = told;
  const data = useMemo(() => {
    const of = (...names: string[]) => plotted(columns, names, range.from, range.to);
    return {
      cpu: of("cpuMax", "cpu"),
      memory: of("memoryMax", "memory"),
      disk: of("read", "written"),
      counts: of("processes", "threads"),
    };
  }, [columns, range.from, range.to]);
  const common = { from: range.from, to: range.to, onZoom: range.zoom, onWhole: range.whole, group: `usage ${name}` };
  return (
    <>
      <div class="row graphs-head">
        <h2 class="grow">{words.title}</h2>
        <Ranges range={range} />
      </div>
      {told.interval === 0 && <p class="dim">{words.off}</p>}
      <div class="graphs">
        <Graph {...common} title={words.cpu} lines={CPU} data={data.cpu} format={percent} least={5} />
        <Graph {...common} title={words.memory} lines={MEMORY} data={data.memory} format={bytes} least={1 << 20} binary />
        <Graph {...common} title={words.disk} lines={DISK} data={data.disk} format={rate} least={1024} binary />
        <Graph {...common} title={words.counts} lines={COUNTS} data={data.counts} format={whole} least={4} />
      </div>
    </>
  );
}
