/** One server at a glance: how it is and why, what it uses, whether it is well, and what has happened to it. */

import "./overview.css";
import { may } from "../../api/account";
import { store } from "../../live/store";
import type { Server } from "../../live/types";
import { Icon, type IconName } from "../../parts/icon";
import { Status } from "../../parts/status";
import { Since } from "../../parts/time";
import { causeText, whyText } from "../../servers/next";
import { t } from "../../strings";
import { SchedulesShort } from "../schedules/short";
import { Next } from "../servers/row";
import { Checks } from "./checks";
import { Facts } from "./facts";
import { History } from "./history";
import type { ServerPageProps } from "./index";
import { Usage } from "./usage";

/** Draw it. */
export default function Overview({ name }: ServerPageProps) {
  const server = store.server(name)?.value;
  if (server === undefined) return null;
  return (
    <>
      <div class="cards">
        <Standing server={server} />
        <Facts name={name} server={server} />
        <Checks name={name} server={server} />
        {may("server.view", name) && <SchedulesShort name={name} />}
      </div>
      <Usage name={name} />
      <History name={name} />
    </>
  );
}

function Standing({ server }: { server: Server }) {
  const cause = causeText(server.cause);
  const crashed = server.state === "failed" || server.state === "backoff";
  return (
    <section class="card standing" aria-label={t.server.why}>
      <h2>{t.server.why}</h2>
      <div class="row">
        <Status server={server} />
        <span class={crashed ? "bad reason" : "reason"}>{whyText(server)}</span>
      </div>
      {server.startedAt != null && (
        <p>
          {t.server.upFor} <Since at={server.startedAt} />
        </p>
      )}
      {cause && <p class="dim">{cause}</p>}
      {server.health.note && <p>{server.health.note}</p>}
      <p class="next">
        <Next server={server} />
      </p>
      <Notices server={server} />
    </section>
  );
}

function Notices({ server }: { server: Server }) {
  const told: readonly (readonly [IconName, string | false | null | undefined])[] = [
    ["info", server.hint],
    ["pause", server.paused && t.server.paused],
    ["alert", server.cause.kind === "leftover" && server.reason.includes("its console") && t.server.leftover],
    ["trash", server.toDelete && t.server.toDelete],
    ["restart", server.restartToApply && t.server.restartToApply],
  ];
  return (
    <>
      {told.map(([icon, text]) =>
        text ? (
          <div key={text} class="notice">
            <Icon name={icon} />
            <span>{text}</span>
          </div>
        ) : null,
      )}
    </>
  );
}
