import { describe, expect, it } from "vitest";
import { aboutOf, boundsOf, keysIn, type Schema, schemasAt, typesOf, valuesOf } from "./schema";

const SERVER: Schema = {
  type: "object",
  properties: {
    enabled: { type: "boolean", description: "Whether", default: true },
    boot: { type: "string", enum: ["always", "wanted"], description: "When" },
    stopGrace: { type: "number", minimum: 0, maximum: 60 },
    stop: { oneOf: [{ $ref: "#/$defs/step" }, { type: "array", items: { $ref: "#/$defs/step" } }], description: "How" },
  },
  required: ["enabled"],
  additionalProperties: false,
};

const ROOT: Schema = {
  type: "object",
  properties: {
    port: { type: "integer", default: 42069 },
    servers: { type: "object", description: "Programs", additionalProperties: { $ref: "#/$defs/server" } },
    roles: { type: "object", patternProperties: { "^[a-z]+$": { type: "array", items: { type: "string" } } } },
  },
  $defs: {
    server: SERVER,
    step: { type: "object", properties: { line: { type: "string", examples: ["stop"] }, again: { $ref: "#/$defs/step" } } },
    circle: { $ref: "#/$defs/circle" },
  },
};

const names = (path: (string | number)[]) => keysIn(ROOT, path).map(({ name }) => name);

describe("keys", () => {
  it("of the document", () => expect(names([])).toEqual(["port", "servers", "roles"]));
  it("of a server, whatever its name", () => {
    expect(names(["servers", "web"])).toEqual(["enabled", "boot", "stopGrace", "stop"]);
    expect(names(["servers", "__proto__"])).toHaveLength(4);
    expect(names(["servers", "constructor"])).toHaveLength(4);
  });
  it("of one of several things that may stand there", () => {
    expect(names(["servers", "web", "stop"])).toEqual(["line", "again"]);
    expect(names(["servers", "web", "stop", 1])).toEqual(["line", "again"]);
    expect(names(["servers", "web", "stop", 0, "again", "again"])).toEqual(["line", "again"]);
  });
  it("whatever their case", () => expect(names(["SERVERS", "web", "STOP"])).toEqual(["line", "again"]));
  it("are none where the user chooses names, or nothing is known", () => {
    expect(names(["servers"])).toEqual([]);
    expect(names(["nothing", "at", 1, "all"])).toEqual([]);
    expect(names(["port", "x"])).toEqual([]);
  });
  it("say which must be there", () => expect(keysIn(ROOT, ["servers", "web"]).filter((one) => one.required)).toHaveLength(1));
});

describe("what is told of a place", () => {
  const at = (...path: (string | number)[]) => schemasAt(ROOT, path);
  it("is its description, its types, its values", () => {
    expect(aboutOf(at("servers", "web", "enabled"))).toBe("Whether");
    expect(aboutOf(at("servers", "web", "stop"))).toBe("How");
    expect(typesOf(at("servers", "web", "stop"))).toEqual(["object", "array"]);
    expect(valuesOf(at("servers", "web", "enabled"))).toEqual([true, false]);
    expect(valuesOf(at("servers", "web", "boot"))).toEqual(["always", "wanted"]);
    expect(valuesOf(at("servers", "web", "stop", 0, "line"))).toEqual(["stop"]);
    expect(boundsOf(at("servers", "web", "stopGrace"))).toEqual([0, 60]);
  });
  it("is found by patterns of names", () => {
    expect(typesOf(at("roles", "viewer", 0))).toEqual(["string"]);
    expect(at("roles", "NOT")).toEqual([]);
  });
});

it("does not follow a circle for ever", () => {
  const root: Schema = { $ref: "#/$defs/a", $defs: { a: { anyOf: [{ $ref: "#/$defs/a" }, { $ref: "#" }] } } };
  expect(schemasAt(root, ["x"])).toEqual([]);
});
