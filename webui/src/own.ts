/** Looking up by a name that people choose: a server may be called `constructor`, which every object has. */

/** Return what an object itself has by a name; undefined if that is nothing, or inherited. */
export function own<T>(object: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined;
}
