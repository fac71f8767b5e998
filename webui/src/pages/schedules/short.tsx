/** The next run of each schedule, for the overview of a server; nothing for one that has none. */

import { hashOf } from "../../route";
import { Until } from "../../parts/time";
import { fullMoment } from "../../format";
import { t } from "../../strings";
import { useSchedules } from "./load";

/** Draw it. */
export function SchedulesShort({ name }: { name: string }) {
  const { data } = useSchedules(name);
  if (data === undefined || data.length === 0) return null;
  return (
    <section class="card" aria-label={t.server.schedules}>
      <h2>{t.server.schedules}</h2>
      <dl class="facts">
        {data.map((one) => (
          <Line key={one.name} name={one.name} action={one.action} at={one.enabled ? one.next[0]?.at : undefined} />
        ))}
      </dl>
      <p class="more">
        <a href={hashOf(["server", name, "schedules"])}>{t.schedules.all}</a>
      </p>
    </section>
  );
}

function Line({ name, action, at }: { name: string; action: string; at: number | undefined }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        {t.schedules.actions[action] ?? action}{" "}
        {at === undefined ? (
          <span class="dim">{t.schedules.off}</span>
        ) : (
          <span title={fullMoment(at)}>
            <Until at={at} />
          </span>
        )}
      </dd>
    </>
  );
}
