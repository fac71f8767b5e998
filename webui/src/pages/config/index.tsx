/** The config: its text, with help and a dry run, saved only after one has seen what that changes. */

import { useMemo } from "preact/hooks";
import { account, may } from "../../api/account";
import { Session } from "../../code/session";
import { decode } from "../../code/textform";
import { Fault, Load, useLoad } from "../../parts/load";
import { Problem } from "../../api/problem";
import { t } from "../../strings";
import { configSource } from "./configsource";
import { ConfigText } from "./configtext";
import type { Version } from "../../code/opened";

/** Draw it. */
export default function Config() {
  const found = useLoad(() => configSource.read(), []);
  if (!may("config.view")) return <Fault problem={new Problem(t.problem.notPermitted, "not-permitted")} />;
  return <Load of={found}>{(version) => version !== null && <Found version={version} />}</Load>;
}

function Found({ version }: { version: Version }) {
  const session = useMemo(() => new Session(configSource, version, account.peek()?.name ?? "", "config"), [version]);
  const flawed = decode(version.bytes).flaw !== undefined;
  return <ConfigText session={session} readOnly={flawed || !may("config.edit")} flawed={flawed} />;
}
