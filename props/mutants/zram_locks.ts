/** Planted defects of zram's locks. */
import { type Mutant, raceMutantsOf } from "./mutant.ts";

const WRITE = raceMutantsOf("zram/write_steps", [
  {
    what: "an object is put into a slot without its lock",
    from: "yield* underSlot(zram, page, WRITE_PAGE, store);",
    to: "store();",
    profile: "linux-7.3",
    threads: "write 0 A | write 0 B",
  },
  {
    what: "the stream is held while an object is put into its slot",
    from: "yield* underSlot(zram, page, WRITE_PAGE, store);",
    to: `const { lock } = zram.locks.stream(PRIMARY_COMP);
  yield acquire(lock, STREAM_GET);
  yield* underSlot(zram, page, WRITE_PAGE, store);
  yield release(lock, STREAM_PUT);`,
    profile: "linux-7.3",
    threads: "write 0 A / write 0 B | read 0",
  },
  {
    what: "the stream is let go before its buffer is copied",
    from:
      `if (handle !== "ENOMEM") copyObject(zram, handle, length, data, stream);
  if (isHeld) yield release(stream.lock, STREAM_PUT);`,
    to: `if (isHeld) yield release(stream.lock, STREAM_PUT);
  if (handle !== "ENOMEM") copyObject(zram, handle, length, data, stream);`,
    profile: "linux-4.0",
    threads: "write 0 A | write 1 B",
  },
  {
    what: "a page is freed before the new one is compressed",
    from: "if (freesFirst(zram)) {",
    to: "if (!freesFirst(zram)) {",
    profile: "linux-7.3",
    threads: "write 0 A / write 0 B | read 0",
  },
]);

const READ = raceMutantsOf("zram/read_steps", [
  {
    what: "a slot is unlocked before its object is read",
    from: `yield* readFromZspoolSteps(zram, page, into);
    yield unlockSlot(zram, page, READ_PAGE);`,
    to: `yield unlockSlot(zram, page, READ_PAGE);
    yield* readFromZspoolSteps(zram, page, into);`,
    profile: "linux-7.3",
    threads: "write 0 A / read 0 | discard 0",
  },
]);

const SLOT_FREE_NOTIFY = raceMutantsOf("zram/slot_free_notify", [
  {
    what: "the swap layer frees a slot that somebody has locked",
    from: "if (isTaken === false) {",
    to: "if (isTaken === undefined) {",
    profile: "linux-7.3",
    threads: "write 0 A / read 0 | notify 0",
  },
]);

const IDLE = raceMutantsOf("zram/idle", [
  {
    what: "a page is marked without its slot's lock",
    from: "yield* underSlot(zram, page, MARK_IDLE, mark);",
    to: "mark();",
    profile: "linux-7.3",
    threads: "write 0 A / idle all | write 0 B",
  },
]);

const WRITEBACK = raceMutantsOf("zram/writeback", [
  {
    what: "6.12 leaves the lock of a slot that it does not write back",
    from: `yield unlockSlot(zram, page, WRITEBACK_STORE);
        continue;`,
    to: "continue;",
    profile: "linux-6.12",
    threads: "write 0 0 / writeback huge | read 0",
  },
  {
    what: "6.12 does not look again whether the page was accessed",
    from: "!slots.isAllocated(page) || !slots.has(page, ZRAM_IDLE)",
    to: "!slots.isAllocated(page)",
    profile: "linux-6.12",
    threads: "write 0 A / writeback page_index=0 | write 0 B",
  },
  {
    what: "6.18 does not look again whether the page has its mark",
    from: "if (!slots.has(page, ZRAM_PP_SLOT)) return;",
    to: "",
    profile: "linux-6.18",
    threads: "write 0 A / writeback page_index=0 | write 0 B",
  },
]);

const BATCHES = raceMutantsOf("zram/writeback_batches", [
  {
    what: "a page is completed without its slot's lock",
    from: `return yield* underSlot(zram, sent.slot, COMPLETE, () => {
      take();
      complete(zram, sent);
    });`,
    to: `take();
    return complete(zram, sent);`,
    profile: "linux-7.3",
    threads: "write 0 A / writeback page_index=0 | read 0",
  },
  {
    what: "a page's mark is not looked at when it was written",
    from: "} else if (!slots.has(slot, ZRAM_PP_SLOT)) {",
    to: "} else if (slots.length === 0) {",
    profile: "linux-7.3",
    threads: "write 0 A / writeback page_index=0 | write 0 B",
  },
]);

const POST_PROCESSING = raceMutantsOf("zram/post_processing", [
  {
    what: "6.18 lets two post-processings run at once",
    from: `if (isMarked && zram.ppInProgress) return "EAGAIN";`,
    to: "",
    profile: "linux-6.18",
    threads:
      "write 0 A / writeback page_index=0 | write 0 B; writeback page_index=0",
  },
]);

const LIFECYCLE = raceMutantsOf("zram/lifecycle", [
  {
    what: "a reset does not keep out whoever opens the disk",
    from: "if (!isRefused) zram.isClaimed = true;",
    to: "",
    profile: "linux-7.3",
    threads: "close / open; write 0 A | reset",
  },
  {
    what: "two resets run at once, of which the first ends the other's claim",
    from: "const isRefused = zram.isInUse || zram.isClaimed;",
    to: "const isRefused = zram.isInUse;",
    profile: "linux-7.3",
    threads: "close / open; set disksize 12288; write 0 A | reset | reset",
  },
]);

/** Planted defects of zram's locks. */
export const ZRAM_LOCKS_MUTANTS: readonly Mutant[] = [
  ...WRITE,
  ...READ,
  ...SLOT_FREE_NOTIFY,
  ...IDLE,
  ...WRITEBACK,
  ...BATCHES,
  ...POST_PROCESSING,
  ...LIFECYCLE,
];
