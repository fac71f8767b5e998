/** One grant in the form: permissions in groups, and what limits them. */

import { useId, useState } from "preact/hooks";
import { account } from "../../api/account";
import { store } from "../../live/store";
import { Button } from "../../parts/button";
import { Check, TextField } from "../../parts/field";
import { t } from "../../strings";
import { covers, names } from "./coverage";
import { listOf, type Row } from "./grants";
import { losesByServers, wordsOfRow } from "./grantwords";
import { expanded, GROUPS, type Group, includes, PATTERN } from "./permissions";

interface Props {
  number: number;
  row: Row;
  onChange: (row: Row) => void;
  onRemove: () => void;
}

/** Draw it. */
export function GrantRow({ number, row, onChange, onRemove }: Props) {
  const [told] = wordsOfRow(row);
  const all = row.permissions.includes("*");
  const { unknown } = expanded(row.permissions);
  const mine = (permission: string) => covers(account.value?.rights, { ...row, permissions: [permission] });
  const lacks = [...new Set(Object.values(GROUPS).flat())].some((one) => !mine(one));
  const touches = (about: string) => expanded(row.permissions).known.some((one) => one.startsWith(about));
  return (
    <fieldset class="group grant">
      <legend>{t.grants.row(number)}</legend>
      <div class="row">
        <p class="grow grant-words">
          {row.permissions.length === 0 ? (
            <span class="dim">{t.grants.chooseSome}</span>
          ) : (
            <>
              <b>{told?.where}:</b> {told?.what}
            </>
          )}
        </p>
        <Button small kind="quiet" icon="trash" label={t.grants.remove(number)} onClick={onRemove} />
      </div>
      <Limit
        label={t.grants.servers}
        hint={row.servers !== null && losesByServers(row) ? t.grants.serversLose : t.grants.serversHint}
        any={t.grants.anyServer}
        value={row.servers}
        suggestions={store.names.value ?? []}
        found={(patterns) => matches(patterns)}
        onChange={(servers) => onChange({ ...row, servers })}
      />
      <div class="permissions">
        <Check
          label={t.grants.everything}
          checked={all}
          disabled={!all && !mine("*")}
          onChange={(on) => onChange({ ...row, permissions: on ? ["*"] : [] })}
        />
        {!all &&
          (Object.keys(GROUPS) as Group[]).map((group) => (
            <Members key={group} group={group} row={row} mine={mine} onChange={onChange} />
          ))}
      </div>
      {unknown.length > 0 && <p class="hint">{t.grants.others(unknown.join(", "))}</p>}
      {lacks && <p class="hint">{t.grants.notYours}</p>}
      {(all || touches("server.files.") || row.paths !== null) && (
        <Limit
          label={t.grants.paths}
          hint={t.grants.pathsHint}
          any={t.grants.anyPath}
          value={row.paths}
          onChange={(paths) => onChange({ ...row, paths })}
        />
      )}
      {(all || touches("server.console.write") || row.input !== null) && (
        <Limit
          label={t.grants.input}
          hint={t.grants.inputHint}
          any={t.grants.anyInput}
          value={row.input}
          onChange={(input) => onChange({ ...row, input })}
        />
      )}
    </fieldset>
  );
}

function matches(patterns: readonly string[]): string | undefined {
  const known = store.names.value;
  if (known === null || patterns.length === 0) return undefined;
  const found = known.filter((name) => patterns.some((pattern) => names(pattern, name)));
  return found.length === 0 ? t.grants.matchesNone : t.grants.matches(found);
}

function Members(props: { group: Group; row: Row; mine: (one: string) => boolean; onChange: (row: Row) => void }) {
  const { group, row, mine, onChange } = props;
  const members: readonly string[] = GROUPS[group];
  const pattern = PATTERN[group];
  const has = (one: string) => row.permissions.some((given) => includes(given, one));
  const whole = pattern !== undefined && row.permissions.some((given) => includes(given, pattern));
  const count = members.filter(has).length;
  const [open, setOpen] = useState(count > 0 || group === "server" || group === "console");
  const set = (permissions: string[]) => onChange({ ...row, permissions: tidy(permissions) });
  const toggle = (one: string, on: boolean) => {
    if (on) set([...row.permissions, one]);
    // A pattern that includes it falls apart into what else it includes.
    else set(row.permissions.flatMap((given) => (includes(given, one) ? without(given, one) : [given])));
  };
  const setAll = (on: boolean) => {
    if (pattern === undefined) return;
    const rest = row.permissions.flatMap((given) => {
      if (includes(pattern, given)) return [];
      return includes(given, pattern) ? without(given, pattern) : [given];
    });
    set(on ? [...rest, pattern] : rest);
  };
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {t.grants.groups[group]} {count > 0 && <span class="chip plain">{t.grants.count(count, members.length)}</span>}
      </summary>
      {open && (
        <>
          {pattern !== undefined && (
            <Check
              label={
                <>
                  {group === "server" ? t.grants.allOfServer : t.grants.allOf(t.grants.groups[group])}{" "}
                  <code class="dim">{pattern}</code>
                </>
              }
              checked={whole}
              disabled={!whole && !mine(pattern)}
              onChange={setAll}
            />
          )}
          {members.map((one) => (
            <Check
              key={one}
              label={
                <>
                  {t.grants.means[one as keyof typeof t.grants.means]} <code class="dim">{one}</code>
                </>
              }
              checked={has(one)}
              disabled={!has(one) && !mine(one)}
              onChange={(on) => toggle(one, on)}
            />
          ))}
        </>
      )}
    </details>
  );
}

/** Return what a pattern includes but one permission, or all that another pattern includes. */
function without(given: string, one: string): string[] {
  return expanded([given]).known.filter((name) => !includes(one, name));
}

/** Leave out what is there twice, or included by something else. */
function tidy(permissions: readonly string[]): string[] {
  const all = [...new Set(permissions)];
  return all.filter((one) => !all.some((other) => other !== one && includes(other, one)));
}

function Limit(props: {
  label: string;
  hint: string;
  /** What it means that nothing is limited. */
  any: string;
  value: string[] | null;
  onChange: (value: string[] | null) => void;
  suggestions?: readonly string[];
  found?: (value: readonly string[]) => string | undefined;
}) {
  const [text, setText] = useState(props.value?.join(", ") ?? "");
  const id = useId();
  const type = (now: string) => {
    setText(now);
    props.onChange(listOf(now));
  };
  const told = props.value === null ? undefined : props.found?.(props.value);
  const left = (props.suggestions ?? []).filter((one) => !props.value?.some((pattern) => names(pattern, one)));
  return (
    <div class="limit">
      <Check
        label={props.any}
        checked={props.value === null}
        onChange={(on) => props.onChange(on ? null : listOf(text))}
      />
      {props.value !== null && (
        <>
          <TextField
            label={props.label}
            value={text}
            onInput={type}
            hint={told === undefined ? props.hint : `${props.hint} ${told}`}
            error={props.value.length === 0 ? t.grants.nameSome : undefined}
          />
          {left.length > 0 && (
            <div class="row suggestions" role="group" aria-label={t.grants.suggestions} id={id}>
              {left.slice(0, 12).map((one) => (
                <Button key={one} small icon="plus" onClick={() => type([...listOf(text), one].join(", "))}>
                  {one}
                </Button>
              ))}
            </div>
          )}
        </>
      )}
    </div>
  );
}
