/** What the config may say, as its JSON Schema tells it: looked up by a path in the document. */

import type { Path } from "./outline";

/** The part of JSON Schema 2020-12 that is looked at. */
export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string | string[];
  description?: string;
  default?: unknown;
  examples?: unknown[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  patternProperties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  prefixItems?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  required?: string[];
  minimum?: number;
  maximum?: number;
}

/** Schemas within schemas that are followed; more would be a circle. */
const DEEP = 12;

/** Return a schema with all that it may be instead, itself first. */
function flat(root: Schema, schema: Schema, depth = 0): Schema[] {
  if (depth > DEEP) return [];
  const found: Schema[] = [schema];
  if (schema.$ref !== undefined) {
    const name = /^#\/\$defs\/([^/]+)$/.exec(schema.$ref)?.[1];
    const target = schema.$ref === "#" ? root : root.$defs?.[decodeURIComponent(name ?? "")];
    if (target !== undefined) found.push(...flat(root, target, depth + 1));
  }
  for (const one of [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.allOf ?? [])]) {
    found.push(...flat(root, one, depth + 1));
  }
  return found;
}

/** Return all that may stand at a path; nothing if the schema knows of no such place. */
export function schemasAt(root: Schema, path: Path): Schema[] {
  let now = flat(root, root);
  for (const step of path) now = now.flatMap((schema) => below(schema, step)).flatMap((schema) => flat(root, schema));
  return [...new Set(now)];
}

function below(schema: Schema, step: string | number): Schema[] {
  if (typeof step === "number") {
    const item = schema.prefixItems?.[step] ?? schema.items;
    return item === undefined ? [] : [item];
  }
  const named = propertyOf(schema, step);
  if (named !== undefined) return [named];
  const patterns = Object.entries(schema.patternProperties ?? {}).filter(([pattern]) => fits(pattern, step));
  if (patterns.length > 0) return patterns.map(([, one]) => one);
  return typeof schema.additionalProperties === "object" ? [schema.additionalProperties] : [];
}

function propertyOf(schema: Schema, name: string): Schema | undefined {
  const properties = schema.properties ?? {};
  if (Object.hasOwn(properties, name)) return properties[name];
  // As the daemon reads them.
  const key = Object.keys(properties).find((one) => one.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : properties[key];
}

function fits(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern, "u").test(name);
  } catch {
    return false;
  }
}

/** A key that an object may have. */
export interface Known {
  name: string;
  schemas: Schema[];
  required: boolean;
}

/** Return the keys that the object at a path may have; none where the user chooses the names. */
export function keysIn(root: Schema, path: Path): Known[] {
  const found = new Map<string, Known>();
  for (const schema of schemasAt(root, path)) {
    for (const [name, one] of Object.entries(schema.properties ?? {})) {
      const required = schema.required?.includes(name) ?? false;
      if (!found.has(name)) found.set(name, { name, schemas: flat(root, one), required });
    }
  }
  return [...found.values()];
}

/** Return the values that are known for a place: all that there are, or what is usual. */
export function valuesOf(schemas: readonly Schema[]): unknown[] {
  const values = schemas.flatMap((one) => [
    ...(one.enum ?? []),
    ...(one.const === undefined ? [] : [one.const]),
    ...(typesOf([one]).includes("boolean") ? [true, false] : []),
    ...(one.default === undefined ? [] : [one.default]),
    ...(one.examples ?? []),
  ]);
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

/** Return the kinds of values that may stand there. */
export function typesOf(schemas: readonly Schema[]): string[] {
  return [...new Set(schemas.flatMap((one) => one.type ?? []))];
}

/** Return what is told of a place, the closest first. */
export function aboutOf(schemas: readonly Schema[]): string | undefined {
  return schemas.find((one) => one.description !== undefined)?.description;
}

/** Return the default of a place. */
export function defaultOf(schemas: readonly Schema[]): unknown {
  return schemas.find((one) => one.default !== undefined)?.default;
}

/** Return the least and the most that a number may be. */
export function boundsOf(schemas: readonly Schema[]): [number | undefined, number | undefined] {
  const one = schemas.find(({ minimum, maximum }) => minimum !== undefined || maximum !== undefined);
  return [one?.minimum, one?.maximum];
}
