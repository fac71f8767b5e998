/** A file that is edited: the text, its tools, and what is in the way of saving it. */

import { EditorView } from "@codemirror/view";
import type { Text } from "@codemirror/state";
import { useEffect, useId, useMemo, useState } from "preact/hooks";
import { Problem, problemOf } from "../../api/problem";
import { languageOf } from "../../code/language";
import { MergePane } from "../../code/mergepane";
import { Notices } from "../../code/notices";
import type { Session } from "../../code/session";
import { Surface } from "../../code/surface";
import { indentOf } from "../../code/textform";
import { StatusBar, Tools, tellWhere, whereabouts } from "../../code/tools";
import { useEditing, useSaveKey } from "../../code/useediting";
import { Button } from "../../parts/button";
import { open } from "../../parts/dialog";
import { tell } from "../../parts/toast";
import { go, hashOf, place } from "../../route";
import { t } from "../../strings";
import type { FileSource } from "./filesource";
import { DownloadLink, Heading } from "./heading";
import { SaveAs } from "./saveas";

export interface EditedProps {
  name: string;
  source: FileSource;
  session: Session;
  readOnly: boolean;
}

/** Draw it. */
export function Edited({ name, source, session, readOnly }: EditedProps) {
  const where = useMemo(whereabouts, []);
  const about = useId();
  const [failed, setFailed] = useState<Problem>();
  const [language, setLanguage] = useState(() => languageOf(source.path, session.doc.line(1).text));
  const indent = useMemo(() => indentOf(session.doc.toString()), [session]);
  const leaving = useEditing(session);
  useLine(session);
  const merging = session.merging.value;
  const phase = session.opened.phase.value;
  const save = async () => {
    if (readOnly || session.merging.peek() !== null) return;
    try {
      const done = await session.save();
      setFailed(undefined);
      if (done) tell({ kind: "good", text: t.editor.saved });
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (problem.kind !== "aborted") setFailed(problem);
    }
  };
  useSaveKey(() => void save());
  const saveAs = () =>
    open((close) => (
      <SaveAs
        server={name}
        path={source.path}
        session={session}
        close={close}
        onSaved={(path) => {
          leaving();
          go(hashOf(["server", name, "edit", ...path.split("/").filter(Boolean)]));
        }}
      />
    ));
  const done = async (text: Text) => {
    session.joined(text);
    await save();
  };
  const saveAsButton = (
    <Button small onClick={saveAs}>
      {t.editor.saveAs}
    </Button>
  );
  return (
    <>
      <Heading
        name={name}
        source={source}
        chips={
          <span role="status" class="row">
            {readOnly && <span class="chip plain dim">{t.editor.readOnly}</span>}
            {session.opened.base.value === null && <span class="chip plain info">{t.editor.isNew}</span>}
            {session.dirty.value && <span class="chip warn">{t.editor.unsaved}</span>}
          </span>
        }
      >
        {merging === null && (
          <>
            <Tools view={() => session.view} where={where} readOnly={readOnly} />
            <DownloadLink source={source} />
            {!readOnly && <Button kind="quiet" icon="copy" label={t.editor.saveAs} onClick={saveAs} />}
            {!readOnly && (
              <Button
                kind="primary"
                icon="save"
                busy={phase.is === "saving"}
                disabled={!session.dirty.value}
                onClick={save}
              >
                {t.save}
              </Button>
            )}
          </>
        )}
      </Heading>
      {readOnly && <p class="dim">{t.editor.notPermitted}</p>}
      {merging === null && !readOnly && <Notices session={session} save={save} failed={failed} more={saveAsButton} />}
      {merging !== null && (
        <MergePane
          merging={merging}
          language={language}
          onDone={done}
          onCancel={() => void (session.merging.value = null)}
        />
      )}
      <Surface
        doc={session.doc}
        label={t.editor.label(source.path)}
        about={about}
        language={language}
        readOnly={readOnly}
        hidden={merging !== null}
        indent={indent}
        ending={session.form.value.ending}
        onSave={() => void save()}
        onView={(view) => void (session.view = view)}
        onUpdate={(update) => {
          if (update.docChanged) session.changed(update.state.doc);
          tellWhere(where, update);
        }}
      />
      {merging === null && (
        <StatusBar
          session={session}
          where={where}
          readOnly={readOnly}
          about={about}
          language={language}
          onLanguage={setLanguage}
        />
      )}
    </>
  );
}

/** Go to the line that the address names. */
function useLine(session: Session): void {
  const line = Number(place.value.query.get("line"));
  useEffect(() => {
    const view = session.view;
    if (view === null || !(line >= 1)) return;
    const found = view.state.doc.line(Math.min(Math.floor(line), view.state.doc.lines));
    view.dispatch({ selection: { anchor: found.from }, effects: EditorView.scrollIntoView(found.from, { y: "center" }) });
    view.focus();
  }, [line]);
}
