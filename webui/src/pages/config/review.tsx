/** The question before a config is saved: what that changes, of just this text. */

import { Button } from "../../parts/button";
import { Dialog, open } from "../../parts/dialog";
import { Problem } from "../../api/problem";
import { t } from "../../strings";
import { check, movedTo, type Report } from "./report";
import { Summary } from "./summary";

/** Whether it shall be saved, and where the page is then: null if it stays, "" if that cannot be told. */
export interface Reviewed {
  wanted: boolean;
  there: string | null;
}

/** Ask whether it shall be saved. Throws `Problem` with what is wrong if it cannot be. */
export async function reviewed(text: string): Promise<Reviewed> {
  const report = await check(text);
  if (!report.valid) throw new Problem(report.error ?? t.config.invalid, "invalid-config", 400);
  const there = movedTo(report, location.href);
  return new Promise((resolve) =>
    open((close) => (
      <Review
        report={report}
        there={there}
        answer={(wanted) => {
          close();
          resolve({ wanted, there });
        }}
      />
    )),
  );
}

interface ReviewProps extends Pick<Reviewed, "there"> {
  report: Report;
  answer: (is: boolean) => void;
}

function Review({ report, there, answer }: ReviewProps) {
  const restarts = report.changes?.restartNeeded.length ?? 0;
  return (
    <Dialog
      title={t.config.reviewTitle}
      onClose={() => answer(false)}
      actions={
        <>
          <Button onClick={() => answer(false)}>{t.cancel}</Button>
          <Button kind="primary" onClick={() => answer(true)}>
            {t.save}
          </Button>
        </>
      }
    >
      {restarts > 0 && <p>{t.config.restartNote(restarts)}</p>}
      {there !== null && (
        <p class="warn">
          {t.config.moves} {there}
        </p>
      )}
      <Summary report={report} />
      {report.warnings.length > 0 && <p class="warn">{t.config.mistakes(0, report.warnings.length)}</p>}
    </Dialog>
  );
}
