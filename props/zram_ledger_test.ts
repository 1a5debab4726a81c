import { assertEquals } from "@std/assert";
import { LINUX_6_12 } from "../mod.ts";
import { BACKING_PATH } from "../src/programs/transcript_zram.ts";
import type { ZramStep } from "../src/programs/zram/steps.ts";
import { Reach } from "../src/rules/reach.ts";
import { zramMachine } from "../src/search/machines/zram.ts";
import { runNow } from "../src/search/trial.ts";

const PAGE_SIZE = 16384;
const BLOCK = 4096;
/** Two objects of so many bytes are a page of memory. */
const HALF = 8000;
/** A zspage of objects of so few bytes has three pages. */
const FEW = 25;

function write(page: number, length: number): ZramStep {
  const data = { kind: "stated", lengths: [length], seed: 0 } as const;
  return { op: "write", page, data };
}

/**
 * Two zspages hold two pages each, a page of each is written back, and page 0
 * is written anew in the same step, before anything tells how many of the
 * zspages are left.
 */
function whileUntold(failEach: number, length: number): readonly ZramStep[] {
  const data = { kind: "stated", lengths: [length], seed: 0 } as const;
  return [
    {
      op: "create",
      pageSize: PAGE_SIZE,
      codecs: "stated",
      backingPages: 3,
      failEach,
    },
    { op: "set", attr: "backing_dev", value: BACKING_PATH },
    { op: "set", attr: "disksize", value: String(4 * PAGE_SIZE) },
    ...[0, 1, 2, 3].map((page) => write(page, HALF)),
    { op: "set", attr: "idle", value: "all" },
    { op: "read", page: 0 },
    { op: "read", page: 2 },
    { op: "writeback_under", value: "idle", after: 9, page: 0, data },
  ];
}

/** A part of a page. */
const PART: ZramStep = { op: "bio", request: "read", sector: 0, bytes: BLOCK };

/** Whether a step is asked of the model, and so judged, once others were. */
function isAsked(before: readonly ZramStep[], last: ZramStep): boolean {
  const trial = zramMachine.trial(LINUX_6_12, new Reach());
  for (const step of before) runNow(trial.step(step));
  const asked = runNow(trial.step(last));
  runNow(trial.close());
  return asked;
}

Deno.test("which allocation fails is known however many zspages are left", () => {
  // Two for the pages, one for writeback, three for the new zspage: the next.
  for (const failEach of [7, 8]) {
    assertEquals(isAsked(whileUntold(failEach, FEW), PART), true);
  }
});

Deno.test("a part of a page is not judged where nobody told whether the object before it took a zspage", () => {
  for (const request of ["read", "write"] as const) {
    const data = { word: "0000000000000001" };
    const part: ZramStep = request === "read"
      ? PART
      : { op: "bio", request, sector: 0, bytes: BLOCK, data };
    for (const failEach of [4, 5]) {
      assertEquals(isAsked(whileUntold(failEach, HALF), part), false);
    }
  }
});

Deno.test("a whole page is judged there all the same", () => {
  const whole: ZramStep = {
    op: "bio",
    request: "read",
    sector: 0,
    bytes: PAGE_SIZE,
  };
  assertEquals(isAsked(whileUntold(4, HALF), whole), true);
});
