/**
 * Which language a file is written in, by its name; each is loaded when it is first needed.
 *
 * They are the modes of CodeMirror 5, line by line: whole grammars are ten times as large, and would be most of the
 * page. What is folded goes by indentation.
 */

import { type LanguageSupport, StreamLanguage, type StreamParser } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { own } from "../own";

type Loader = () => Promise<LanguageSupport | Extension>;

/** A mode of CodeMirror 5, one of those that a module has. */
function mode<N extends string>(load: () => Promise<Record<N, StreamParser<unknown>>>, name: N): Loader {
  return async () => StreamLanguage.define((await load())[name]);
}

const script = () => import("@codemirror/legacy-modes/mode/javascript");
const clike = () => import("@codemirror/legacy-modes/mode/clike");

/** By the name that a person knows. */
const LANGUAGES = {
  "C": mode(clike, "c"),
  "C#": mode(clike, "csharp"),
  "C++": mode(clike, "cpp"),
  "CMake": mode(() => import("@codemirror/legacy-modes/mode/cmake"), "cmake"),
  "CSS": mode(() => import("@codemirror/legacy-modes/mode/css"), "css"),
  "Diff": mode(() => import("@codemirror/legacy-modes/mode/diff"), "diff"),
  "Dockerfile": mode(() => import("@codemirror/legacy-modes/mode/dockerfile"), "dockerFile"),
  "Go": mode(() => import("@codemirror/legacy-modes/mode/go"), "go"),
  "Groovy": mode(() => import("@codemirror/legacy-modes/mode/groovy"), "groovy"),
  "HTML": mode(() => import("@codemirror/legacy-modes/mode/xml"), "html"),
  "Hjson": async () => (await import("./hjson")).hjson(),
  "JSON": mode(script, "json"),
  "Java": mode(clike, "java"),
  "JavaScript": mode(script, "javascript"),
  "Kotlin": mode(clike, "kotlin"),
  "Lua": mode(() => import("@codemirror/legacy-modes/mode/lua"), "lua"),
  "Markdown": mode(() => import("./markdown"), "markdown"),
  "Nginx": mode(() => import("@codemirror/legacy-modes/mode/nginx"), "nginx"),
  "Perl": mode(() => import("@codemirror/legacy-modes/mode/perl"), "perl"),
  "PowerShell": mode(() => import("@codemirror/legacy-modes/mode/powershell"), "powerShell"),
  "Properties": mode(() => import("@codemirror/legacy-modes/mode/properties"), "properties"),
  "Python": mode(() => import("@codemirror/legacy-modes/mode/python"), "python"),
  "Ruby": mode(() => import("@codemirror/legacy-modes/mode/ruby"), "ruby"),
  "Rust": mode(() => import("@codemirror/legacy-modes/mode/rust"), "rust"),
  "SQL": mode(() => import("@codemirror/legacy-modes/mode/sql"), "standardSQL"),
  "Shell": mode(() => import("@codemirror/legacy-modes/mode/shell"), "shell"),
  "TOML": mode(() => import("@codemirror/legacy-modes/mode/toml"), "toml"),
  "TypeScript": mode(script, "typescript"),
  "TypeScript JSX": mode(script, "typescript"),
  "XML": mode(() => import("@codemirror/legacy-modes/mode/xml"), "xml"),
  "YAML": mode(() => import("@codemirror/legacy-modes/mode/yaml"), "yaml"),
} satisfies Record<string, Loader>;

export type LanguageName = keyof typeof LANGUAGES;

const ENDINGS: Readonly<Record<string, LanguageName>> = {
  ...alike("C", "c h"),
  ...alike("C#", "cs csx"),
  ...alike("C++", "cc cpp cxx hh hpp hxx ino"),
  ...alike("CMake", "cmake"),
  ...alike("CSS", "css"),
  ...alike("Diff", "diff patch"),
  ...alike("Dockerfile", "dockerfile"),
  ...alike("Go", "go"),
  ...alike("Groovy", "groovy gradle"),
  ...alike("HTML", "html htm xhtml vue"),
  // Comments in JSON are common in configs: Hjson takes both.
  ...alike("Hjson", "hjson jsonc json5 hujson"),
  ...alike("JSON", "json mcmeta webmanifest geojson map ipynb"),
  ...alike("Java", "java"),
  ...alike("JavaScript", "js mjs cjs jsx"),
  ...alike("Kotlin", "kt kts"),
  ...alike("Lua", "lua"),
  ...alike("Markdown", "md markdown"),
  ...alike("Nginx", "nginx"),
  ...alike("Perl", "pl pm"),
  ...alike("PowerShell", "ps1 psm1"),
  ...alike("Properties", "properties ini cfg conf cnf env lang editorconfig service socket timer desktop"),
  ...alike("Python", "py pyw pyi"),
  ...alike("Ruby", "rb gemspec"),
  ...alike("Rust", "rs"),
  ...alike("SQL", "sql"),
  ...alike("Shell", "sh bash zsh ksh bashrc profile"),
  ...alike("TOML", "toml"),
  ...alike("TypeScript", "ts mts cts"),
  ...alike("TypeScript JSX", "tsx"),
  ...alike("XML", "xml svg xsd xsl xslt plist csproj config fxml"),
  ...alike("YAML", "yaml yml"),
};

const NAMES: Readonly<Record<string, LanguageName>> = {
  "dockerfile": "Dockerfile",
  "containerfile": "Dockerfile",
  "cmakelists.txt": "CMake",
  "gemfile": "Ruby",
  "rakefile": "Ruby",
  "jenkinsfile": "Groovy",
  "pkgbuild": "Shell",
  ".bashrc": "Shell",
  ".bash_profile": "Shell",
  ".profile": "Shell",
  ".gitconfig": "Properties",
  "nginx.conf": "Nginx",
  "cargo.lock": "TOML",
  "poetry.lock": "TOML",
};

function alike(language: LanguageName, endings: string): Record<string, LanguageName> {
  return Object.fromEntries(endings.split(" ").map((ending) => [ending, language]));
}

const PROGRAMS: readonly (readonly [RegExp, LanguageName])[] = [
  [/\b(?:ba|da|z|k)?sh\b/, "Shell"],
  [/\bpython/, "Python"],
  [/\b(?:node|deno|bun)\b/, "JavaScript"],
  [/\bperl\b/, "Perl"],
  [/\bruby\b/, "Ruby"],
  [/\blua/, "Lua"],
];

/** Return the language of a file, by its name or by the program that its first line names; undefined for plain text. */
export function languageOf(path: string, text = ""): LanguageName | undefined {
  const name = (path.split("/").at(-1) ?? "").toLowerCase();
  const known = own(NAMES, name);
  if (known !== undefined) return known;
  if (/^\.env(\.|$)/.test(name)) return "Properties";
  if (/^(?:dockerfile|containerfile)\./.test(name)) return "Dockerfile";
  // What a program or a person keeps of a file is written as the file is.
  const plain = name.replace(/(?:\.(?:bak|old|orig|new|dist|sample|example|template|disabled)|~)+$/, "");
  const found = own(ENDINGS, plain.split(".").at(-1) ?? "");
  if (found !== undefined && plain.includes(".")) return found;
  const first = /^#!(.*)/.exec(text)?.[1];
  if (first !== undefined) return PROGRAMS.find(([program]) => program.test(first))?.[1];
  return undefined;
}

/** All languages there are, in the order of the alphabet. */
export const languageNames = Object.keys(LANGUAGES) as LanguageName[];

/** Load a language. */
export function loadLanguage(name: LanguageName): Promise<LanguageSupport | Extension> {
  return LANGUAGES[name]();
}
