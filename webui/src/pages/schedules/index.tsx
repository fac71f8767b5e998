/** The schedules of a server: when they run, how it went, and run one now. */

import "./schedules.css";
import type { ComponentChildren } from "preact";
import { may } from "../../api/account";
import { duration, fullMoment, moment } from "../../format";
import { Button } from "../../parts/button";
import { sure } from "../../parts/dialog";
import { Empty, Load } from "../../parts/load";
import { Ago, Until } from "../../parts/time";
import { tell } from "../../parts/toast";
import { cronText } from "../../servers/cron";
import { type Ran, runNow, type Schedule } from "../../servers/schedules";
import { t } from "../../strings";
import type { ServerPageProps } from "../server";
import { useSchedules } from "./load";

const words = t.schedules;

/** Draw it. */
export default function Schedules({ name }: ServerPageProps) {
  const loaded = useSchedules(name);
  const permitted = may("server.control", name);
  return (
    <Load of={loaded}>
      {(schedules) =>
        schedules.length === 0 ? (
          <Empty icon="clock" text={words.none}>
            <p>{words.noneHint}</p>
          </Empty>
        ) : (
          <>
            {!permitted && <p class="dim">{words.mayNot}</p>}
            <div class="schedules">
              {schedules.map((one) => (
                <One key={one.name} schedule={one} permitted={permitted} reload={loaded.reload} />
              ))}
            </div>
          </>
        )
      }
    </Load>
  );
}

interface OneProps {
  schedule: Schedule;
  permitted: boolean;
  reload: () => Promise<void>;
}

function One({ schedule, permitted, reload }: OneProps) {
  const { name, action, cron, next, enabled } = schedule;
  const inWords = cronText(cron);
  const onlyIf = words.onlyIf[schedule.onlyIf];
  return (
    <section class={enabled ? "card schedule" : "card schedule off"} aria-label={name}>
      <div class="row">
        <h2>{name}</h2>
        <span class="chip plain">{words.actions[action] ?? action}</span>
        {schedule.running && <span class="chip info">{words.running}</span>}
        {!enabled && <span class="chip dim">{words.off}</span>}
        <span class="grow" />
        <Button
          small
          icon="play"
          disabled={!permitted || schedule.running}
          hint={permitted ? undefined : words.mayNot}
          label={t.servers.of(words.runNow, name)}
          onClick={() => run(schedule, reload)}
        >
          {words.runNow}
        </Button>
      </div>
      <p class="when">
        {inWords !== null && <strong>{inWords}</strong>} <code>{cron}</code>{" "}
        <span class="dim">
          {[words.zone(schedule.timeZone), schedule.jitter > 0 && words.jitter(duration(schedule.jitter)), onlyIf]
            .filter(Boolean)
            .join(" · ")}
        </span>
      </p>
      <dl class="facts">
        {next.map(({ at, text }, place) => (
          <Fact key={at} title={place === 0 ? words.next : words.then}>
            <span title={text}>{fullMoment(at)}</span>{" "}
            <span class="dim">
              <Until at={at} />
            </span>
          </Fact>
        ))}
        <Fact title={words.last}>
          {schedule.last === null ? <span class="dim">{words.never}</span> : <Result ran={schedule.last} />}
        </Fact>
      </dl>
      {schedule.missed > 0 && (
        <p class="warn" title={words.missedWhy}>
          {words.missed(schedule.missed)}. <span class="dim">{words.missedWhy}</span>
        </p>
      )}
      {schedule.recent.length > 1 && (
        <details>
          <summary>{words.recent}</summary>
          <ol class="results">
            {schedule.recent.map((ran) => (
              <li key={`${ran.at} ${ran.due}`}>
                <Result ran={ran} />
              </li>
            ))}
          </ol>
        </details>
      )}
    </section>
  );
}

async function run(schedule: Schedule, reload: () => Promise<void>): Promise<void> {
  const will = (words.will(schedule.server) as Readonly<Record<string, string>>)[schedule.action] ?? "";
  const text = `${will} ${words.withoutWarning}`;
  const danger = schedule.action === "kill" || schedule.action === "stop";
  if (!(await sure({ title: words.sure(schedule.name), text, action: words.runNow, danger }))) return;
  await runNow(schedule.server, schedule.name);
  tell({ kind: "good", text: words.started(schedule.name) });
  await reload();
}

function Fact({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </>
  );
}

const TONES: Readonly<Record<string, string>> = { done: "good", running: "info", failed: "bad", interrupted: "bad" };

function Result({ ran }: { ran: Ran }) {
  const more = [
    ran.due !== null && Math.abs(ran.due - ran.at) > 60 && `${words.due} ${moment(ran.due)}`,
    ran.ended !== null && ran.ended > ran.at && words.took(duration(ran.ended - ran.at, true)),
    ran.by && words.askedBy(ran.by),
  ].filter(Boolean);
  return (
    <div class="result">
      <div class="row">
        <span class={`chip ${TONES[ran.outcome] ?? "warn"}`}>{words.outcomes[ran.outcome] ?? ran.outcome}</span>
        <span>
          {moment(ran.at)} <span class="dim">(<Ago at={ran.at} />)</span>
        </span>
        {more.length > 0 && <span class="dim">{more.join(" · ")}</span>}
      </div>
      {ran.detail && <div>{ran.detail}</div>}
      {ran.output && (
        <details>
          <summary>{words.output}</summary>
          <pre>{ran.output}</pre>
        </details>
      )}
    </div>
  );
}
