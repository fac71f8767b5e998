/** The files of a server: a folder, its trash, or a search below it, as the address says. */

import { keptTo } from "../../api/account";
import { store } from "../../live/store";
import { Icon } from "../../parts/icon";
import { Popups } from "../../parts/popup";
import { now } from "../../parts/time";
import { place } from "../../route";
import { t } from "../../strings";
import { isOver } from "../jobs/about";
import { JobLine } from "../jobs/progress";
import type { ServerPageProps } from "../server";
import { Bin } from "./bin";
import { rights } from "./choices";
import { Dropzone } from "./dropzone";
import { Folder } from "./folder";
import { Interrupted } from "./interrupted";
import { isInside, plain } from "./paths";
import { Seek } from "./seek";
import "./files.css";

/** Work that shows itself elsewhere. */
const ELSEWHERE = new Set(["search", "size"]);

/** Seconds after which work is shown: what is done by then would only make the list jump. */
const SOON = 0.8;

/** Draw it. */
export default function Files({ name }: ServerPageProps) {
  const { parts, query } = place.value;
  const path = parts.slice(3).join("/");
  const trash = query.get("view") === "trash";
  const find = query.has("find");
  const shown = trash ? (
    <Bin server={name} path={path} />
  ) : find ? (
    <Seek server={name} path={path} />
  ) : (
    <Folder key={path} server={name} path={path} />
  );
  return (
    <Dropzone server={name} path={path} on={!trash && !find && rights(name, path).upload}>
      <Interrupted server={name} />
      <Limits server={name} path={path} />
      <Working server={name} />
      {shown}
      <Popups />
    </Dropzone>
  );
}

/** Who sees only some folders is told so where he would wonder. */
function Limits({ server, path }: { server: string; path: string }) {
  const folders = keptTo("server.files.view", server);
  if (folders === null || folders.some((folder) => isInside(path, plain(folder)))) return null;
  return (
    <div class="notice">
      <Icon name="info" />
      <span>{t.files.keptTo(folders.join(", "))}</span>
    </div>
  );
}

/** The work that goes on in this server's files, whoever has begun it. */
function Working({ server }: { server: string }) {
  const running = store.jobs.value.filter((job) => job.server === server && !isOver(job) && !ELSEWHERE.has(job.kind));
  const jobs = running.filter((job) => now.value + store.ahead.value - job.created > SOON);
  if (jobs.length === 0) return null;
  return (
    <section class="files-working" aria-label={t.files.work.running}>
      {jobs.map((job) => (
        <JobLine key={job.id} job={job} brief />
      ))}
    </section>
  );
}
