/** What stands above a text while something is in the way of saving it, and what can be done about it. */

import type { ComponentChildren } from "preact";
import type { Problem } from "../api/problem";
import { ago } from "../format";
import { Button } from "../parts/button";
import { sure } from "../parts/dialog";
import { Icon } from "../parts/icon";
import { tell } from "../parts/toast";
import { t } from "../strings";
import type { Session } from "./session";

export interface NoticesProps {
  session: Session;
  /** Saves, and tells what is in the way of that. */
  save: () => Promise<void>;
  /** Why saving did not work, if nobody knows more. */
  failed: Problem | undefined;
  /** What else can be done if somebody else has written. */
  more?: ComponentChildren;
}

/** Draw them. */
export function Notices({ session, save, failed, more }: NoticesProps) {
  const phase = session.opened.phase.value;
  const draft = session.draft.value;
  const based = session.opened.base.value?.etag ?? null;
  return (
    <>
      {draft !== null && (
        <Notice text={`${t.code.draft(ago(draft.at))} ${draft.etag === based ? "" : t.code.draftOther}`}>
          <Button small onClick={() => session.restore()}>
            {t.code.restore}
          </Button>
          <Button small onClick={() => session.discard()}>
            {t.code.discard}
          </Button>
        </Notice>
      )}
      {!session.kept.value && <Notice text={t.code.notKept} />}
      {phase.is === "conflict" && <Changed session={session} save={save} more={more} />}
      {phase.is === "gone" && (
        <Notice text={phase.refused ? t.code.goneRefused : t.code.gone}>
          <Button
            small
            onClick={() => {
              session.insist(null);
              return save();
            }}
          >
            {t.code.makeAnew}
          </Button>
          {more}
        </Notice>
      )}
      {failed !== undefined && phase.is !== "saving" && (
        <Notice text={t.code.failed(failed.message)}>
          <Button small icon="refresh" onClick={save}>
            {t.again}
          </Button>
        </Notice>
      )}
    </>
  );
}

function Changed({ session, save, more }: Pick<NoticesProps, "session" | "save" | "more">) {
  const phase = session.opened.phase.value;
  if (phase.is !== "conflict") return null;
  const { theirs, refused } = phase;
  const overwrite = async () => {
    const wanted = await sure({ title: t.code.overwrite, text: t.code.overwriteSure, action: t.code.overwrite, danger: true });
    if (!wanted) return;
    // Only what was seen is replaced: if it has changed once more, that is told again.
    session.insist(theirs);
    await save();
  };
  const take = async () => {
    const wanted = await sure({ title: t.code.takeAll, text: t.code.takeAllSure, action: t.code.takeAll, danger: true });
    if (wanted) session.take(theirs);
  };
  return (
    <Notice text={refused ? t.code.refused : t.code.changed}>
      <Button
        small
        kind="primary"
        onClick={() => {
          if (!session.join(theirs)) tell({ kind: "warning", text: t.code.noMerge });
        }}
      >
        {t.code.merge}
      </Button>
      <Button small onClick={take}>
        {t.code.takeAll}
      </Button>
      <Button small onClick={overwrite}>
        {t.code.overwrite}
      </Button>
      {more}
    </Notice>
  );
}

/** Something that a person should know, with what can be done about it. */
export function Notice({ text, children }: { text: string; children?: ComponentChildren }) {
  return (
    <div class="notice code-notice" role="alert">
      <Icon name="alert" />
      <span class="grow">{text}</span>
      {children && <div class="row">{children}</div>}
    </div>
  );
}
