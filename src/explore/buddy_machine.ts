/** What the state machines of zbud and z3fold share: their programs. */
import { LINUX_6_1, type Profile } from "../linux/profile.ts";
import { Memory } from "../memory/memory.ts";
import { runToEnd } from "../rules/wait.ts";
import { agree } from "./agree.ts";
import {
  type BuddyAllocator,
  type BuddyPool,
  BuddyStore,
  ID_BYTES,
} from "./buddy_store.ts";
import type { Arbitrary, FastCheck } from "../programs/fast_check.ts";
import type { Machine } from "./machine.ts";
import { plain, runSteps, step, type StepOf, type StepTable } from "./steps.ts";

/** The operations of zbud's and z3fold's machines and their fields. */
export interface BuddySteps {
  /** `count` objects of so many thousandths of a page. */
  malloc: { readonly thousandths: number; readonly count: number };
  /** The nth live object is freed, for each of `nths` in turn. */
  free: { readonly nths: readonly number[] };
  /** The nth live object is filled with a byte. */
  write: { readonly nth: number; readonly byte: number };
  /** A page is reclaimed; each `refuseEach`th object is refused, 0 for none. */
  reclaim: { readonly retries: number; readonly refuseEach: number };
}

/** A program of zbud's or z3fold's machine: a JSON value. */
export interface BuddyProgram {
  /** Bytes per page. */
  readonly pageSize: number;
  /** Bits per `unsigned long`. */
  readonly wordBits: number;
  /** The most frames there are; `null` for no limit. */
  readonly maxPages: number | null;
  /** Which allocation of a frame fails. */
  readonly failing: number;
  /** The operations, run one after another. */
  readonly steps: readonly StepOf<BuddySteps>[];
}

/** The operations of the machines of zbud and z3fold. */
export const BUDDY_OPS: readonly string[] = Object.keys(stepTable());

function stepTable<Pool extends BuddyPool>(): StepTable<
  BuddyStore<Pool>,
  BuddySteps
> {
  return {
    malloc(store, { thousandths, count }) {
      const { allocator, pool } = store;
      const bytes = Math.ceil(pool.memory.pageSize * thousandths / 1000);
      const size = Math.min(
        Math.max(ID_BYTES, bytes),
        allocator.maxSize(pool),
      );
      for (let nth = 0; nth < count; nth++) {
        const pages = pool.pagesNr;
        const handle = runToEnd(store.store(size));
        if (typeof handle === "number") continue;
        agree("malloc", handle, "ENOMEM");
        agree("pages after ENOMEM", pool.pagesNr, pages);
        return;
      }
    },

    free(store, { nths }) {
      for (const nth of nths) runToEnd(store.drop(nth));
    },

    write(store, { nth, byte }) {
      const id = store.nth(nth);
      if (id === undefined) return;
      const { handle, bytes } = store.object(id);
      bytes.fill(byte, ID_BYTES);
      store.pool.write(handle, bytes);
    },

    reclaim(store, { retries, refuseEach }) {
      const { pool, asked } = store;
      store.refuses = (id) => refuseEach > 0 && id % refuseEach === 0;
      const expected = store.expectReclaim(retries);
      const pages = pool.pagesNr;
      asked.length = 0;
      const outcome = pool.reclaimPage(retries);
      agree("reclaim", outcome, expected.outcome);
      agree("objects to evict", asked.join(), expected.asked.join());
      const freed = outcome === undefined ? 1 : 0;
      agree("pages after reclaim", pool.pagesNr, pages - freed);
      for (const pfn of expected.kept) store.touch(pfn);
    },
  };
}

/** The kernel of a program. */
function profileOf({ pageSize, wordBits }: BuddyProgram): Profile {
  return { ...LINUX_6_1, pageSize, wordBits };
}

/** The state machine of an allocator. */
export function buddyMachine<Pool extends BuddyPool>(
  name: string,
  sentence: string,
  allocator: BuddyAllocator<Pool>,
): Machine<BuddyProgram> {
  const table = stepTable<Pool>();
  return {
    name,
    sentence,
    programs,
    run(program) {
      const { pageSize, maxPages, failing, steps } = program;
      const memory = new Memory({
        pageSize,
        maxPages: maxPages ?? Infinity,
        failPageAlloc: (allocation) => allocation === failing,
      });
      const store = new BuddyStore(allocator, profileOf(program), memory);
      runSteps(table, store, steps, () => {
        store.check();
        store.checkOrder();
      });
      while (store.objects.size > 0) runToEnd(store.drop(0));
      store.check();
      agree("frames at the end", memory.allocatedPages, 0);
    },
  };
}

function programs(fc: FastCheck): Arbitrary<BuddyProgram> {
  const nth = fc.nat(1000);
  const thousandths = fc.oneof(
    fc.nat(1000),
    fc.nat(250),
    fc.integer({ min: 930, max: 1000 }),
  );
  const steps = fc.oneof(
    step(fc, "malloc", { thousandths, count: fc.integer({ min: 1, max: 8 }) }),
    step(fc, "free", { nths: fc.array(nth, { minLength: 1, maxLength: 10 }) }),
    step(fc, "write", { nth, byte: fc.nat(255) }),
    step(fc, "reclaim", { retries: fc.nat(5), refuseEach: fc.nat(3) }),
  );
  return plain(fc, {
    pageSize: fc.constantFrom(4096, 4096, 16384, 65536),
    wordBits: fc.constantFrom(64, 32),
    maxPages: fc.constantFrom(3, 20, null),
    failing: fc.nat(30),
    steps: fc.array<StepOf<BuddySteps>>(steps, { maxLength: 40, size: "max" }),
  });
}
