/** What a server has said: a time of it, lines with a text in them, and what comes. */

import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { apiUrl, serverPath } from "../../api/base";
import { Button } from "../../parts/button";
import { copyText } from "../../parts/copy";
import { Icon } from "../../parts/icon";
import { Empty, Fault, Waiting } from "../../parts/load";
import { tell } from "../../parts/toast";
import { go, hashOf, place } from "../../route";
import { t } from "../../strings";
import type { ServerPageProps } from "../server";
import { type Asked, addressOf, apiQuery, askedBy, finder, lasting } from "./asked";
import { Filters } from "./filters";
import { List } from "./list";
import "./logs.css";
import { LogModel } from "./model";

/** Draw it. */
export default function Logs({ name }: ServerPageProps) {
  const told = place.value.query.toString();
  const asked = useMemo(() => askedBy(new URLSearchParams(told)), [told]);
  const follow = useSignal(true);
  const wrap = useSignal(true);
  const model = useMemo(() => new LogModel(name, asked, follow.value), [name]);
  const found = useMemo(() => finder(asked), [asked]);
  useEffect(() => () => model.close(), [model]);
  useEffect(() => void model.ask(asked, follow.value), [model, asked]);
  const count = useComputed(() => model.rows.value.length);

  const change = (next: Partial<Asked>) => {
    // Who asks for something else does not look around that line any more.
    go(hashOf(["server", name, "logs"], addressOf({ ...asked, spot: null, ...next })), true);
  };
  const past = asked.range === "own" && asked.to !== null;
  return (
    <section class="logs" aria-label={t.logs.title(name)}>
      <Filters asked={asked} change={change} />
      <div class="log-tools" role="toolbar" aria-label={t.logs.tools}>
        <span class="dim log-count" role="status">
          {asked.spot !== null && !model.gone.value ? t.logs.aroundLine : t.logs.shown(count.value, model.first.value && model.last.value)}
          {model.live.value === "cut" && <span class="warn"> {t.logs.cut}</span>}
        </span>
        {asked.spot !== null && (
          <Button small icon="x" onClick={() => change({})}>
            {t.logs.leave}
          </Button>
        )}
        <Button
          small
          icon={follow.value ? "pause" : "play"}
          pressed={follow.value}
          disabled={past}
          hint={past ? t.logs.followPast : undefined}
          onClick={() => {
            follow.value = !follow.value;
            model.setFollow(follow.value);
          }}
        >
          {t.logs.follow}
        </Button>
        <Button small kind="quiet" pressed={wrap.value} icon="list" label={t.console.wrap} onClick={() => void (wrap.value = !wrap.value)} />
        <Button small kind="quiet" icon="link" label={t.logs.link} onClick={() => link(name, asked)} />
        <Button small kind="quiet" icon="download" label={t.logs.download} onClick={() => download(name, asked)} />
        <Button small kind="quiet" class="log-refresh" icon="refresh" label={t.logs.refresh} onClick={() => model.ask(asked, follow.value)} />
      </div>
      {model.problem.value && <Fault problem={model.problem.value} again={() => model.ask(asked, follow.value)} />}
      {model.gone.value && (
        <div class="notice">
          <Icon name="alert" />
          <span>{t.logs.gone}</span>
        </div>
      )}
      <div class="log-view">
        {model.loading.value === "all" && <Waiting label={asked.text === "" ? t.loading : t.logs.searching} />}
        {model.loading.value === null && count.value === 0 && model.problem.value === null && (
          <Empty icon="list" text={asked.text !== "" || asked.range !== "all" ? t.logs.noneFound : t.logs.none} />
        )}
        <List model={model} name={name} asked={asked} finder={found} wrap={wrap.value} />
        {!model.last.value && model.loading.value !== "all" && (
          <Button small class="log-below" icon="chevronDown" onClick={() => model.end()}>
            {t.console.toEnd}
          </Button>
        )}
      </div>
    </section>
  );
}

/** Copy an address that shows the same tomorrow. */
async function link(name: string, asked: Asked): Promise<void> {
  const address = location.href.replace(/#.*$/, "") + hashOf(["server", name, "logs"], addressOf(lasting(asked)));
  if (await copyText(address)) {
    tell({ kind: "good", text: t.copied });
    return;
  }
  go(hashOf(["server", name, "logs"], addressOf(lasting(asked))));
  tell({ kind: "info", text: t.logs.linkAbove });
}

/** Save what is asked for, all of it, with times. */
function download(name: string, asked: Asked): void {
  const element = document.createElement("a");
  element.href = apiUrl(serverPath(name, "logs"), { ...apiQuery(asked), timestamps: true });
  element.download = `${name}.log`;
  element.click();
}
