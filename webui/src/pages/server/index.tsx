/** One server: its name and state, and pages below it. */

import type { ComponentType } from "preact";
import { useRef } from "preact/hooks";
import { may } from "../../api/account";
import { Problem } from "../../api/problem";
import { store } from "../../live/store";
import type { IconName } from "../../parts/icon";
import { lazy } from "../../parts/lazy";
import { Fault, Waiting } from "../../parts/load";
import { Status } from "../../parts/status";
import { Tabs } from "../../parts/tabs";
import { Buttons } from "../../servers/buttons";
import type { Server } from "../../live/types";
import { hashOf, isUnsaved, place } from "../../route";
import { t } from "../../strings";
import Overview from "./overview";

/** What each page below a server is given. */
export interface ServerPageProps {
  name: string;
}

interface Tab {
  at: string;
  title: string;
  icon: IconName;
  needs: string;
  page: ComponentType<ServerPageProps>;
}

const TABS: readonly Tab[] = [
  { at: "", title: t.server.overview, icon: "activity", needs: "server.view", page: Overview },
  { at: "console", title: t.server.console, icon: "terminal", needs: "server.console.view", page: lazy(() => import("../console")) },
  { at: "files", title: t.server.files, icon: "folder", needs: "server.files.view", page: lazy(() => import("../files")) },
  { at: "logs", title: t.server.logs, icon: "list", needs: "server.console.view", page: lazy(() => import("../logs")) },
  { at: "schedules", title: t.server.schedules, icon: "clock", needs: "server.view", page: lazy(() => import("../schedules")) },
];

/** A page that is no tab, but belongs to one. */
const EDITOR: Tab = { at: "edit", title: t.editor.title, icon: "edit", needs: "server.files.download", page: lazy(() => import("../editor")) };
const EDITOR_OF = "files";

/** Draw it. */
export default function ServerPage({ name }: ServerPageProps) {
  const shown = useRef<{ server: Server; tab: Tab } | null>(null);
  if (store.names.value === null) return <Waiting />;
  const server = store.server(name)?.value;
  // What is typed here and not saved stays, also if the server goes, or the right to see it: it can be copied, or saved
  // when it is back.
  const kept = shown.current !== null && isUnsaved() ? shown.current : null;
  if (server === undefined && kept === null) {
    return <Fault problem={new Problem(t.problem.noServer(name), "no-such-server")} />;
  }
  const [, , at = ""] = place.value.parts;
  const tabs = TABS.filter((tab) => may(tab.needs, name));
  const permitted = [...tabs, ...(may(EDITOR.needs, name) ? [EDITOR] : [])].find((one) => one.at === at);
  const tab = kept?.tab.at === at ? kept.tab : permitted;
  const gone = server === undefined || permitted === undefined;
  if (server !== undefined && tab !== undefined) shown.current = { server, tab };
  const current = at === EDITOR.at ? EDITOR_OF : at;
  return (
    <>
      <div class="title">
        <h1>{name}</h1>
        {server !== undefined && <Status server={server} />}
        <span class="grow" />
        {server !== undefined && <Buttons name={name} server={server} large={at === ""} />}
      </div>
      <Tabs
        label={t.server.tabs}
        tabs={tabs.map((one) => ({
          href: hashOf(one.at === "" ? ["server", name] : ["server", name, one.at]),
          title: one.title,
          icon: one.icon,
          current: one.at === current,
        }))}
      />
      {kept !== null && gone && <Fault problem={new Problem(t.problem.goneUnsaved(name), "no-such-server")} />}
      {tab === undefined ? (
        <Fault problem={new Problem([...TABS, EDITOR].some((one) => one.at === at) ? t.problem.notPermitted : t.problem.noPage, "no-page")} />
      ) : (
        <tab.page name={name} />
      )}
    </>
  );
}
