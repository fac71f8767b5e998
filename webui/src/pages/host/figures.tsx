/** Numbers of the machine: how much of something is used, and how long programs had to wait. */

import { bytes, percent } from "../../format";
import { t } from "../../strings";
import type { Pressure } from "./types";

const words = t.host;

/** How much of something is used, as a bar and in words. */
export function Amount({ title, used, total }: { title: string; used: number; total: number }) {
  return (
    <div class="amount">
      <div class="row">
        <strong class="grow">{title}</strong>
        <span class="dim">{total === 0 ? words.noSwap : words.used(bytes(used), bytes(total))}</span>
      </div>
      {total > 0 && <Bar label={title} part={used / total} />}
    </div>
  );
}

/** A bar; that it is nearly full is said by its number beside it, too. */
export function Bar({ label, part }: { label: string; part: number }) {
  const level = part >= 0.95 ? "full" : part >= 0.85 ? "nearly" : undefined;
  return <progress class={level} aria-label={label} value={part} max={1} />;
}

/** For how much of the time programs had to wait for something. */
export function Pressures({ pressure }: { pressure: Record<string, Pressure | null> }) {
  const known = Object.entries(pressure).filter((one): one is [string, Pressure] => one[1] !== null);
  return (
    <section class="card" aria-label={words.pressure}>
      <h2>{words.pressure}</h2>
      <p class="hint">{words.pressureHint}</p>
      {known.length === 0 ? (
        <p class="dim">{words.noPressure}</p>
      ) : (
        <div class="scroll">
          <table class="numbers">
            <thead>
              <tr>
                <td />
                {words.spans.map((span) => (
                  <th key={span} scope="col">
                    {span}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {known.flatMap(([name, { some, full }]) => [
                <Line key={name} title={words.pressures[name] ?? name} what={words.some} values={some} />,
                full && <Line key={`${name} full`} title={words.pressures[name] ?? name} what={words.full} values={full} />,
              ])}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Line({ title, what, values }: { title: string; what: string; values: readonly number[] }) {
  return (
    <tr>
      <th scope="row">
        {title} <span class="dim">{what}</span>
      </th>
      {values.map((value, at) => (
        <td key={at} class={value >= 10 ? "warn" : undefined}>
          {percent(value)}
        </td>
      ))}
    </tr>
  );
}
