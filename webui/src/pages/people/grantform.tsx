/** The form for roles and grants: what somebody may do. */

import { useState } from "preact/hooks";
import { account } from "../../api/account";
import { Button } from "../../parts/button";
import { Check, Field } from "../../parts/field";
import { t } from "../../strings";
import { coversAll } from "./coverage";
import { type Entry, emptyRow, entriesOf, type Grant, grantsOf, type Row } from "./grants";
import { GrantRow } from "./grantrow";
import { Permitted } from "./permitted";
import { own } from "../../own";

/** Roles and grants, as the API takes them. */
export interface Privileges {
  roles: string[];
  grants: Grant[];
}

/** A row has a number of its own: what was typed into it stays with it when one above is removed. */
type Numbered = Entry & { id: number };
let count = 0;

function numbered(entries: readonly Entry[]): Numbered[] {
  return entries.map((entry) => ({ ...entry, id: (count += 1) }));
}

/** Tell whether all rows are filled in: one that grants nothing, or a limit that names nothing, is not. */
function isComplete(entries: readonly Entry[]): boolean {
  return entries.every((entry) => {
    if (entry.kind === "kept") return true;
    const { permissions, servers, paths, input } = entry.row;
    return permissions.length > 0 && [servers, paths, input].every((limit) => limit?.length !== 0);
  });
}

/** Edit privileges. `onChange` is told the new ones, and whether they can be given as they are: are filled in. */
export function GrantForm(props: { of: Privileges; onChange: (to: Privileges, complete: boolean) => void }) {
  const { of, onChange } = props;
  // Rows live here: the grants that they are leave out rows that are not filled in yet.
  const [entries, setEntries] = useState(() => numbered(entriesOf(of.grants)));
  const [text, setText] = useState<string | null>(null);
  const [wrong, setWrong] = useState<string>();
  const put = (now: Numbered[]) => {
    setEntries(now);
    onChange({ ...of, grants: grantsOf(now) }, isComplete(now));
  };
  const change = (id: number, row: Row) => put(entries.map((one) => (one.id === id ? { kind: "row", row, id } : one)));
  const type = (now: string) => {
    setText(now);
    const found = listIn(now);
    setWrong(found === undefined ? t.grants.noList : undefined);
    onChange(found === undefined ? of : { ...of, grants: found }, found !== undefined);
  };
  const toggle = () => {
    if (text === null) {
      setText(JSON.stringify(grantsOf(entries), null, 2));
      return;
    }
    const found = listIn(text);
    if (found === undefined) return;
    const now = numbered(entriesOf(found));
    setEntries(now);
    setText(null);
    onChange({ ...of, grants: found }, isComplete(now));
  };
  return (
    <div class="stack">
      <Roles
        chosen={of.roles}
        onChange={(roles) => onChange({ ...of, roles }, text === null ? isComplete(entries) : wrong === undefined)}
      />
      <div class="row">
        <h3 class="grow">{t.grants.title}</h3>
        <Button small kind="quiet" disabled={wrong !== undefined} pressed={text !== null} onClick={toggle}>
          {t.grants.asJson}
        </Button>
      </div>
      {text === null ? (
        <>
          {entries.map((entry, at) =>
            entry.kind === "row" ? (
              <GrantRow
                key={entry.id}
                number={at + 1}
                row={entry.row}
                onChange={(row) => change(entry.id, row)}
                onRemove={() => put(entries.filter((one) => one.id !== entry.id))}
              />
            ) : (
              <div key={entry.id} class="grant stack">
                <p class="hint">{t.grants.kept}</p>
                <pre>{JSON.stringify(entry.value)}</pre>
              </div>
            ),
          )}
          <div class="row">
            <Button
              small
              icon="plus"
              onClick={() => put([...entries, ...numbered([{ kind: "row", row: emptyRow() }])])}
            >
              {t.grants.add}
            </Button>
          </div>
        </>
      ) : (
        <Field label={t.grants.json} hint={t.grants.jsonHint} error={wrong}>
          {(attributes) => (
            <textarea
              {...attributes}
              class="mono"
              rows={10}
              spellcheck={false}
              value={text}
              onInput={(event) => type(event.currentTarget.value)}
            />
          )}
        </Field>
      )}
      <div class="preview" aria-live="polite">
        <h3>{t.grants.preview}</h3>
        <Permitted roles={of.roles} grants={of.grants} />
      </div>
    </div>
  );
}

function listIn(text: string): Grant[] | undefined {
  try {
    const found: unknown = JSON.parse(text);
    return Array.isArray(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

function Roles({ chosen, onChange }: { chosen: string[]; onChange: (roles: string[]) => void }) {
  const known = account.value?.roles ?? {};
  // Roles that somebody has although they are not in the config any more, or are above us.
  const all = [...new Set([...Object.keys(known), ...chosen])];
  if (all.length === 0) return <p class="hint">{t.grants.noRoles}</p>;
  return (
    <fieldset class="group">
      <legend>{t.grants.roles}</legend>
      {all.map((role) => {
        const grants = own(known, role);
        const mine = grants !== undefined && coversAll(account.value?.rights, grants);
        return (
          <div key={role}>
            <Check
              label={role}
              checked={chosen.includes(role)}
              disabled={!mine && !chosen.includes(role)}
              onChange={(on) => onChange(on ? [...chosen, role] : chosen.filter((one) => one !== role))}
            />
            <div class="role-words">
              {grants === undefined ? <p class="hint">{t.grants.unknownRole}</p> : <Permitted grants={grants} small />}
            </div>
          </div>
        );
      })}
    </fieldset>
  );
}
