/** Searching below a folder, by names or in contents: what is found comes as it is found. */

import { useEffect, useRef, useState } from "preact/hooks";
import { may } from "../../api/account";
import { serverPath } from "../../api/base";
import { type Problem, problemOf } from "../../api/problem";
import { ask } from "../../api/request";
import { bytes } from "../../format";
import { Button } from "../../parts/button";
import { Check, Choice, TextField } from "../../parts/field";
import { Icon } from "../../parts/icon";
import { Fault } from "../../parts/load";
import { go, place } from "../../route";
import { t } from "../../strings";
import { lines } from "./ndjson";
import { editorHash, folderHash, nameOf, parentOf, plain, told } from "./paths";

const s = t.files.seek;

/** How many are asked for, and how many are drawn. */
const LIMIT = 5000;
const SHOWN = 1000;
/** Milliseconds between two looks at what has come. */
const TICK = 120;

interface Hit {
  path: string;
  folder: boolean;
  size: number;
  lastModified: number;
  line?: number;
  column?: number;
  text?: string;
}

interface Last {
  done: true;
  count?: number;
  complete?: boolean;
  unread?: number;
  error?: string;
}

interface Results {
  hits: readonly Hit[];
  state: "idle" | "searching" | "done" | "stopped";
  last?: Last;
  problem?: Problem;
}

/** Draw it; what is searched stands in the address, so that it can be found again. */
export function Seek({ server, path }: { server: string; path: string }) {
  const { query } = place.value;
  const [text, setText] = useState(query.get("find") ?? "");
  const [within, setWithin] = useState<"name" | "content">(query.get("in") === "content" ? "content" : "name");
  const [regex, setRegex] = useState(query.get("regex") === "true");
  const [caseful, setCaseful] = useState(query.get("case") === "true");
  const [results, setResults] = useState<Results>({ hits: [], state: "idle" });
  const control = useRef<AbortController | null>(null);
  const asked = query.toString();
  useEffect(() => {
    const q = query.get("find") ?? "";
    if (q === "") return undefined;
    const abort = new AbortController();
    control.current = abort;
    void seek(server, path, new URLSearchParams(asked), abort.signal, setResults);
    return () => abort.abort();
  }, [server, path, asked]);
  const submit = (event: Event) => {
    event.preventDefault();
    if (text === "") return;
    const more = { ...(regex ? { regex: "true" } : {}), ...(caseful ? { case: "true" } : {}) };
    const to = folderHash(server, path, { find: text, in: within, ...more });
    if (to === location.hash) {
      control.current?.abort();
      control.current = new AbortController();
      void seek(server, path, new URLSearchParams(asked), control.current.signal, setResults);
    } else go(to, true);
  };
  const searching = results.state === "searching";
  return (
    <>
      <div class="files-tools">
        <h2 class="grow">{s.title(path === "" ? server : path)}</h2>
        <a class="button" href={folderHash(server, path)}>
          <Icon name="folder" />
          <span>{s.close}</span>
        </a>
      </div>
      <form class="seek" role="search" onSubmit={submit}>
        <div class="seek-text">
          <TextField
            label={s.text}
            value={text}
            onInput={setText}
            type="search"
            placeholder={within === "name" ? s.hint : s.hintContent}
            autoComplete="off"
            autoFocus
          />
        </div>
        {may("server.files.download", server) && (
          <Choice
            label={s.where}
            value={within}
            options={[
              ["name", s.name],
              ["content", s.content],
            ]}
            onChange={setWithin}
          />
        )}
        <div class="seek-options">
          <Check label={s.regex} checked={regex} onChange={setRegex} />
          <Check label={s.caseful} checked={caseful} onChange={setCaseful} />
        </div>
        {searching ? (
          <Button icon="stop" onClick={() => control.current?.abort()}>
            {s.stop}
          </Button>
        ) : (
          <Button type="submit" kind="primary" icon="search" disabled={text === ""}>
            {s.action}
          </Button>
        )}
      </form>
      {results.problem && <Fault problem={results.problem} />}
      <Found server={server} path={path} results={results} />
    </>
  );
}

function Found({ server, path, results }: { server: string; path: string; results: Results }) {
  const { hits, state, last } = results;
  if (state === "idle") return null;
  return (
    <>
      <p class="seek-count dim" role="status">
        {state === "searching" ? s.searching(hits.length) : state === "stopped" ? `${s.stopped} ${s.found(hits.length)}` : s.found(hits.length)}
        {last !== undefined && remarks(last, hits.length)}
        {hits.length > SHOWN && ` ${s.shown(SHOWN)}`}
      </p>
      {state === "done" && hits.length === 0 && !results.problem && <p>{s.none}</p>}
      <ul class="found" aria-label={s.results}>
        {hits.slice(0, SHOWN).map((hit) => (
          <One key={`${hit.path}\0${hit.line ?? ""}`} server={server} base={path} hit={hit} />
        ))}
      </ul>
    </>
  );
}

function One({ server, base, hit }: { server: string; base: string; hit: Hit }) {
  const path = plain(hit.path);
  const folder = parentOf(path);
  const below = base === "" ? path : path.slice(base.length + 1);
  const to =
    hit.line !== undefined
      ? editorHash(server, path, hit.line)
      : hit.folder
        ? folderHash(server, path)
        : folderHash(server, folder, { show: nameOf(path) });
  return (
    <li>
      <Icon name={hit.folder ? "folder" : "file"} />
      <div class="grow">
        <a href={to} class="found-path">
          {below}
          {hit.line !== undefined && <span class="dim">, {s.line(hit.line)}</span>}
        </a>
        {hit.text !== undefined && <div class="found-line mono">{hit.text}</div>}
      </div>
      {hit.line === undefined && !hit.folder && <span class="dim number">{bytes(hit.size)}</span>}
      <a class="button quiet bare small" href={folderHash(server, folder)} aria-label={`${s.show}: ${below}`} title={s.show}>
        <Icon name="folder" />
      </a>
    </li>
  );
}

function remarks(last: Last, count: number): string {
  const told: string[] = [];
  if (count >= LIMIT) told.push(s.limit(count));
  if (last.unread) told.push(s.unread(last.unread));
  if (last.error !== undefined) told.push(last.error);
  else if (last.complete === false && told.length === 0) told.push(s.incomplete);
  return told.map((one) => ` ${one}`).join("");
}

async function seek(
  server: string,
  path: string,
  query: URLSearchParams,
  signal: AbortSignal,
  tell: (results: Results) => void,
): Promise<void> {
  const hits: Hit[] = [];
  let last: Last | undefined;
  let looked = 0;
  tell({ hits, state: "searching" });
  try {
    const answer = await ask(serverPath(server, "search"), {
      query: {
        q: query.get("find") ?? "",
        path: told(path),
        in: query.get("in") ?? "name",
        regex: query.get("regex") ?? undefined,
        case: query.get("case") ?? undefined,
        limit: LIMIT,
      },
      signal,
    });
    if (answer.body !== null) {
      for await (const line of lines(answer.body)) {
        if (signal.aborted) break;
        if ((line as Partial<Last>).done) last = line as Last;
        else hits.push(line as Hit);
        if (Date.now() - looked > TICK) {
          looked = Date.now();
          tell({ hits: [...hits], state: "searching" });
        }
      }
    }
    if (!signal.aborted) tell({ hits, state: "done", ...(last ? { last } : {}) });
    else tell({ hits, state: "stopped" });
  } catch (thrown) {
    if (signal.aborted) tell({ hits, state: "stopped" });
    else tell({ hits, state: "done", problem: problemOf(thrown) });
  }
}
