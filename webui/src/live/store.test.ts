import { expect, it } from "vitest";
import { SPARK, Store } from "./store";
import type { Message, Server } from "./types";

function server(reason: string): Server {
  return { reason, state: "running", status: 1 } as Server;
}

function told(...messages: Message[]): Store {
  const store = new Store();
  for (const message of messages) store.take(message, 1000);
  return store;
}

const FIRST: Message = { type: "servers", servers: { b: server("1"), a: server("2") }, supervisor: true, now: 1003 };

it("knows the servers in order, and how far the clock is ahead", () => {
  const store = told(FIRST);
  expect(store.names.value).toEqual(["a", "b"]);
  expect(store.ahead.value).toBe(3);
});

it("keeps a server's signal, so that only what shows it is drawn anew", () => {
  const store = told(FIRST);
  const before = store.server("a");
  store.take({ type: "server", name: "a", server: server("3") });
  expect(store.server("a")).toBe(before);
  expect(before?.value.reason).toBe("3");
});

it("forgets who is gone, also when it begins anew", () => {
  const store = told(FIRST, { type: "removed", name: "a" });
  expect(store.names.value).toEqual(["b"]);
  store.take({ type: "servers", servers: { c: server("4") }, supervisor: false, now: 1000 });
  expect(store.names.value).toEqual(["c"]);
  expect(store.server("b")).toBeUndefined();
  expect(store.supervised.value).toBe(false);
});

it("keeps as many measurements as are shown", () => {
  const store = told(FIRST, { type: "sparks", servers: { a: { cpu: [1, null], memory: [5, null] } } });
  for (let count = 0; count < SPARK; count += 1) {
    store.take({ type: "usage", at: count, servers: { a: [count, count * 10] } });
  }
  const usage = store.usage("a").value;
  expect(usage.cpus).toHaveLength(SPARK);
  expect([usage.cpu, usage.memory, usage.cpus[0]]).toEqual([SPARK - 1, (SPARK - 1) * 10, 0]);
});

it("knows how many processes it has, and remembers no more zeros than one of a server that is down", () => {
  const store = told(FIRST, { type: "usage", at: 5, servers: { a: [1, 2, 3, 4] } });
  const { at, processes, threads } = store.usage("a").value;
  expect([at, processes, threads]).toEqual([5, 3, 4]);
  store.take({ type: "usage", at: 6, servers: {} });
  const down = store.usage("a").value;
  expect([down.cpu, down.processes, down.cpus]).toEqual([0, 0, [1, 0]]);
  store.take({ type: "usage", at: 7, servers: {} });
  expect(store.usage("a").value).toBe(down);
});

it("grows its turn with each change of a server, and not with what servers use", () => {
  const store = told(FIRST);
  const before = store.turn.value;
  store.take({ type: "usage", at: 5, servers: { a: [1, 2, 3, 4] } });
  expect(store.turn.value).toBe(before);
  store.take({ type: "server", name: "a", server: server("3") });
  store.take({ type: "removed", name: "b" });
  expect(store.turn.value).toBe(before + 2);
});

it("has each job once, the latest first", () => {
  const job = (id: string, created: number, state: string) => ({ id, created, state }) as never;
  const store = told(
    { type: "jobs", jobs: [job("x", 1, "running")] },
    { type: "job", job: job("y", 2, "running") },
    { type: "job", job: job("x", 1, "done") },
  );
  expect(store.jobs.value.map((one) => [one.id, one.state])).toEqual([
    ["y", "running"],
    ["x", "done"],
  ]);
});

it("ignores what it does not know", () => {
  expect(() => told({ type: "something new" } as never)).not.toThrow();
});

it("knows which event was told last, so that who comes back misses none", () => {
  const store = told({ ...FIRST, lastEvent: 7 });
  expect(store.lastEvent).toBe(7);
  store.take({ type: "event", event: { id: 9, at: 1, server: "a", type: "state" } });
  store.take({ ...FIRST, lastEvent: 12 });
  expect(store.lastEvent).toBe(9);
  store.clear();
  expect(store.lastEvent).toBeUndefined();
});

it("goes by the time of an answer until the stream tells a better one", () => {
  const store = new Store();
  store.meet("Thu, 01 Jan 1970 01:00:00 GMT", 3598); // whole seconds, and some on its way
  expect(store.ahead.value).toBe(0);
  store.meet("Thu, 01 Jan 1970 01:00:00 GMT", 7200);
  expect(store.ahead.value).toBe(-3600);
  store.meet("nonsense", 7200);
  store.take(FIRST, 4603);
  store.meet("Thu, 01 Jan 1970 01:00:00 GMT", 7200);
  expect(store.ahead.value).toBe(-3600);
});

it("knows servers by names that every object has", () => {
  const servers = JSON.parse('{"constructor": {"reason": "1"}, "__proto__": {"reason": "2"}}') as Record<string, Server>;
  const store = told({ type: "servers", servers, supervisor: true, now: 1000 });
  expect(store.names.value).toEqual(["__proto__", "constructor"]);
  store.take({ type: "usage", at: 5, servers: {} });
  expect(store.usage("constructor").value.cpu).toBe(0);
  store.take({ type: "servers", servers: {}, supervisor: true, now: 1000 });
  expect(store.names.value).toEqual([]);
});
