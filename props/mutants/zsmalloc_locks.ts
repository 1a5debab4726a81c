/** Planted defects of zsmalloc's locks, each with threads that find it. */
import { type Mutant, raceMutantsOf } from "./mutant.ts";

/** Two zspages of three objects, half of them gone. */
const HALF =
  "malloc 2000 a; malloc 2000 b; malloc 2000 c; malloc 2000 d; malloc 2000 e; malloc 2000 f; free b; free e; free f";

/** The last object of a zspage of two frames, in the second of them. */
const LAST = "malloc 2000 a; malloc 2000 b; malloc 2000 c; free a; free b";

/** Every one of them. */
export const ZSMALLOC_LOCKS_MUTANTS: readonly Mutant[] = [
  ...raceMutantsOf("zsmalloc/access", [
    {
      what: "a reader does not lock the zspage",
      from: `    yield acquire(zspageLock, MAP, "shared");
    held.push({ lock: zspageLock, mode: "shared" });`,
      to: "",
      profile: "linux-7.3",
      threads: `${HALF} / read d | compact`,
    },
    {
      what: "the pool's lock is dropped before the zspage is locked",
      from: `  const zspageLock = locks.ofZspage(chunk.zspage);
  if (zspageLock !== undefined) {
    yield acquire(zspageLock, MAP, "shared");
    held.push({ lock: zspageLock, mode: "shared" });
  }
  if (locks.pin(handle) === undefined) yield* releaseAll(toFind, MAP);`,
      to:
        `  if (locks.pin(handle) === undefined) yield* releaseAll(toFind, MAP);
  const zspageLock = locks.ofZspage(chunk.zspage);
  if (zspageLock !== undefined) {
    yield acquire(zspageLock, MAP, "shared");
    held.push({ lock: zspageLock, mode: "shared" });
  }`,
      profile: "linux-7.3",
      threads: `${HALF} / write d A | migrate d`,
    },
  ]),
  ...raceMutantsOf("zsmalloc/free", [
    {
      what: "7.3 does not lock the class that the cell names",
      from: `  yield acquire(locks.ofClass(sizeClass), ZS_FREE);
  assertClass(pool, handle, named);`,
      to: "  assertClass(pool, handle, named);",
      profile: "linux-7.3",
      threads: `${HALF} / free d | compact`,
    },
    {
      what: "7.3 gives frames back that it has not locked",
      from: ": yield* trylockZspage(pool, zspage);",
      to: ": pool.zspages.pagesOf(zspage);",
      profile: "linux-7.3",
      threads: `${LAST} / free c | migrate c`,
    },
  ]),
  ...raceMutantsOf("zsmalloc/migration", [
    {
      what: "the zspage is locked before its class",
      from: `  yield* acquireAll(wide, ZS_MIGRATE);
  if (!(yield* writeLockZspage(pool, zspage))) {
    yield* releaseAll(wide, ZS_MIGRATE);
    return profile.migrationOfMapped;
  }`,
      to: `  if (!(yield* writeLockZspage(pool, zspage))) {
    return profile.migrationOfMapped;
  }
  yield* acquireAll(wide, ZS_MIGRATE);`,
      profile: "linux-6.12",
      threads: `${HALF} / migrate a | compact`,
    },
  ]),
  ...raceMutantsOf("zsmalloc/page_locks", [
    {
      what: "the worker does not look at the chain again after a wait",
      from: `  for (;;) {
    const next = pages.zspages.pagesOf(zspage)
      .find((pfn) => !locked.includes(pfn));`,
      to: `  const chain = pages.zspages.pagesOf(zspage);
  for (;;) {
    const next = chain.find((pfn) => !locked.includes(pfn));`,
      profile: "linux-6.1",
      threads: `${LAST} / free c; deferred | migrate c`,
    },
  ]),
  ...raceMutantsOf("zsmalloc/isolation", [
    {
      what: "a frame is isolated though its zspage was just freed",
      from: "if (zspage !== NO_ZSPAGE && mayIsolate(pool, pfn)) {",
      to: "if (mayIsolate(pool, pfn)) {",
      profile: "linux-7.3",
      threads: `${LAST} / free c | isolate c; putback c`,
    },
  ]),
  ...raceMutantsOf("zsmalloc/compact_class", [
    {
      what: "a source that is read is emptied all the same",
      from: "if ((yield trylock(lock, COMPACT)) === false) return false;",
      to: "if ((yield trylock(lock, COMPACT)) === false) return true;",
      profile: "linux-7.3",
      threads: `${HALF} / read d | compact`,
    },
  ]),
  ...raceMutantsOf("zsmalloc/malloc", [
    {
      what: "a new zspage is listed without the class's lock",
      from: `  yield acquire(lock, ZS_MALLOC);
  handle = mallocInNew(pool, sizeClass, zspage, cell);
  yield release(lock, ZS_MALLOC);`,
      to: "  handle = mallocInNew(pool, sizeClass, zspage, cell);",
      profile: "linux-7.3",
      threads: "malloc 2000 a | malloc 2000 b",
    },
  ]),
  ...raceMutantsOf("zsmalloc/deferred_free", [
    {
      what: "the worker ends a zspage without the class's lock",
      from: `      yield acquire(lock, ASYNC_FREE);
      taken.shift();
      const pages = endTaken(pool, next, locked);
      yield* giveBackPages(pool, pages, ASYNC_FREE);
      pagesFreed += pages.length;
      yield release(lock, ASYNC_FREE);`,
      to: `      taken.shift();
      const pages = endTaken(pool, next, locked);
      yield* giveBackPages(pool, pages, ASYNC_FREE);
      pagesFreed += pages.length;`,
      profile: "linux-7.3",
      threads: `${LAST} / free c; deferred | migrate c`,
    },
  ]),
];
