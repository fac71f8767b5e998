/** The whole page: the login, or the frame with the page that the address names. */

import { useSignalEffect } from "@preact/signals";
import { findOut, known, presence, trouble } from "./api/account";
import { Frame } from "./frame";
import { listen, stop } from "./live/stream";
import { store } from "./live/store";
import { Login, LoginAgain } from "./pages/login";
import { Dialogs } from "./parts/dialog";
import { Dock } from "./parts/dock";
import { Fault, Waiting } from "./parts/load";
import { lazy } from "./parts/lazy";
import { place } from "./route";
import { t } from "./strings";

const SharedConsole = lazy(() => import("./pages/people/share"));

/** Draw it. */
export function App() {
  useSignalEffect(() => {
    if (presence.value === "in") listen();
    if (presence.value === "out") {
      stop();
      store.clear();
    }
  });
  return (
    <>
      <Shown />
      {known.value && <Dock />}
      <Dialogs />
      {presence.value === "expired" && <LoginAgain />}
    </>
  );
}

function Shown() {
  // Who has the link of a share needs no account.
  const [first, server, token] = place.value.parts;
  if (first === "share" && server !== undefined && token !== undefined) {
    return <SharedConsole key={token} server={server} token={token} />;
  }
  switch (presence.value) {
    case "asking":
      return <Waiting />;
    case "lost":
      return <Lost />;
    case "out":
      return <Login />;
    default:
      return <Frame />;
  }
}

function Lost() {
  return (
    <main class="login">
      <div class="card">
        {trouble.value && <Fault problem={trouble.value} again={findOut} />}
        <Waiting label={t.login.lost} />
      </div>
    </main>
  );
}
