/** Where files are dropped from the desktop, or pasted: all of the page of files. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { problemOf } from "../../api/problem";
import { Icon } from "../../parts/icon";
import { tell } from "../../parts/toast";
import { t } from "../../strings";
import { chosen, entriesIn, walked } from "./upload/dropped";
import { upload } from "./upload/transfers";

interface DropzoneProps {
  server: string;
  path: string;
  /** Whether something may be uploaded. */
  on: boolean;
  children: ComponentChildren;
}

/** Draw it around its children. */
export function Dropzone({ server, path, on, children }: DropzoneProps) {
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  useEffect(() => {
    // What is dropped beside it would be opened by the browser, in place of this page.
    const keep = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    };
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (!on || files.length === 0 || (event.target as Element).closest("input, textarea, dialog") !== null) return;
      event.preventDefault();
      put(upload(server, path, chosen(files)));
    };
    addEventListener("dragover", keep);
    addEventListener("drop", keep);
    addEventListener("paste", paste);
    return () => {
      removeEventListener("dragover", keep);
      removeEventListener("drop", keep);
      removeEventListener("paste", paste);
    };
  }, [server, path, on]);
  const isFiles = (event: DragEvent) => on && event.dataTransfer?.types.includes("Files") === true;
  return (
    <div
      class="files"
      onDragEnter={(event) => {
        if (!isFiles(event)) return;
        depth.current += 1;
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!isFiles(event)) return;
        depth.current -= 1;
        if (depth.current <= 0) setOver(false);
      }}
      onDrop={(event) => {
        depth.current = 0;
        setOver(false);
        if (!isFiles(event) || event.dataTransfer === null) return;
        event.preventDefault();
        // They are there only during the event.
        put(upload(server, path, walked(entriesIn(event.dataTransfer))));
      }}
    >
      {children}
      {over && (
        <div class="files-drop">
          <Icon name="upload" />
          <span>{t.files.drop(path === "" ? server : path)}</span>
        </div>
      )}
    </div>
  );
}

function put(uploading: Promise<void>): void {
  uploading.catch((thrown: unknown) => {
    // The browser's own errors say nothing to a person.
    const problem = problemOf(thrown);
    tell(problem.kind === "fault" ? { kind: "fault", text: t.files.upload.unreadable } : problem);
  });
}
