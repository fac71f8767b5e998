/** A look at a file, without leaving the folder: pictures, sound, films, and how a text begins. */

import { useEffect, useState } from "preact/hooks";
import { Problem } from "../../api/problem";
import { serverPath } from "../../api/base";
import { ask } from "../../api/request";
import { bytes, fullMoment } from "../../format";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { Icon } from "../../parts/icon";
import { Load, useLoad, Waiting } from "../../parts/load";
import { go } from "../../route";
import { t } from "../../strings";
import { type Here, rights } from "./choices";
import { download } from "./downloading";
import type { Entry } from "./entries";
import { isShown, kindOf, type Kind } from "./kinds";
import { editorHash, fileUrl, folderHash, join, told } from "./paths";

const v = t.files.view;

/** Bytes of a text that are shown, and of a drawing. */
const HEAD = 256 << 10;
const DRAWING = 8 << 20;

/** Draw it. `shown` are the entries among which one can go on. */
export function Preview({ here, shown, name }: { here: Here; shown: readonly Entry[]; name: string }) {
  const { server, path } = here;
  const entry = here.entries.find((one) => one.name === name);
  const others = shown.filter((one) => !one.folder && one.addressable);
  const at = others.findIndex((one) => one.name === name);
  const close = () => go(folderHash(server, path), true);
  const step = (by: number) => {
    const to = at < 0 ? undefined : others[at + by];
    if (to !== undefined) go(folderHash(server, path, { show: to.name }), true);
  };
  const can = rights(server, path);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      if ((event.target as Element).closest("video, audio, input, pre") !== null) return;
      if (event.key === "ArrowRight" || event.key === "ArrowLeft") step(event.key === "ArrowRight" ? 1 : -1);
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  });
  return (
    <Dialog
      title={name}
      wide
      onClose={close}
      actions={
        <>
          <Button kind="quiet" icon="chevronLeft" label={v.older} disabled={at <= 0} onClick={() => step(-1)} />
          <Button kind="quiet" icon="chevronRight" label={v.newer} disabled={at < 0 || at >= others.length - 1} onClick={() => step(1)} />
          <span class="grow" />
          {entry !== undefined && can.download && (
            <>
              <Button icon="download" onClick={() => download(here, [entry], null)}>
                {t.files.download}
              </Button>
              {["text", "drawing", "link", "other"].includes(kindOf(entry)) && (
                <a class="button primary" href={editorHash(server, join(path, name))}>
                  <Icon name="edit" />
                  <span>{t.files.edit}</span>
                </a>
              )}
            </>
          )}
        </>
      }
    >
      {entry === undefined ? (
        <p>{v.gone}</p>
      ) : (
        <>
          <p class="dim">
            {t.files.kinds[kindOf(entry)]}, {bytes(entry.size)}, {fullMoment(entry.lastModified)}
          </p>
          {can.download ? (
            <Content key={`${name}\0${entry.lastModified}`} server={server} path={join(path, name)} entry={entry} />
          ) : (
            <p class="dim">{t.files.notDownload}</p>
          )}
        </>
      )}
    </Dialog>
  );
}

interface ContentProps {
  server: string;
  path: string;
  entry: Entry;
}

function Content(props: ContentProps) {
  const kind = kindOf(props.entry);
  return kind === "link" ? <Linked {...props} /> : <Shown {...props} kind={kind} />;
}

/** What a link leads to is known only by asking for it. */
function Linked({ server, path, entry }: ContentProps) {
  const found = useLoad(
    async (signal) => {
      const answer = await ask(serverPath(server, "file"), { method: "HEAD", query: { path: told(path) }, signal });
      const size = Number(answer.headers.get("Content-Length")) || 0;
      return { ...entry, folder: false, size, mimeType: answer.headers.get("Content-Type") ?? "" };
    },
    [server, path],
  );
  return <Load of={found}>{(real) => <Shown server={server} path={path} entry={real} kind={kindOf(real)} />}</Load>;
}

function Shown({ server, path, entry, kind }: ContentProps & { kind: Kind }) {
  const [failed, setFailed] = useState(false);
  const url = fileUrl(server, path);
  const onError = () => setFailed(true);
  if (failed) return <p class="warn">{v.notShown}</p>;
  if (!isShown(kind)) return <p class="dim">{v.none}</p>;
  switch (kind) {
    case "image":
      return <img class="preview" src={url} alt={entry.name} onError={onError} />;
    case "drawing":
      return <Drawing server={server} path={path} entry={entry} onError={onError} />;
    case "audio":
      return <audio class="preview" src={url} controls preload="metadata" aria-label={entry.name} onError={onError} />;
    case "video":
      return <video class="preview" src={url} controls preload="metadata" aria-label={entry.name} onError={onError} />;
    default:
      return <Text server={server} path={path} entry={entry} />;
  }
}

/** An SVG as an image, in which no script runs; what the daemon calls text is told to be a drawing. */
function Drawing({ server, path, entry, onError }: ContentProps & { onError: () => void }) {
  const [url, setUrl] = useState<string>();
  const found = useLoad(
    async (signal) => {
      if (entry.size > DRAWING) throw new Problem(v.large, "too-large");
      return (await ask(serverPath(server, "file"), { query: { path: told(path) }, signal })).blob();
    },
    [server, path],
  );
  useEffect(() => {
    if (found.data === undefined) return undefined;
    const made = URL.createObjectURL(new Blob([found.data], { type: "image/svg+xml" }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [found.data]);
  return <Load of={found}>{() => (url === undefined ? <Waiting /> : <img class="preview" src={url} alt={entry.name} onError={onError} />)}</Load>;
}

function Text({ server, path, entry }: ContentProps) {
  const nothing = entry.size === 0;
  const found = useLoad(
    (signal) => (nothing ? Promise.resolve({ text: "", whole: true }) : beginning(server, path, signal)),
    [server, path],
  );
  return (
    <Load of={found}>
      {({ text, whole }) => (
        <>
          {nothing ? <p class="dim">{v.empty}</p> : <pre class="preview text" tabIndex={0}>{text}</pre>}
          {!whole && <p class="dim">{v.first(bytes(HEAD), bytes(entry.size))}</p>}
        </>
      )}
    </Load>
  );
}

async function beginning(server: string, path: string, signal: AbortSignal): Promise<{ text: string; whole: boolean }> {
  const headers = { Range: `bytes=0-${HEAD - 1}` };
  try {
    const answer = await ask(serverPath(server, "file"), { query: { path: told(path) }, headers, signal });
    const charset = /charset=([\w-]+)/.exec(answer.headers.get("Content-Type") ?? "")?.[1] ?? "utf-8";
    const total = Number(/\/(\d+)$/.exec(answer.headers.get("Content-Range") ?? "")?.[1]);
    const data = await answer.arrayBuffer();
    const whole = !(total > data.byteLength);
    // A character may be cut in the middle at the end: it is left out.
    return { text: new TextDecoder(charset).decode(data, { stream: !whole }), whole };
  } catch (thrown) {
    if (thrown instanceof Problem && thrown.status === 416) return { text: "", whole: true };
    throw thrown;
  }
}
