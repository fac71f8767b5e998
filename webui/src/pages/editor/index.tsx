/** A file in the editor: found, and shown as what it is. */

import { useMemo } from "preact/hooks";
import { account, may } from "../../api/account";
import { decode } from "../../code/textform";
import { Session } from "../../code/session";
import { Button } from "../../parts/button";
import { Empty, Load, useLoad } from "../../parts/load";
import { place } from "../../route";
import { t } from "../../strings";
import { useState } from "preact/hooks";
import type { ServerPageProps } from "../server";
import { Edited } from "./edited";
import { FileSource, type Found } from "./filesource";
import { Shown } from "./shown";

/** Draw it. */
export default function Editor({ name }: ServerPageProps) {
  const path = place.value.parts.slice(3).join("/");
  return <OneFile key={path} name={name} path={path} />;
}

function OneFile({ name, path }: { name: string; path: string }) {
  const source = useMemo(() => new FileSource(name, path), [name, path]);
  const found = useLoad((signal) => source.find(signal), [source]);
  return (
    <Load of={found}>
      {(what) => <What key={found.loading ? "" : "found"} name={name} source={source} found={what} />}
    </Load>
  );
}

interface WhatProps {
  name: string;
  source: FileSource;
  found: Found;
}

function What({ name, source, found }: WhatProps) {
  const [wanted, setWanted] = useState(false);
  const mayWrite = may("server.files.upload", name);
  const session = useMemo(() => {
    if (found.is === "large" || (found.is === "missing" && !wanted)) return null;
    const version = found.is === "whole" ? found.version : null;
    if (version !== null && decode(version.bytes).flaw !== undefined) return null;
    return new Session(source, version, account.peek()?.name ?? "", `${name}/${source.path}`);
  }, [found, wanted]);
  if (session !== null) return <Edited key={wanted} name={name} source={source} session={session} readOnly={!mayWrite} />;
  if (found.is === "missing") {
    return (
      <Empty icon="file" text={t.editor.missing(source.path)}>
        {mayWrite && <Button onClick={() => setWanted(true)}>{t.editor.create}</Button>}
      </Empty>
    );
  }
  return <Shown name={name} source={source} found={found} />;
}
