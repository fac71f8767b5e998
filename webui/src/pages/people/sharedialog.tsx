/** The dialog that makes a share, and shows its link once. */

import { useEffect, useId, useState } from "preact/hooks";
import { account, may } from "../../api/account";
import { apiUrl, serverPath, socketUrl } from "../../api/base";
import { askJson } from "../../api/request";
import { store } from "../../live/store";
import { Secret } from "../../parts/copy";
import { ShownOnce } from "../../parts/shownonce";
import { Choice, Field } from "../../parts/field";
import { hashOf } from "../../route";
import { t } from "../../strings";
import { Expiry, type Life, secondsOf } from "./expiry";
import { FormDialog } from "./formdialog";

type Kind = "console" | "file";

interface Made {
  kind: Kind;
  server: string;
  token: string;
  /** From the root of the API on. */
  url: string;
}

/** Return the link that is given away: of a file what downloads it, of a console the page that shows it. */
export function linkOf(made: Made): string {
  if (made.kind === "file") return apiUrl(made.url.replace(/^\//, ""));
  return new URL(hashOf(["share", made.server, made.token]), document.baseURI).href;
}

/** Share something. */
export function ShareDialog(props: {
  kind: Kind;
  server: string;
  path: string;
  close: () => void;
  done?: () => Promise<void>;
}) {
  const [kind, setKind] = useState(props.kind);
  const needed = kind === "file" ? "server.files.download" : "server.console.view";
  const known = store.names.value ?? Object.keys(account.value?.servers ?? {});
  const servers = known.filter((name) => may("shares.create", name) && may(needed, name));
  const [chosen, setServer] = useState(props.server);
  const server = servers.includes(chosen) ? chosen : (servers[0] ?? "");
  const [path, setPath] = useState(props.path);
  const [life, setLife] = useState<Life>({ choice: "day", until: "" });
  const [made, setMade] = useState<Made>();
  if (made !== undefined) return <Link made={made} close={props.close} />;
  const seconds = secondsOf(life);
  const submit = async () => {
    const what = kind === "file" ? { kind, server, path } : { kind, server };
    setMade(await askJson<Made>("shares", { json: { ...what, expiresIn: seconds } }));
    await props.done?.();
  };
  return (
    <FormDialog
      title={t.shares.create}
      action={t.shares.make}
      close={props.close}
      submit={submit}
      ready={server !== "" && typeof seconds === "number" && (kind === "console" || path.trim() !== "")}
    >
      <Choice
        label={t.shares.kind}
        value={kind}
        options={[
          ["file", t.shares.kinds.file],
          ["console", t.shares.kinds.console],
        ]}
        onChange={setKind}
        hint={t.shares.kindHint[kind]}
      />
      {servers.length === 0 ? (
        <p class="notice">{t.shares.noServer}</p>
      ) : (
        <Choice
          label={t.shares.server}
          value={server}
          options={servers.map((name) => [name, name] as const)}
          onChange={setServer}
        />
      )}
      {kind === "file" && server !== "" && <FilePath server={server} value={path} onInput={setPath} />}
      <Expiry life={life} onChange={setLife} forever={false} />
    </FormDialog>
  );
}

interface Listed {
  contents: { name: string; folder: boolean }[];
}

/** A field for the path of a file, with what is in the folder on offer. */
function FilePath({ server, value, onInput }: { server: string; value: string; onInput: (path: string) => void }) {
  const id = useId();
  const folder = value.includes("/") ? value.slice(0, value.lastIndexOf("/") + 1) : "";
  const [offered, setOffered] = useState<string[]>([]);
  useEffect(() => {
    const stop = new AbortController();
    askJson<Listed>(serverPath(server, "files"), { query: { path: folder || "/" }, signal: stop.signal }).then(
      (found) => setOffered(found.contents.slice(0, 200).map((one) => `${folder}${one.name}${one.folder ? "/" : ""}`)),
      () => setOffered([]), // a folder that is not there, or may not be seen: the path can be typed all the same
    );
    return () => stop.abort();
  }, [server, folder]);
  return (
    <Field label={t.shares.path} hint={t.shares.pathHint}>
      {(attributes) => (
        <>
          <input
            {...attributes}
            class="mono"
            list={id}
            autoComplete="off"
            spellcheck={false}
            required
            value={value}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
          <datalist id={id}>
            {offered.map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}

function Link({ made, close }: { made: Made; close: () => void }) {
  return (
    <ShownOnce title={t.shares.made} close={close}>
      <p>{t.shares.shownOnce}</p>
      <Secret label={t.shares.link} text={linkOf(made)} />
      {made.kind === "console" && <Secret label={t.shares.socket} text={socketUrl(made.url.replace(/^\//, ""))} />}
    </ShownOnce>
  );
}
