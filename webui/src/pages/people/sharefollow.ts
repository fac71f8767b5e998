/**
 * The console behind a share, by the byte (`console-v3`): after a cut it goes on where it was.
 *
 * The protocol is read-only here; what there is to know of it stands in docs/api.md.
 */

import { serverPath, socketUrl } from "../../api/base";
import { Position } from "./shareposition";

/** `over`: the link is good for nothing; `stopped`: it has ended; `gone`: the server has. These are final. */
export type Following = "connecting" | "live" | "lost" | "over" | "stopped" | "gone";

export interface Viewer {
  /** Shows output; what comes meanwhile waits until it is shown. */
  output: (data: Uint8Array) => Promise<void>;
  /** Some bytes are lost. */
  gap: (bytes: number) => void;
  /** Another stream begins. */
  reset: () => void;
  state: (is: Following) => void;
}

/** Milliseconds: longer each time, up to a limit. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
/** Bytes that wait to be shown: with more, we let go, and come back for the rest when they are. */
const MOST_WAITING = 8 << 20;
/** Who says nothing for 30 s is cut off. */
const PING = 15_000;

const FINAL: Readonly<Record<number, Following>> = { 4401: "over", 4403: "stopped", 4404: "gone" };

/** Follow a console until the function that is returned is called. */
export function follow(server: string, token: string, viewer: Viewer): () => void {
  const position = new Position();
  let socket: WebSocket | undefined;
  let wait = FIRST_WAIT;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  let waiting = 0;
  let full = false;
  const show = async (output: Uint8Array) => {
    waiting += output.length;
    if (waiting > MOST_WAITING && !full) {
      full = true;
      socket?.close();
    }
    await viewer.output(output);
    waiting -= output.length;
    if (waiting === 0 && full && !over) {
      full = false;
      connect();
    }
  };
  const connect = () => {
    const url = socketUrl(serverPath(server, "console"), { share: token, ...position.query });
    const one = new WebSocket(url, ["console-v3"]);
    let known = false;
    socket = one;
    one.binaryType = "arraybuffer";
    const ping = setInterval(() => one.readyState === WebSocket.OPEN && one.send('{"type":"ping","id":"p"}'), PING);
    one.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      // What is still under way when we have let go comes again when we are back.
      if (full) return;
      if (typeof data !== "string") {
        void show(position.came(data));
        return;
      }
      const message = JSON.parse(data) as Record<string, unknown>;
      if (message["type"] === "settings") {
        // Not before: who is refused is let in, and told by the close code.
        known = true;
        wait = FIRST_WAIT;
        viewer.state("live");
      }
      const meant = position.told(message);
      if (meant === "reset") viewer.reset();
      else if (meant !== undefined) viewer.gap(meant.gap);
    };
    one.onclose = ({ code }) => {
      clearInterval(ping);
      if (over || full) return;
      const final = FINAL[code];
      if (final !== undefined) {
        viewer.state(known && code === 4401 ? "stopped" : final);
        return;
      }
      viewer.state("lost");
      timer = setTimeout(connect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  };
  connect();
  return () => {
    over = true;
    clearTimeout(timer);
    socket?.close();
  };
}
