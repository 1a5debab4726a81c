/** Planted defects of zbud's and z3fold's locks, each with threads that find it. */
import { type Mutant, raceMutantsOf } from "./mutant.ts";

const ZBUD = raceMutantsOf("zbud/pool", [
  {
    what: "a free does not take the pool's lock",
    from:
      "yield* under(this.locks.pool, FREE, () => this.#freeObject(handle));",
    to: `yield writes(frameState(this.pages.pfnOf(handle)), FREE);
    this.#freeObject(handle);`,
    profile: "linux-6.1",
    threads: "alloc 500 a / free a | reclaim",
  },
  {
    what: "a new page is put on the lists without the pool's lock",
    from: "return yield* under(pool, ALLOC, () => this.#allocIn(pfn, chunks));",
    to: "return this.#allocIn(pfn, chunks);",
    profile: "linux-6.12",
    threads: "alloc 500 a | alloc 3000 b",
  },
  {
    what: "reclaim evicts with the pool's lock held",
    from: `const evictions = this.#claim(pfn);
      yield release(pool, RECLAIM);`,
    to: "const evictions = this.#claim(pfn);",
    profile: "linux-6.1",
    threads: "alloc 500 a; alloc 500 b / reclaim | read a",
  },
  {
    what: "reclaim ends its claim before it has the pool's lock again",
    from: `yield acquire(pool, RECLAIM);
      if (this.#unclaim(pfn)) {`,
    to: `const isFreed = this.#unclaim(pfn);
      yield acquire(pool, RECLAIM);
      if (isFreed) {`,
    profile: "linux-6.1",
    threads: "alloc 500 a; alloc 500 b / free a | reclaim",
  },
  {
    what: "a page under reclaim is freed by whoever frees its last object",
    from: `if (this.pages.underReclaim(pfn)) return;
    this.buddy.del(pfn);`,
    to: `if (!this.pages.underReclaim(pfn)) this.buddy.del(pfn);`,
    profile: "linux-6.1",
    threads: "alloc 500 a; alloc 500 b / free a; free b | reclaim",
  },
  {
    what: "what reclaim evicts is looked up once the pool's lock is dropped",
    from: `const evictions = this.#claim(pfn);
      yield release(pool, RECLAIM);`,
    to: `yield release(pool, RECLAIM);
      const evictions = this.#claim(pfn);`,
    profile: "linux-6.1",
    threads: "alloc 500 a / free a | reclaim",
  },
]);

/** An object that was moved beside another page's, whose slots are gone. */
const MOVED =
  "alloc 1700 a; alloc 1700 b; alloc 1700 c; alloc 1700 d; free a; compact; free c; compact";

const Z3FOLD = [
  ...raceMutantsOf("z3fold/page_steps", [
    {
      what: "a page is taken off its list without a second look at the list",
      from: "if (lists.unbuddied.first(list) !== pfn) return false;",
      to: "",
      profile: "linux-6.1",
      threads: "alloc 900 a; alloc 900 b / alloc 900 c | alloc 900 d",
    },
    {
      what: "a page is listed without the pool's lock",
      from: "yield* under(locks.pool, ADD, () => lists.list(pfn));",
      to: "lists.list(pfn);",
      profile: "linux-6.1",
      threads: "alloc 900 a / alloc 900 b | read a",
    },
    {
      what: "a page is used though its lock is not had",
      from: "if (isLocked) return pfn;",
      to: "return pfn;",
      profile: "linux-6.1",
      threads: "alloc 900 a; alloc 900 b; free a / read b | compact",
    },
    {
      what: "the slots' lock is kept until the page's is free",
      from: `yield release(slotsLock, HEADER, "shared");
    if (isLocked) return pfn;
    yield* waitUntilFree(page, \`cpu_relax in \${HEADER}\`);`,
      to: `if (!isLocked) yield* waitUntilFree(page, HEADER);
    yield release(slotsLock, HEADER, "shared");
    if (isLocked) return pfn;`,
      profile: "linux-6.1",
      threads: "alloc 900 a; alloc 900 b / read a | free b",
    },
  ]),
  ...raceMutantsOf("z3fold/free", [
    {
      what: "a headless page is freed whoever has claimed it",
      from: "if (!endHeadless(parts, handle, pfn)) return;",
      to: "endHeadless(parts, handle, pfn);",
      profile: "linux-6.1",
      threads: "alloc 4096 a / free a | reclaim",
    },
    {
      what: "a slot is emptied without the lock of the slots",
      from: `yield acquire(lock, FREE_HANDLE);
  locks.lockdep.assertHeld(lock, FREE_HANDLE);
  const isEmpty = handles.emptySlot(handle, pfn);
  yield release(lock, FREE_HANDLE);`,
      to: `locks.lockdep.assertHeld(lock, FREE_HANDLE);
  const isEmpty = handles.emptySlot(handle, pfn);`,
      profile: "linux-6.1",
      threads: `${MOVED} / free d | read b`,
    },
    {
      what: "the worker compacts a page without its lock",
      from: `yield acquire(locks.page(pfn), WORK);
    yield* doCompactPageSteps(parts, pfn);`,
      to: "yield* doCompactPageSteps(parts, pfn);",
      profile: "linux-6.1",
      threads: "alloc 900 a; alloc 900 b; free a / compact | read b",
    },
  ]),
  ...raceMutantsOf("z3fold/reclaim", [
    {
      what: "reclaim takes a page off its lists without the page's lock",
      from: "if ((yield trylock(locks.page(pfn), RECLAIM)) === false) {",
      to: "if (pfn < 0) {",
      profile: "linux-6.1",
      threads: "alloc 900 a / free a | reclaim",
    },
    {
      what: "reclaim drops its reference without the page's lock",
      from: `yield acquire(locks.page(pfn), RECLAIM);
  if (yield* putPageSteps(parts, pfn, RECLAIM)) {`,
      to: "if (yield* putPageSteps(parts, pfn, RECLAIM)) {",
      profile: "linux-6.1",
      threads: "alloc 900 a; alloc 900 b / free a | reclaim",
    },
  ]),
  ...raceMutantsOf("z3fold/compaction", [
    {
      what: "the page that an object was moved to stays locked",
      from: "yield release(locks.page(target), SINGLE);",
      to: "",
      profile: "linux-6.1",
      threads: `${MOVED.replace(/; compact$/, "")} / compact | read b`,
    },
  ]),
];

/** Every one of them. */
export const BUDDY_LOCKS_MUTANTS: readonly Mutant[] = [...ZBUD, ...Z3FOLD];
