/** Which file it is, and what can be done with it. */

import type { ComponentChildren } from "preact";
import { Icon } from "../../parts/icon";
import { hashOf } from "../../route";
import { t } from "../../strings";
import type { FileSource } from "./filesource";
import "./editor.css";

export interface HeadingProps {
  name: string;
  source: FileSource;
  /** Beside its name. */
  chips?: ComponentChildren;
  children?: ComponentChildren;
}

/** Draw it. */
export function Heading({ name, source, chips, children }: HeadingProps) {
  const parts = source.path.split("/");
  const file = parts.pop() ?? "";
  return (
    <div class="editor-head">
      <a class="button quiet bare" href={hashOf(["server", name, "files", ...parts])} aria-label={t.editor.folder} title={t.editor.folder}>
        <Icon name="chevronLeft" />
      </a>
      <h2 class="editor-name">
        {parts.length > 0 && <span class="dim">{parts.join("/")}/</span>}
        {file}
      </h2>
      {chips}
      <span class="grow" />
      <div class="row editor-tools">{children}</div>
    </div>
  );
}

/** A link to the file itself. */
export function DownloadLink({ source, plain = false }: { source: FileSource; plain?: boolean }) {
  return (
    <a class={plain ? "button" : "button quiet bare"} href={source.url} download aria-label={t.editor.download} title={t.editor.download}>
      <Icon name="download" />
      {plain && <span>{t.editor.download}</span>}
    </a>
  );
}
