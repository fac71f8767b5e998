import { expect, it } from "vitest";
import { languageNames, languageOf, loadLanguage } from "./language";

it.each([
  ["server.properties", "Properties"],
  ["config/paper-global.yml", "YAML"],
  ["a/b.JSON", "JSON"],
  ["config.hjson", "Hjson"],
  ["settings.jsonc", "Hjson"],
  ["Dockerfile", "Dockerfile"],
  ["Dockerfile.dev", "Dockerfile"],
  [".env", "Properties"],
  [".env.local", "Properties"],
  ["ops.json.bak", "JSON"],
  ["config.yml~", "YAML"],
  ["start.sh", "Shell"],
  ["App.tsx", "TypeScript JSX"],
  ["notes.txt", undefined],
  ["README", undefined],
  // A name is no ending.
  ["java", undefined],
  ["", undefined],
  ["constructor", undefined],
  ["a.__proto__", undefined],
])("%s is %s", (path, language) => expect(languageOf(path)).toBe(language));

it.each([
  ["#!/bin/sh\n", "Shell"],
  ["#!/usr/bin/env bash\n", "Shell"],
  ["#!/usr/bin/env python3\nx", "Python"],
  ["#!/usr/bin/node --x\n", "JavaScript"],
  ["#!/opt/other\n", undefined],
  ["no #!/bin/sh", undefined],
])("a program begins with %j: %s", (text, language) => expect(languageOf("run", text)).toBe(language));

it("loads each language", async () => {
  for (const name of languageNames) expect(await loadLanguage(name), name).toBeDefined();
});
