import { expect, it } from "vitest";
import { follow } from "./happenings";
import { Store } from "./store";
import type { Happening, Message } from "./types";

const told = (id: number): Message => ({ type: "event", event: { id, at: id, server: "a", type: "state" } as Happening });

it("tells each event that comes from now on, however fast, until it is ended", () => {
  const store = new Store();
  store.take(told(1));
  const heard: number[] = [];
  const end = follow(store, (event) => void heard.push(event.id));
  for (const id of [2, 3, 4]) store.take(told(id));
  end();
  store.take(told(5));
  expect(heard).toEqual([2, 3, 4]);
});
