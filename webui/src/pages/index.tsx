/** Which page a place is: all but the list of servers are loaded when they are first shown. */

import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { Problem } from "../api/problem";
import { lazy } from "../parts/lazy";
import { Fault } from "../parts/load";
import { place } from "../route";
import { t } from "../strings";
import { Servers } from "./servers";
import { own } from "../own";

interface Entry {
  title: string;
  page: ComponentType;
}

const PAGES: Readonly<Record<string, Entry>> = {
  "": { title: t.nav.servers, page: Servers },
  jobs: { title: t.nav.jobs, page: lazy(() => import("./jobs")) },
  host: { title: t.nav.host, page: lazy(() => import("./host")) },
  accounts: { title: t.nav.accounts, page: lazy(() => import("./people/accounts")) },
  keys: { title: t.nav.keys, page: lazy(() => import("./people/keys")) },
  shares: { title: t.nav.shares, page: lazy(() => import("./people/shares")) },
  sessions: { title: t.nav.sessions, page: lazy(() => import("./people/sessions")) },
  audit: { title: t.nav.audit, page: lazy(() => import("./people/audit")) },
  config: { title: t.nav.config, page: lazy(() => import("./config")) },
  notifications: { title: t.nav.notifications, page: lazy(() => import("./people/notifications")) },
  account: { title: t.nav.account, page: lazy(() => import("./people/account")) },
};

const ServerPage = lazy(() => import("./server"));

/** Draw the page of the place where the person is. */
export function Page() {
  const [first = "", name] = place.value.parts;
  const entry = own(PAGES, first);
  const title = first === "server" ? name : entry?.title;
  useEffect(() => {
    document.title = title ? `${title} – ${t.product}` : t.product;
  }, [title]);
  if (first === "server" && name !== undefined) return <ServerPage key={name} name={name} />;
  if (entry === undefined) return <Fault problem={new Problem(t.problem.noPage, "no-page")} />;
  return <entry.page />;
}
