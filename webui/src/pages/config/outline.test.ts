import { describe, expect, it } from "vitest";
import { contextAt, keysOf } from "./outline";

/** What is at the bar in a text. */
function at(text: string) {
  const place = text.indexOf("|");
  const { at: state, path, siblings } = contextAt(text.replace("|", ""), place);
  return [state, path.join("."), siblings.join(" ")];
}

const HJSON = "# x\nport: 1\nservers: {\n  web: {\n    enabled: true\n    command: sleep 1\n  }\n}\n";

describe("the keys", () => {
  const paths = (text: string) => keysOf(text).map(({ path }) => path.join("."));
  const wanted = ["port", "servers", "servers.web", "servers.web.enabled", "servers.web.command"];
  it("of Hjson without braces", () => expect(paths(HJSON)).toEqual(wanted));
  it("of Hjson with them", () => expect(paths(`{\n${HJSON}}`)).toEqual(wanted));
  it("of JSON", () => {
    const text = '{"port": 1, "servers": {"web": {"enabled": true, "command": ["a", "b"]}}}';
    expect(paths(text)).toEqual(wanted);
    expect(keysOf(text)[0]).toEqual({ path: ["port"], from: 1, to: 7 });
  });
  it("in lists", () =>
    expect(paths("stop: [{ line: a\n }, { signal: INT\n }]\nx: 1")).toEqual(["stop", "stop.0.line", "stop.1.signal", "x"]));
  it("with quotes and escapes", () => expect(keysOf('"a\\"b": 1\n\'c"d\': 2').map(({ path }) => path)).toEqual([['a"b'], ['c"d']]));
});

describe("where a cursor is", () => {
  it.each([
    // Hjson
    ["|", "key", "", ""],
    ["po|", "key", "po", "po"],
    ["port: |", "value", "port", "port"],
    ["port: 12|", "value", "port", "port"],
    ["port: 1\n|", "key", "", "port"],
    ["port: 1\nli|sten: x", "key", "listen", "port listen"],
    ["port: 1 // x|", "none", "port", "port"],
    ["servers: {\n  web: {\n    |\n    enabled: true\n  }\n}", "key", "servers.web", "enabled"],
    ["servers: {\n  web: {\n    enabled: true\n    |\n  }\n}", "key", "servers.web", "enabled"],
    ["servers: {\n  web: {\n    command: sle|ep\n  }\n}", "value", "servers.web.command", "command"],
    ["a: '''\n  te|xt\n  '''", "none", "a", "a"],
    // JSON
    ['{"po|rt": 1}', "key", "port", "port"],
    ['{"port": 1, |}', "key", "", "port"],
    ['{"a": {"b": |}}', "value", "a.b", "b"],
    ['{"a": {"b": "c|"}}', "value", "a.b", "b"],
    ['{"a": {"b": [1, |]}}', "value", "a.b.1", ""],
    ['{"a": [{"b": 1}, {|}]}', "key", "a.1", ""],
    // In the middle of something
    ["servers: {\n  web: {\n    |", "key", "servers.web", ""],
    ["a\n|", "key", "", "a"],
  ])("%j", (text, state, path, siblings) => expect(at(text)).toEqual([state, path, siblings]));
});

it("never fails, whatever the text and the place", () => {
  const pieces = ["{", "}", "[", "]", ":", ",", '"', "'", "'''", "a", "1", " ", "\n", "//", "/*", "*/", "#", "\\"];
  let seed = 3;
  const random = (below: number) => (seed = (seed * 16807) % 2147483647) % below;
  for (let round = 0; round < 500; round += 1) {
    const text = Array.from({ length: random(20) }, () => pieces[random(pieces.length)]).join("");
    keysOf(text);
    for (let place = 0; place <= text.length; place += 1) {
      const { from, to } = contextAt(text, place);
      expect(from).toBeLessThanOrEqual(place);
      expect(to).toBeGreaterThanOrEqual(place);
    }
  }
});
