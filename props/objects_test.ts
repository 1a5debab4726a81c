import { assertEquals } from "@std/assert";
import {
  conformZram,
  conformZsmalloc,
  conformZswap,
  LINUX_6_1,
  LINUX_6_18,
  modelZram,
  modelZsmalloc,
  modelZswap,
  SKIPPED,
  type ZsmallocStep,
  type ZswapStep,
} from "../mod.ts";
import { objectBytes } from "../src/programs/zsmalloc/object_bytes.ts";
import { ONE_PROCESS } from "../src/programs/swap/steps.ts";
import { modelSwap } from "./model_swap.ts";
import { objectSwap } from "../src/targets/swap/object_swap.ts";
import { objectZsmalloc } from "../src/targets/zsmalloc/object.ts";
import { objectZswap } from "../src/targets/zswap/object.ts";

const CREATE: ZsmallocStep = {
  op: "create",
  pageSize: 4096,
  wordBits: 64,
  chainSize: 8,
};
const DATA = { weyl: 7 };

/** Whether a target has nothing to do for a step. */
const isSkipped = (answer: unknown) => answer === SKIPPED;

Deno.test("a step of several objects asks for each in turn, and each has bytes of its own", () => {
  const target = objectZsmalloc(modelZsmalloc(LINUX_6_18));
  target.ask(CREATE);
  target.ask({ op: "malloc", size: 100, object: 4, count: 3 });
  target.ask({ op: "write", object: 4, count: 3, data: DATA });
  const read = (object: number) =>
    target.ask({ op: "read", object, length: 100 });
  for (const object of [4, 5, 6]) {
    const data = objectBytes(DATA, object - 4, new Uint8Array(100));
    assertEquals(read(object), { data });
  }
  target.ask({ op: "free", object: [4, 6] });
  assertEquals([4, 5, 6].map((object) => isSkipped(read(object))), [
    true,
    false,
    true,
  ]);
});

Deno.test("an allocator is passed over what names what is not there, or what was never written", () => {
  const target = objectZsmalloc(modelZsmalloc(LINUX_6_18));
  assertEquals(isSkipped(target.ask({ op: "compact" })), true);
  target.ask(CREATE);
  target.ask({ op: "malloc", size: 100, object: 1 });
  const steps: readonly ZsmallocStep[] = [
    { op: "malloc", size: 100, object: 1 },
    { op: "free", object: 2 },
    { op: "write", object: 2, data: DATA },
    { op: "read", object: 1, length: 8 },
    { op: "classes" },
  ];
  for (const step of steps) {
    assertEquals(isSkipped(target.ask(step)), true, step.op);
  }
  target.ask({ op: "write", object: 1, data: DATA });
  const long: ZsmallocStep = { op: "read", object: 1, length: 101 };
  assertEquals(isSkipped(target.ask(long)), true);
  target.ask(CREATE);
  assertEquals(isSkipped(target.ask({ op: "free", object: 1 })), true);
});

Deno.test("a swap cache is passed over what not every one can do, and what follows it until the next create", () => {
  const target = objectZswap(modelZswap(LINUX_6_18), 4096);
  const create = {
    op: "create",
    totalPages: 50,
    maxPoolPercent: 20,
    acceptThresholdPercent: 90,
    allocator: "zsmalloc",
  } as const;
  const stats: ZswapStep = { op: "stats" };
  assertEquals(isSkipped(target.ask(stats)), true);
  assertEquals(isSkipped(target.ask(create)), false);
  assertEquals(isSkipped(target.ask(stats)), false);
  assertEquals(isSkipped(target.ask({ ...create, maxPages: 1 })), true);
  assertEquals(isSkipped(target.ask(stats)), true);
  target.ask(create);
  const slot = { type: 0, offset: 1 };
  assertEquals(
    isSkipped(target.ask({ op: "load", ...slot, toSwapCache: false })),
    true,
  );
  assertEquals(isSkipped(target.ask({ op: "load", ...slot })), false);
});

Deno.test("a process is passed over what another does", () => {
  const setup = { totalPages: 100, swapPages: 256 };
  const target = objectSwap(modelSwap(LINUX_6_1, setup), LINUX_6_1);
  target.ask({ op: "create" });
  for (const process of [ONE_PROCESS, ONE_PROCESS + 1]) {
    const at = { page: 0, process };
    const isOther = process !== ONE_PROCESS;
    const write = { op: "write", ...at, data: { word: "5a5a5a5a" } } as const;
    assertEquals(isSkipped(target.ask(write)), isOther);
    for (const op of ["pageout", "read", "forget"] as const) {
      assertEquals(isSkipped(target.ask({ op, ...at })), isOther, op);
    }
  }
});

Deno.test("who changes the bytes that were given is judged by what they were", async () => {
  const options = { seed: 1, runs: 20 };
  /** Does something with a copy of bytes, which are gone then. */
  const spoiling = <Result>(
    data: Uint8Array,
    use: (copy: Uint8Array) => Result,
  ): Result => {
    const copy = data.slice();
    data.fill(0xee);
    return use(copy);
  };
  const [zsmalloc, zram, zswap] = [
    modelZsmalloc(LINUX_6_18),
    modelZram(LINUX_6_18),
    modelZswap(LINUX_6_18),
  ];
  const results = [
    await conformZsmalloc({
      ...zsmalloc,
      write: (handle, data) =>
        spoiling(data, (copy) => zsmalloc.write(handle, copy)),
    }, options),
    await conformZram({
      ...zram,
      write: (page, data) => spoiling(data, (copy) => zram.write(page, copy)),
    }, options),
    await conformZswap({
      ...zswap,
      store: (type, offset, page) =>
        spoiling(page, (copy) => zswap.store(type, offset, copy)),
    }, options),
  ];
  for (const { finding } of results) assertEquals(finding, undefined);
});
