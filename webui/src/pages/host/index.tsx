/**
 * The machine: how busy it is, how full its disks are, and how it was in the last day.
 *
 * The live stream tells of servers, not of the machine: while this page is seen, what has been measured since is asked for
 * as often as it is measured, and only the new rows of it.
 */

import "./host.css";
import { useEffect, useMemo, useState } from "preact/hooks";
import { askJson } from "../../api/request";
import { type Problem, problemOf } from "../../api/problem";
import { bytes, fullMoment, percent } from "../../format";
import { Fault, Waiting } from "../../parts/load";
import { joined, plotted } from "../../parts/columns";
import { Graph, type Line } from "../../parts/graph";
import { DAY, Ranges, useRange } from "../../parts/range";
import { Since } from "../../parts/time";
import { t } from "../../strings";
import { Disks } from "./disks";
import { Amount, Pressures } from "./figures";
import type { Host as Machine } from "./types";

const words = t.host;
/** Seconds, at least. */
const OFTEN = 10;

/** Draw it. */
export default function Host() {
  const [host, setHost] = useState<Machine>();
  const [problem, setProblem] = useState<Problem>();
  const ask = async (signal?: AbortSignal) => {
    try {
      const last = host?.columns.time.at(-1);
      const since = last == null ? -DAY : last + 0.001;
      const now = await askJson<Machine>("host", { query: { since }, signal });
      setHost(last == null ? now : { ...now, columns: joined(host?.columns ?? now.columns, now.columns, DAY) });
      setProblem(undefined);
    } catch (thrown) {
      const told = problemOf(thrown);
      if (told.kind !== "aborted") setProblem(told);
    }
  };
  useEffect(() => {
    const one = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = async () => {
      clearTimeout(timer);
      if (document.visibilityState === "visible") await ask(one.signal);
      if (!one.signal.aborted) timer = setTimeout(() => void again(), Math.max(OFTEN, host?.interval ?? 0) * 1000);
    };
    if (host === undefined) void again();
    else timer = setTimeout(() => void again(), Math.max(OFTEN, host.interval) * 1000);
    const seen = () => document.visibilityState === "visible" && void again();
    addEventListener("visibilitychange", seen);
    return () => {
      removeEventListener("visibilitychange", seen);
      clearTimeout(timer);
      one.abort();
    };
  }, [host]);
  return (
    <>
      <div class="title">
        <h1>{t.nav.host}</h1>
        {host && <span class="dim">{host.kernel}</span>}
      </div>
      {problem && <Fault problem={problem} again={() => ask()} />}
      {host === undefined ? !problem && <Waiting /> : <All host={host} />}
    </>
  );
}

const CPU: readonly Line[] = [
  { label: t.usage.peak, tone: "warn", faint: true },
  { label: words.cpu, tone: "accent", filled: true },
];
const MEMORY: readonly Line[] = [
  { label: words.memory, tone: "accent", filled: true },
  { label: words.swap, tone: "warn" },
];
const LOAD: readonly Line[] = [{ label: words.load, tone: "accent" }];
const NETWORK: readonly Line[] = [
  { label: words.received, tone: "info" },
  { label: words.sent, tone: "warn" },
];
const PRESSURE: readonly Line[] = [
  { label: words.cpu, tone: "accent" },
  { label: words.memory, tone: "warn" },
  { label: words.pressures["io"] ?? "", tone: "info" },
];

const rate = (value: number) => t.usage.rate(bytes(value));
const load = (value: number) => value.toFixed(2);

function All({ host }: { host: Machine }) {
  const rateOf = (value: number | null) => (value === null ? "–" : rate(value));
  return (
    <>
      <div class="cards">
        <section class="card" aria-label={t.nav.host}>
          <dl class="facts">
            <dt>{words.cpu}</dt>
            <dd>
              {host.cpu === null ? "–" : percent(host.cpu)} <span class="dim">({words.percentOfCore}; {words.cores(host.cores)})</span>
            </dd>
            <dt>{words.load}</dt>
            <dd>
              {host.load.map(load).join(" · ")} <span class="dim">{words.loadHint}</span>
            </dd>
            <dt>{words.network}</dt>
            <dd>
              {rateOf(host.network.received)} {words.received}, {rateOf(host.network.sent)} {words.sent}
            </dd>
            <dt>{words.uptime}</dt>
            <dd title={fullMoment(host.boot)}>
              <Since at={host.boot} />
            </dd>
            <dt>{words.kernel}</dt>
            <dd>{host.kernel}</dd>
          </dl>
          <Amount title={words.memory} {...host.memory} />
          <Amount title={words.swap} {...host.swap} />
        </section>
        <Pressures pressure={host.pressure} />
        <Disks disks={host.disks} />
      </div>
      <Past host={host} />
    </>
  );
}

function Past({ host }: { host: Machine }) {
  const range = useRange();
  const { columns } = host;
  const data = useMemo(() => {
    const of = (...names: string[]) => plotted(columns, names, range.from, range.to);
    return {
      cpu: of("cpuMax", "cpu"),
      load: of("load"),
      memory: of("memory", "swap"),
      network: of("received", "sent"),
      pressure: of("cpuPressure", "memoryPressure", "ioPressure"),
    };
  }, [columns, range.from, range.to]);
  const common = { from: range.from, to: range.to, onZoom: range.zoom, onWhole: range.whole, group: "host" };
  return (
    <section class="card" aria-label={t.usage.title}>
      <div class="row graphs-head">
        <h2 class="grow">{t.usage.title}</h2>
        <Ranges range={range} />
      </div>
      {host.interval === 0 && <p class="dim">{t.usage.off}</p>}
      <div class="graphs">
        <Graph {...common} title={words.cpu} lines={CPU} data={data.cpu} format={percent} least={host.cores * 10} />
        <Graph {...common} title={words.memory} lines={MEMORY} data={data.memory} format={bytes} least={host.memory.total} binary />
        <Graph {...common} title={words.load} lines={LOAD} data={data.load} format={load} least={1} />
        <Graph {...common} title={words.network} lines={NETWORK} data={data.network} format={rate} least={1024} binary />
        {Object.values(host.pressure).some((one) => one !== null) && (
          <Graph {...common} title={words.pressure} lines={PRESSURE} data={data.pressure} format={percent} least={5} />
        )}
      </div>
    </section>
  );
}
