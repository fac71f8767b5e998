/** What saving a config would change, and what is wrong with it. */

import type { EditorView } from "@codemirror/view";
import { Icon } from "../../parts/icon";
import { t } from "../../strings";
import { goTo } from "./assist";
import { changesNothing, placeOf, type Report, sentence } from "./report";
import { type Checked, remarksOf } from "./usecheck";

/** What is wrong, each with its line; a click goes there. */
export function Problems({ checked, view }: { checked: Checked; view: () => EditorView | null }) {
  const all = checked.report === null ? [] : remarksOf(checked.report);
  const errors = all.filter(({ severity }) => severity === "error").length;
  return (
    <section class="config-problems" aria-label={t.config.problems}>
      <p role="status" class={errors > 0 ? "bad" : "dim"}>
        {checked.report === null && checked.problem === null ? (
          <span class="spinner" aria-hidden="true" />
        ) : (
          <Icon name={errors > 0 || checked.problem !== null ? "alert" : "check"} />
        )}
        {checked.asking && checked.report === null ? t.config.checking : told(checked, errors, all.length - errors)}
      </p>
      {all.length > 0 && (
        <ul>
          {all.map(({ remark, severity }, at) => {
            const go = () => {
              const one = view();
              const place = one && placeOf(one.state.doc, remark);
              if (place) goTo(one, place.from, place.to);
            };
            return (
              <li key={at}>
                <button type="button" onClick={go} disabled={remark.line < 1}>
                  <span class={severity === "error" ? "chip plain bad" : "chip plain warn"}>
                    {severity === "error" ? t.config.error : t.config.warning}
                  </span>
                  <span class="dim">{remark.line < 1 ? t.config.whole : t.config.line(remark.line)}</span>
                  <span>{sentence(remark)}</span>
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}

function told({ problem, report }: Checked, errors: number, warnings: number): string {
  if (problem !== null) return t.config.unchecked(problem.message);
  if (report === null) return t.config.checking;
  return errors + warnings === 0 ? t.config.good : t.config.mistakes(errors, warnings);
}

/** What saving it would change. */
export function Summary({ report }: { report: Report }) {
  const { changes, differences } = report;
  if (!report.valid) return <p class="dim">{t.config.invalid}</p>;
  if (changesNothing(report)) return <p class="dim">{t.config.nothing}</p>;
  const plain = changes?.changed.filter((name) => !changes.restartNeeded.includes(name)) ?? [];
  return (
    <div class="config-summary">
      {changes === null ? (
        <p class="dim">{t.config.unknown}</p>
      ) : (
        <>
          <Names title={t.config.servers.added} names={changes.added} tone="good" />
          <Names title={t.config.servers.restart} names={changes.restartNeeded} tone="warn" />
          <Names title={t.config.servers.changed} names={plain} tone="info" />
          <Names title={t.config.servers.removed} names={changes.removed} tone="bad" />
          {changes.removed.length > 0 && <p class="dim">{t.config.removedHint}</p>}
          <p class="dim">{t.config.unchanged(changes.unchanged)}</p>
        </>
      )}
      {differences !== null && differences.length > 0 && (
        <>
          <h3>{t.config.differences}</h3>
          <ul class="config-differences mono">
            {differences.map((one) => (
              <li key={one}>{one}</li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function Names({ title, names, tone }: { title: string; names: readonly string[]; tone: string }) {
  if (names.length === 0) return null;
  return (
    <p class="row">
      <span class={`chip ${tone}`}>{title}</span>
      <span class="grow">{names.join(", ")}</span>
    </p>
  );
}
