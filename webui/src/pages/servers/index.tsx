/** The list of servers, live. */

import { store } from "../../live/store";
import { Empty, Waiting } from "../../parts/load";
import { Status } from "../../parts/status";
import { hashOf } from "../../route";
import { t } from "../../strings";

/** Draw it. */
export function Servers() {
  const names = store.names.value;
  if (names === null) return <Waiting />;
  return (
    <>
      <div class="title">
        <h1>{t.servers.title}</h1>
      </div>
      {names.length === 0 && <Empty icon="server" text={t.servers.none} />}
      <ul>
        {names.map((name) => (
          <Row key={name} name={name} />
        ))}
      </ul>
    </>
  );
}

function Row({ name }: { name: string }) {
  const server = store.server(name)?.value;
  if (server === undefined) return null;
  return (
    <li>
      <a href={hashOf(["server", name])}>{name}</a> <Status server={server} /> {server.reason}
    </li>
  );
}
