/** The permissions that the page knows, in groups; what they mean stands in the strings, as docs/access.md says it. */

export const GROUPS = {
  server: ["server.view", "server.control"],
  console: ["server.console.view", "server.console.write"],
  files: [
    "server.files.view",
    "server.files.download",
    "server.files.upload",
    "server.files.modify",
    "server.files.createFolder",
    "server.files.compress",
    "server.files.decompress",
  ],
  accounts: ["accounts.view", "accounts.create", "accounts.update", "accounts.delete"],
  keys: ["keys.create", "keys.view", "keys.delete"],
  sessions: ["sessions.view", "sessions.end"],
  shares: ["shares.create", "shares.view", "shares.delete"],
  config: ["config.view", "config.edit", "config.reload"],
  notifications: ["notifications.view", "notifications.test"],
  other: ["audit.view", "host.view", "metrics.view"],
} as const;

export type Group = keyof typeof GROUPS;
export type Permission = (typeof GROUPS)[Group][number];

/** The pattern that stands for all of a group, if there is one. */
export const PATTERN: Readonly<Partial<Record<Group, string>>> = {
  server: "server.*",
  console: "server.console.*",
  files: "server.files.*",
  accounts: "accounts.*",
  keys: "keys.*",
  sessions: "sessions.*",
  shares: "shares.*",
  config: "config.*",
  notifications: "notifications.*",
};

export const ALL: readonly Permission[] = Object.values(GROUPS).flat();

/** Tell whether a permission can be had for some servers only. */
export function isScoped(permission: string): boolean {
  return permission.startsWith("server.") || permission.startsWith("shares.") || permission === "audit.view";
}

/** Tell whether a pattern includes a permission, or a narrower pattern. */
export function includes(pattern: string, permission: string): boolean {
  return (
    pattern === "*" || pattern === permission || (pattern.endsWith(".*") && permission.startsWith(pattern.slice(0, -1)))
  );
}

/** Return the permissions that patterns include, in the usual order, and the patterns that include none we know. */
export function expanded(patterns: readonly string[]): { known: Permission[]; unknown: string[] } {
  const known = ALL.filter((name) => patterns.some((pattern) => includes(pattern, name)));
  const unknown = patterns.filter((pattern) => !ALL.some((name) => includes(pattern, name)));
  return { known, unknown };
}
