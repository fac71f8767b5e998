/** Where the person is: the part of the address behind `#`. The server has one page, and needs to know no other. */

import { computed, signal } from "@preact/signals";
import { t } from "./strings";

/** A place: its parts between slashes, decoded, and its query. */
export interface Place {
  parts: string[];
  query: URLSearchParams;
}

/** Return the place that a hash names. */
export function placeOf(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#/, "").split(/\?(.*)/s);
  return { parts: path.split("/").filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // typed by hand
  }
}

/** Return the hash of a place. */
export function hashOf(parts: readonly string[], query: Readonly<Record<string, string>> = {}): string {
  const told = new URLSearchParams(query).toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${told && `?${told}`}`;
}

const hash = signal(location.hash);
export const place = computed(() => placeOf(hash.value));

/** Tells whether something would be lost if the place were left, such as a text that is not saved. */
type Guard = () => boolean;
const guards = new Set<Guard>();

/** Ask the person before the place is left while `unsaved` says so; returns what ends that. */
export function guard(unsaved: Guard): () => void {
  guards.add(unsaved);
  return () => void guards.delete(unsaved);
}

/** Tell whether something would be lost if the place were left now. */
export function isUnsaved(): boolean {
  return [...guards].some((unsaved) => unsaved());
}

const works = new Set<Guard>();

/** Say what goes on wherever the person is, and ends with the page, such as uploads. */
export function work(goesOn: Guard): void {
  works.add(goesOn);
}

/** Ask the person, if something would be lost by leaving the page; tells whether to go on. */
export function mayLeave(): boolean {
  if (isUnsaved()) return confirm(t.unsaved);
  return ![...works].some((goesOn) => goesOn()) || confirm(t.underWay);
}

addEventListener("hashchange", () => {
  if (location.hash === hash.value) return;
  if (isUnsaved() && !confirm(t.unsaved)) {
    history.pushState(null, "", hash.value || "#/");
    return;
  }
  hash.value = location.hash;
});
addEventListener("beforeunload", (event) => {
  if (isUnsaved() || [...works].some((goesOn) => goesOn())) event.preventDefault();
});

/** Go to a place; with `replace`, the place before is forgotten. */
export function go(to: string, replace = false): void {
  if (replace) {
    history.replaceState(null, "", to);
    hash.value = location.hash;
  } else {
    location.hash = to;
  }
}
