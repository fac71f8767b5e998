/** Recovery codes, shown once: to copy, to keep as a file, to print. */

import { Button } from "../../parts/button";
import { CopyButton } from "../../parts/copy";
import { ShownOnce } from "../../parts/shownonce";
import { account } from "../../api/account";
import { t } from "../../strings";

/** Draw it. */
export function RecoveryDialog({ codes, close }: { codes: readonly string[]; close: () => void }) {
  const text = codes.join("\n");
  return (
    <ShownOnce title={t.factor.recovery} close={close}>
      <p>{t.factor.recoveryWhat}</p>
      <ol class="codes mono" aria-label={t.factor.recovery}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ol>
      <div class="row no-print">
        <CopyButton text={text} small={false} />
        <Button icon="download" onClick={() => download(text)}>
          {t.factor.download}
        </Button>
        <Button onClick={() => print()}>{t.factor.print}</Button>
      </div>
    </ShownOnce>
  );
}

function download(text: string): void {
  const head = t.factor.fileHead(account.value?.name ?? "", location.host);
  const url = URL.createObjectURL(new Blob([`${head}\n\n${text}\n`], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = t.factor.fileName;
  link.click();
  // The browser reads it after this turn of the loop.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
