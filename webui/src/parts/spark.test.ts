import { expect, it } from "vitest";
import { sparkPath } from "./spark";

it("ends at the right", () => expect(sparkPath([0, 100], 10, 100)).toBe("M8 19.0L9 1.0"));
it("has holes where nothing was measured", () => expect(sparkPath([1, null, 1], 3, 1)).toBe("M0 1.0M2 1.0"));
it("is a line at the bottom when all is zero", () => expect(sparkPath([0, 0], 2, 0)).toBe("M0 19.0L1 19.0"));
