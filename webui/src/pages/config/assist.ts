/** Help while one types: which keys and values there are, and what they mean. */

import { type Completion, type CompletionContext, type CompletionResult, snippet } from "@codemirror/autocomplete";
import type { Extension } from "@codemirror/state";
import { EditorState } from "@codemirror/state";
import { type EditorView, hoverTooltip } from "@codemirror/view";
import { t } from "../../strings";
import { type Context, contextAt, keysOf, type Path } from "./outline";
import { aboutOf, boundsOf, defaultOf, keysIn, type Known, type Schema, schemasAt, typesOf, valuesOf } from "./schema";

/** What is told of a key. */
export interface About {
  /** Its path, such as `servers.web.stop`. */
  path: string;
  text: string | undefined;
  /** Its type, its default, its bounds: short sentences. */
  facts: string[];
}

/** Return what is told of a place; nothing if it is not known. */
export function aboutAt(root: Schema, path: Path): About | undefined {
  const schemas = schemasAt(root, path);
  if (path.length === 0 || schemas.length === 0) return undefined;
  return { path: path.join("."), text: aboutOf(schemas), facts: factsOf(schemas) };
}

function factsOf(schemas: readonly Schema[]): string[] {
  const types = typesOf(schemas).map(typeName);
  const usual = defaultOf(schemas);
  const [low, high] = boundsOf(schemas);
  const words = schemas.flatMap((one) => one.enum ?? []).map(String);
  return [
    ...(types.length > 0 ? [types.join(t.config.or)] : []),
    ...(words.length > 0 && words.length <= 12 ? [t.config.oneOf([...new Set(words)].join(", "))] : []),
    ...(low !== undefined || high !== undefined ? [t.config.bounds(low, high)] : []),
    ...(usual === undefined ? [] : [t.config.usual(JSON.stringify(usual))]),
  ];
}

function typeName(type: string): string {
  return Object.hasOwn(t.config.types, type) ? t.config.types[type as keyof typeof t.config.types] : type;
}

/** Return what is told of the place where the cursor is. */
export function aboutCursor(root: Schema, text: string, place: number): About | undefined {
  const found = contextAt(text, place);
  // Before the first letter of a word one means the word.
  const ahead = found.kind === undefined && /[\w"']/.test(text[place] ?? "");
  return aboutAt(root, ahead ? contextAt(text, place + 1).path : found.path);
}

/** Return it all, by a schema that may be known later. */
export function assistance(schema: () => Schema | null): Extension {
  // One and the same each time: CodeMirror knows by that what it has asked already.
  const data = [{ autocomplete: (context: CompletionContext) => completions(schema(), context) }];
  return [
    EditorState.languageData.of(() => data),
    hoverTooltip((view, place) => {
      const root = schema();
      if (root === null) return null;
      const found = contextAt(view.state.doc.toString(), place);
      const about = found.kind === undefined || found.at === "none" ? undefined : aboutAt(root, found.path);
      if (about === undefined) return null;
      return { pos: found.from, end: found.to, above: true, create: () => ({ dom: drawn(about) }) };
    }),
  ];
}

function drawn(about: About): HTMLElement {
  const box = document.createElement("div");
  box.className = "config-hover";
  for (const [name, text] of [["code", about.path], ["p", about.text ?? ""], ["p", about.facts.join(" · ")]] as const) {
    if (text === "") continue;
    const part = document.createElement(name);
    part.textContent = text;
    box.append(part);
  }
  return box;
}

function completions(root: Schema | null, context: CompletionContext): CompletionResult | null {
  if (root === null) return null;
  const text = context.state.doc.toString();
  const found = contextAt(text, context.pos);
  if (found.at === "none" || (found.kind === undefined && !context.explicit)) return null;
  const options = found.at === "key" ? keys(root, found, text) : values(root, found, text);
  if (options.length === 0) return null;
  // What is typed is compared without its quote.
  const from = /["']/.test(text[found.from] ?? "") && context.pos > found.from ? found.from + 1 : found.from;
  return { from, options, validFor: /^[\w.%-]*$/ };
}

function keys(root: Schema, found: Context, text: string): Completion[] {
  const typed = found.kind === "key";
  const inside = typed ? found.path.slice(0, -1) : found.path;
  const own = typed ? String(found.path.at(-1)).toLowerCase() : undefined;
  const taken = new Set(found.siblings.map((one) => one.toLowerCase()));
  const named = /^\s*:/.test(text.slice(found.to));
  const quoted = /^[\s{]*"/.test(text);
  return keysIn(root, inside)
    .filter(({ name }) => !taken.has(name.toLowerCase()) || name.toLowerCase() === own)
    .map((known) => keyOption(known, named, quoted));
}

function keyOption({ name, schemas, required }: Known, named: boolean, quoted: boolean): Completion {
  const key = quoted ? JSON.stringify(name) : name;
  const type = typesOf(schemas)[0] ?? "";
  // A text is given its quotes: without them it takes all of its line. One of some words is chosen with them.
  const words = schemas.some((one) => one.enum !== undefined) ? "#{}" : '"#{}"';
  const shape = { object: "{\n\t#{}\n}", array: "[#{}]", string: words }[type] ?? "#{}";
  return {
    label: name,
    type: "property",
    detail: required ? t.config.required : typeName(type),
    boost: required ? 1 : 0,
    info: () => drawn({ path: name, text: aboutOf(schemas), facts: factsOf(schemas) }),
    apply: putting(named ? key : `${key}: ${shape}`),
  };
}

function values(root: Schema, found: Context, text: string): Completion[] {
  const schemas = schemasAt(root, found.path);
  const known = [...valuesOf(schemas), ...namesFor(found.path, text)];
  const scalars = known.filter((value) => value === null || typeof value !== "object");
  const usual = defaultOf(schemas);
  return [...new Set(scalars)].map((value) => ({
    label: String(value),
    type: "constant",
    detail: value === usual ? t.config.isUsual : "",
    apply: putting(JSON.stringify(value)),
  }));
}

/** Return what puts a text in the place of the key or value where the cursor is, however much of it is there. */
function putting(template: string): NonNullable<Completion["apply"]> {
  return (view, completion, from, to) => {
    const found = contextAt(view.state.doc.toString(), to);
    const whole = found.kind !== undefined && found.at !== "none";
    snippet(template.replaceAll("\\", "\\\\"))(view, completion, whole ? found.from : from, whole ? found.to : to);
  };
}

/** Names that stand elsewhere in the text: servers that one waits for, templates, roles. */
function namesFor(path: Path, text: string): string[] {
  const [section, , key] = path;
  if (section !== "servers" && section !== "templates") return [];
  const from = { after: "servers", requires: "servers", template: "templates" }[String(key)];
  if (from === undefined) return [];
  const all = keysOf(text).filter((entry) => entry.path.length === 2 && entry.path[0] === from);
  return all.map((entry) => String(entry.path[1])).filter((name) => name !== path[1]);
}

/** Go to a place and show it. */
export function goTo(view: EditorView | null, from: number, to = from): void {
  if (view === null) return;
  const end = view.state.doc.length;
  view.dispatch({ selection: { anchor: Math.min(to, end), head: Math.min(from, end) }, scrollIntoView: true });
  view.focus();
}
