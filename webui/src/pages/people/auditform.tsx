/** What is to be seen of the audit log. */

import { useId, useState } from "preact/hooks";
import { store } from "../../live/store";
import { Button } from "../../parts/button";
import { Choice, Field, TextField } from "../../parts/field";
import { t } from "../../strings";
import { type Filter, localOf, momentOf, NO_FILTER, type Range } from "./auditfilter";

const GROUPS = [
  "accounts",
  "audit",
  "auth",
  "config",
  "jobs",
  "keys",
  "notifications",
  "schedule",
  "server",
  "sessions",
  "shares",
];
const SUBGROUPS = ["accounts.factor", "server.console", "server.files"];

/** On a phone what is asked for would be all there is to see. */
const NARROW = matchMedia("(max-width: 800px)");

/** Draw it; choices count at once, texts when they are sent. */
export function AuditForm({ filter, onChange }: { filter: Filter; onChange: (to: Filter) => void }) {
  const [typed, setTyped] = useState(filter);
  const set = (part: Partial<Filter>) => setTyped({ ...typed, ...part });
  const now = (part: Partial<Filter>) => onChange({ ...typed, ...part });
  const isFiltered = JSON.stringify(filter) !== JSON.stringify(NO_FILTER);
  const actions = [...GROUPS, ...SUBGROUPS, ...Object.keys(t.audit.deeds)].sort();
  const ranges = Object.entries(t.audit.ranges) as [Range, string][];
  return (
    <details class="audit-filter" open={isFiltered || !NARROW.matches}>
      <summary>{t.audit.filter}</summary>
      <form
        class="card audit-form"
        role="search"
        noValidate // a link may say moments to the millisecond
        aria-label={t.audit.filter}
        onSubmit={(event) => {
          event.preventDefault();
          onChange(typed);
        }}
      >
        <Suggest label={t.audit.user} value={typed.user} onInput={(user) => set({ user })} options={[]} />
        <Suggest
          label={t.audit.server}
          value={typed.server}
          onInput={(server) => set({ server })}
          options={store.names.value ?? []}
        />
        <Suggest label={t.audit.action} value={typed.action} onInput={(action) => set({ action })} options={actions} />
        <Suggest
          label={t.audit.address}
          value={typed.address}
          onInput={(address) => set({ address })}
          options={["@"]}
        />
        <Choice
          label={t.audit.result}
          value={typed.result}
          options={[
            ["", t.audit.results.any],
            ["success", t.audit.results.success],
            ["failed", t.audit.results.failed],
            ["denied", t.audit.results.denied],
          ]}
          onChange={(result) => now({ result })}
        />
        <Choice
          label={t.audit.range}
          value={typed.range}
          options={ranges}
          onChange={(range) => (range === "exact" ? set({ range }) : now({ range, since: null, until: null }))}
        />
        {typed.range === "exact" && (
          <>
            <TextField
              label={t.audit.since}
              type="datetime-local"
              value={localOf(typed.since)}
              onInput={(text) => set({ since: momentOf(text) })}
            />
            <TextField
              label={t.audit.until}
              type="datetime-local"
              value={localOf(typed.until)}
              onInput={(text) => set({ until: momentOf(text) })}
            />
          </>
        )}
        <div class="row audit-actions">
          <Button type="submit" kind="primary" icon="search">
            {t.search}
          </Button>
          {isFiltered && (
            <Button kind="quiet" onClick={() => onChange(NO_FILTER)}>
              {t.audit.reset}
            </Button>
          )}
        </div>
      </form>
    </details>
  );
}

function Suggest(props: { label: string; value: string; onInput: (text: string) => void; options: readonly string[] }) {
  const id = useId();
  return (
    <Field label={props.label}>
      {(attributes) => (
        <>
          <input
            {...attributes}
            list={id}
            autoComplete="off"
            autocapitalize="off"
            spellcheck={false}
            value={props.value}
            onInput={(event) => props.onInput(event.currentTarget.value)}
          />
          <datalist id={id}>
            {props.options.map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
