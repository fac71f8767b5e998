/** An entry of the audit log as a sentence, and all of it when it is opened. */

import { useState } from "preact/hooks";
import { fullMoment, moment } from "../../format";
import { hashOf } from "../../route";
import { t } from "../../strings";
import { type AuditEntry, deedOf, outcomeOf } from "./auditentry";

/** Draw it. */
export function AuditLine({ entry }: { entry: AuditEntry }) {
  const [open, setOpen] = useState(false);
  const outcome = outcomeOf(entry);
  const tone = entry.result === "failed" ? "bad" : entry.result === "denied" ? "warn" : "good";
  return (
    <li class={`audit-line ${tone}-line`}>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <time dateTime={new Date(entry.ts * 1000).toISOString()} title={fullMoment(entry.ts)}>
            {moment(entry.ts)}
          </time>
          <span class="audit-text">
            <b>{entry.user ?? t.audit.nobody}</b> {deedOf(entry)}
            {outcome && <span class={tone}> {outcome}</span>}
            {entry["repeated"] !== undefined && <span class="dim"> {t.audit.repeated(Number(entry["repeated"]))}</span>}
            <span class="dim audit-where"> {t.audit.where(entry.ip, entry)}</span>
          </span>
        </summary>
        {open && (
          <div class="audit-raw">
            <div class="row">
              {entry.user && <a href={hashOf(["audit"], { user: entry.user })}>{t.audit.moreOf(entry.user)}</a>}
              {entry.action && <a href={hashOf(["audit"], { action: entry.action })}>{t.audit.moreOf(entry.action)}</a>}
              {entry.server && <a href={hashOf(["audit"], { server: entry.server })}>{t.audit.moreOf(entry.server)}</a>}
              {entry.ip && <a href={hashOf(["audit"], { address: entry.ip })}>{t.audit.moreOf(entry.ip)}</a>}
            </div>
            <pre tabIndex={0} aria-label={t.audit.raw}>
              {JSON.stringify(entry, null, 2)}
            </pre>
          </div>
        )}
      </details>
    </li>
  );
}
