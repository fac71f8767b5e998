/** What `GET /host` tells (docs/numbers.md). */

import type { Columns } from "../../parts/columns";

/** Of the latest 10, 60 and 300 s, or 1, 5 and 15 minutes. */
export type Three = [number, number, number];

export interface Pressure {
  some: Three;
  full: Three | null;
}

export interface Disk {
  mount: string;
  total: number;
  used: number;
  free: number;
  files: number;
  filesFree: number;
  servers: string[];
}

export interface Host {
  cpu: number | null;
  cores: number;
  load: Three;
  memory: { total: number; used: number };
  swap: { total: number; used: number };
  network: { received: number | null; sent: number | null };
  pressure: Record<string, Pressure | null>;
  uptime: number;
  boot: number;
  kernel: string;
  disks: Disk[];
  interval: number;
  columns: Columns;
}
