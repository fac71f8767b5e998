/** The audit log: who did what, the newest first; what is asked stands in the address. */

import "./people.css";
import { useEffect, useRef, useState } from "preact/hooks";
import { apiUrl } from "../../api/base";
import { problemOf } from "../../api/problem";
import { ask } from "../../api/request";
import { store } from "../../live/store";
import { Button } from "../../parts/button";
import { Empty, Fault, Waiting } from "../../parts/load";
import { go, hashOf, place } from "../../route";
import { t } from "../../strings";
import { type AuditEntry, jsonLines } from "./auditentry";
import { addressOf, type Filter, filterOf, queryOf } from "./auditfilter";
import { AuditForm } from "./auditform";
import { AuditLine } from "./auditline";
import { added, NONE, type Shown } from "./auditshown";

/** Entries that are asked for at once. */
const BLOCK = 200;
/** Entries that an export has at most: what the API gives. */
const EXPORT = 100_000;

/** Draw it. */
export default function Audit() {
  const filter = filterOf(place.value.query);
  const address = hashOf(["audit"], addressOf(filter));
  const change = (to: Filter) => go(hashOf(["audit"], addressOf(to)));
  return (
    <>
      <div class="title">
        <h1 class="grow">{t.nav.audit}</h1>
        <a
          class="button"
          href={apiUrl("audit", { ...queryOf(filter, now()), limit: EXPORT })}
          download="audit.ndjson"
          title={t.audit.exportHint}
        >
          {t.audit.export}
        </a>
      </div>
      <AuditForm key={address} filter={filter} onChange={change} />
      <Entries key={`${address} entries`} filter={filter} />
    </>
  );
}

function now(): number {
  return Date.now() / 1000 + store.ahead.value;
}

function Entries({ filter }: { filter: Filter }) {
  const [shown, setShown] = useState<Shown>(NONE);
  const stop = useRef(new AbortController());
  const end = useRef<HTMLDivElement>(null);
  const load = async (before?: number) => {
    stop.current.abort();
    const one = new AbortController();
    stop.current = one;
    if (before === undefined) setShown(NONE);
    else setShown((was) => ({ ...was, loading: true, problem: undefined }));
    let count = 0;
    try {
      const query = { ...queryOf(filter, now()), limit: BLOCK, before };
      const answer = await ask("audit", { query, signal: one.signal });
      if (answer.body !== null) {
        for await (const entries of jsonLines<AuditEntry>(answer.body)) {
          if (one.signal.aborted) return;
          count += entries.length;
          setShown((was) => added(was, entries));
        }
      }
      if (!one.signal.aborted) setShown((was) => ({ ...was, loading: false, complete: count < BLOCK }));
    } catch (thrown) {
      if (!one.signal.aborted) setShown((was) => ({ ...was, loading: false, problem: problemOf(thrown) }));
    }
  };
  useEffect(() => {
    void load();
    return () => stop.current.abort();
  }, []);
  const last = shown.entries.at(-1)?.seq;
  const older = () => (last === undefined ? undefined : load(last));
  const idle = !shown.loading && !shown.complete && shown.problem === undefined;
  useEffect(() => {
    // Older ones come by themselves when the end comes into sight.
    if (!idle || end.current === null) return undefined;
    const watcher = new IntersectionObserver((seen) => {
      if (seen.some((one) => one.isIntersecting)) void older();
    });
    watcher.observe(end.current);
    return () => watcher.disconnect();
  }, [idle, last]);
  return (
    <section aria-label={t.audit.entries} aria-busy={shown.loading}>
      <div class="row audit-head">
        <span class="dim grow" role="status">
          {told(shown)}
        </span>
        <Button small icon="refresh" onClick={() => load()}>
          {shown.dropped > 0 ? t.audit.newest(shown.dropped) : t.audit.refresh}
        </Button>
      </div>
      {shown.problem && <Fault problem={shown.problem} again={() => load(last)} />}
      {shown.entries.length === 0 && !shown.loading && !shown.problem && <Empty icon="list" text={t.audit.none} />}
      <ol class="audit">
        {shown.entries.map((entry) => (
          <AuditLine key={entry.seq} entry={entry} />
        ))}
      </ol>
      {shown.loading && <Waiting />}
      <div ref={end}>
        {idle && last !== undefined && (
          <div class="row audit-more">
            <Button onClick={older}>{t.audit.older}</Button>
          </div>
        )}
      </div>
    </section>
  );
}

function told({ entries, complete, dropped, loading, problem }: Shown): string {
  if (loading) return t.loading;
  if (problem !== undefined && entries.length === 0) return "";
  return t.audit.count(entries.length, complete && dropped === 0);
}
