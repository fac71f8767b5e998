/** The disks on which the folders of servers are. */

import { bytes, percent } from "../../format";
import { hashOf } from "../../route";
import { t } from "../../strings";
import { Bar } from "./figures";
import type { Disk } from "./types";

const words = t.host;

/** Draw them. */
export function Disks({ disks }: { disks: readonly Disk[] }) {
  return (
    <section class="card" aria-label={words.disks}>
      <h2>{words.disks}</h2>
      <p class="hint">{words.disksHint}</p>
      {disks.length === 0 && <p class="dim">{words.noDisks}</p>}
      {disks.map((disk) => (
        <One key={disk.mount} disk={disk} />
      ))}
    </section>
  );
}

function One({ disk }: { disk: Disk }) {
  // What root keeps for himself is neither used nor free: for us it is gone.
  const part = disk.used + disk.free > 0 ? disk.used / (disk.used + disk.free) : 1;
  const files = disk.files > 0 ? 1 - disk.filesFree / disk.files : 0;
  return (
    <div class="amount">
      <div class="row">
        <strong class="grow">{disk.mount}</strong>
        <span class={part >= 0.95 ? "bad" : part >= 0.85 ? "warn" : "dim"}>{words.free(bytes(disk.free))}</span>
      </div>
      <Bar label={words.usedOf(disk.mount)} part={part} />
      <div class="hint">
        {words.used(bytes(disk.used), bytes(disk.total))} ({percent(part * 100)})
        {files >= 0.5 && <span class={files >= 0.9 ? "warn" : undefined}> · {words.filesFree(percent(files * 100))}</span>}
      </div>
      {disk.servers.length > 0 && (
        <details>
          <summary>
            {words.onIt} ({disk.servers.length})
          </summary>
          <div class="row">
            {disk.servers.map((name) => (
              <a key={name} class="chip plain" href={hashOf(["server", name])}>
                {name}
              </a>
            ))}
          </div>
        </details>
      )}
    </div>
  );
}
