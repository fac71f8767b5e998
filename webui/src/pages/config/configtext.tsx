/** The text of the config, and all around it. */

import type { Text } from "@codemirror/state";
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useId, useMemo, useState } from "preact/hooks";
import { may, presence } from "../../api/account";
import { Problem, problemOf } from "../../api/problem";
import { askJson } from "../../api/request";
import { MergePane } from "../../code/mergepane";
import { Notice, Notices } from "../../code/notices";
import type { Session } from "../../code/session";
import { Surface } from "../../code/surface";
import { indentOf } from "../../code/textform";
import { StatusBar, Tools, tellWhere, whereabouts } from "../../code/tools";
import { useEditing } from "../../code/useediting";
import { Button } from "../../parts/button";
import { Menu } from "../../parts/menu";
import { tell } from "../../parts/toast";
import { t } from "../../strings";
import { aboutCursor, assistance, goTo } from "./assist";
import "./config.css";
import { keysOf } from "./outline";
import { Restarts } from "./restarts";
import { reviewed } from "./review";
import type { Schema } from "./schema";
import { Sections, sectionsOf } from "./sections";
import { Problems, Summary } from "./summary";
import { Checking } from "./usecheck";

/** Milliseconds without a key after which sections and help follow. */
const CALM = 150;

export interface ConfigTextProps {
  session: Session;
  readOnly: boolean;
  /** Whether it is no text that could be edited without harm. */
  flawed: boolean;
}

/** Draw it. */
export function ConfigText({ session, readOnly, flawed }: ConfigTextProps) {
  const where = useMemo(whereabouts, []);
  const about = useId();
  const checking = useMemo(() => new Checking(), []);
  const schema = useSignal<Schema | null>(null);
  const [failed, setFailed] = useState<Problem>();
  const cursor = useSignal(0);
  const text = useSignal(session.doc.toString());
  const sections = useComputed(() => sectionsOf(keysOf(text.value)));
  const help = useComputed(() => (schema.value === null ? undefined : aboutCursor(schema.value, text.value, cursor.value)));
  const extension = useMemo(() => [assistance(() => schema.peek()), readOnly ? [] : checking.extension], []);
  const indent = useMemo(() => indentOf(session.doc.toString()), [session]);
  useEditing(session);
  useEffect(() => {
    // Without it there is no help, and all else works.
    askJson<Schema>("config/schema").then((found) => void (schema.value = found), () => undefined);
    return () => checking.stop();
  }, []);
  const calm = useMemo(() => ({ timer: 0 }), []);
  useEffect(() => () => clearTimeout(calm.timer), []);
  useSignalEffect(() => {
    // After the session had ended, and when something else is in force.
    if (presence.value === "in" && session.opened.base.value !== null) checking.again(session.view);
  });
  const merging = session.merging.value;
  const phase = session.opened.phase.value;
  const checked = checking.state.value;

  const save = async (unasked = false) => {
    if (readOnly || session.merging.peek() !== null || !session.dirty.peek()) return;
    try {
      const { wanted, there } = unasked ? { wanted: true, there: null } : await reviewed(session.doc.toString());
      if (!wanted) return;
      const done = await session.save();
      setFailed(undefined);
      if (done) tell({ kind: "good", text: t.config.saved });
      if (done && there) location.assign(there);
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (problem.kind !== "aborted") setFailed(problem);
    }
  };
  const done = async (joined: Text) => {
    session.joined(joined);
    await save();
  };
  const reload = async () => {
    try {
      await askJson("config/reload", { method: "POST" });
    } catch (thrown) {
      const problem = problemOf(thrown);
      throw typeof problem.detail === "string" ? new Problem(`${problem.message} ${problem.detail}`, problem.kind, problem.status) : problem;
    }
    tell({ kind: "good", text: t.config.reloaded });
    await session.look();
  };

  return (
    <>
      <div class="title">
        <h1>{t.config.title}</h1>
        <span role="status" class="row">
          {readOnly && <span class="chip plain dim">{t.editor.readOnly}</span>}
          {session.dirty.value && <span class="chip warn">{t.editor.unsaved}</span>}
        </span>
        <span class="grow" />
        {merging === null && (
          <div class="row">
            <Tools view={() => session.view} where={where} readOnly={readOnly} />
            {may("config.reload") && (
              <Menu label={t.more} items={[{ label: t.config.reload, icon: "refresh", hint: t.config.reloadHint, run: reload }]} />
            )}
            {!readOnly && (
              <Button
                kind="primary"
                icon="save"
                busy={phase.is === "saving"}
                disabled={!session.dirty.value}
                onClick={() => save()}
              >
                {t.config.review}
              </Button>
            )}
          </div>
        )}
      </div>
      {flawed && <Notice text={t.config.notText} />}
      {readOnly && !flawed && <p class="dim">{t.config.readOnly}</p>}
      <Restarts />
      {merging === null && !readOnly && <Notices session={session} save={() => save()} failed={failed} />}
      {merging !== null && (
        <MergePane merging={merging} language="Hjson" onDone={done} onCancel={() => void (session.merging.value = null)} />
      )}
      <div class="config" hidden={merging !== null}>
        <Sections entries={sections.value} at={cursor.value} onGo={(entry) => goTo(session.view, entry.from)} />
        <div class="config-main">
          <Surface
            doc={session.doc}
            label={t.config.label}
            about={about}
            language="Hjson"
            readOnly={readOnly}
            indent={indent}
            ending={session.form.value.ending}
            more={extension}
            onSave={() => void save()}
            onView={(view) => void (session.view = view)}
            onUpdate={(update) => {
              if (update.docChanged) session.changed(update.state.doc);
              tellWhere(where, update);
              if (!update.docChanged && !update.selectionSet) return;
              clearTimeout(calm.timer);
              calm.timer = window.setTimeout(() => {
                text.value = update.view.state.doc.toString();
                cursor.value = update.view.state.selection.main.head;
              }, CALM);
            }}
          />
          <div class="config-help">
            {help.value === undefined ? (
              <span class="dim">{t.config.help}</span>
            ) : (
              <>
                <code>{help.value.path}</code>
                {help.value.text} <span class="dim">{help.value.facts.join(" · ")}</span>
              </>
            )}
          </div>
          {!readOnly && (
            <div class="config-below" tabIndex={0} role="group" aria-label={t.config.dryRun}>
              <Problems checked={checked} view={() => session.view} />
              <details open>
                <summary>{t.config.dryRun}</summary>
                {checked.report && <Summary report={checked.report} />}
              </details>
            </div>
          )}
          <StatusBar session={session} where={where} readOnly={readOnly} about={about} language="Hjson" />
        </div>
      </div>
    </>
  );
}
