/**
 * Grants, as the API has them and as a form can edit them.
 *
 * Rules:
 * - Grants without a limit are one row, whatever they are written like: together they mean the same.
 * - What the form does not know (another shape, another key) is kept as it is, and written back at its place.
 */

/** A grant that limits nothing, or an object (docs/access.md). What came from elsewhere may be anything. */
export type Grant = unknown;

export interface Row {
  permissions: string[];
  /** Null: nothing is limited by it. */
  servers: string[] | null;
  paths: string[] | null;
  input: string[] | null;
}

/** A row of the form, or what it leaves alone. */
export type Entry = { kind: "row"; row: Row } | { kind: "kept"; value: unknown };

const KEYS = new Set(["permissions", "servers", "paths", "input"]);
const OCTYNE = /^server<(.+)>\.([^<>]+)$/;

/** Return a row that grants nothing yet. */
export function emptyRow(): Row {
  return { permissions: [], servers: null, paths: null, input: null };
}

/** Return the rows that grants are. */
export function entriesOf(grants: readonly Grant[]): Entry[] {
  const entries: Entry[] = [];
  let plain: Row | undefined;
  for (const grant of grants) {
    const row = rowOf(grant);
    if (row === undefined) {
      entries.push({ kind: "kept", value: grant });
    } else if (isLimited(row)) {
      entries.push({ kind: "row", row });
    } else if (plain === undefined) {
      plain = row;
      entries.push({ kind: "row", row });
    } else {
      plain.permissions.push(...row.permissions.filter((one) => !plain?.permissions.includes(one)));
    }
  }
  return entries;
}

/** Return the grants that rows are; a row without permissions grants nothing and is left out. */
export function grantsOf(entries: readonly Entry[]): Grant[] {
  return entries.flatMap((entry) => {
    if (entry.kind === "kept") return [entry.value];
    const { permissions, servers, paths, input } = entry.row;
    if (permissions.length === 0) return [];
    if (!isLimited(entry.row)) return permissions;
    return [
      {
        permissions,
        ...(servers === null ? {} : { servers }),
        ...(paths === null ? {} : { paths }),
        ...(input === null ? {} : { input }),
      },
    ];
  });
}

/** Return a grant as a row; nothing if it is of a shape that the form does not know. */
export function rowOf(grant: Grant): Row | undefined {
  if (typeof grant === "string") {
    const [, server, rest] = OCTYNE.exec(grant) ?? [];
    if (server !== undefined && rest !== undefined) {
      return { ...emptyRow(), permissions: [`server.${rest}`], servers: [server] };
    }
    return grant === "" ? undefined : { ...emptyRow(), permissions: [grant] };
  }
  if (typeof grant !== "object" || grant === null || Array.isArray(grant)) return undefined;
  if (Object.keys(grant).some((key) => !KEYS.has(key))) return undefined;
  const given = grant as Record<string, unknown>;
  const permissions = textsOf(given["permissions"]);
  const servers = limitOf(given["servers"]);
  const paths = limitOf(given["paths"]);
  const input = limitOf(given["input"]);
  if (!permissions?.length || servers === undefined || paths === undefined || input === undefined) return undefined;
  return { permissions, servers, paths, input };
}

/** Tell whether a row limits what it grants. */
export function isLimited(row: Row): boolean {
  return row.servers !== null || row.paths !== null || row.input !== null;
}

function textsOf(value: unknown): string[] | undefined {
  if (typeof value === "string") return [value];
  return Array.isArray(value) && value.every((one) => typeof one === "string") ? [...(value as string[])] : undefined;
}

function limitOf(value: unknown): string[] | null | undefined {
  return value === undefined || value === null ? null : textsOf(value);
}

/** Return the texts of a field with commas or lines between them. */
export function listOf(text: string): string[] {
  return [...new Set(text.split(/[,\n]/).map((one) => one.trim()))].filter(Boolean);
}
