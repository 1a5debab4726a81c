/** Planted defects of zcache, which its random walks must find. */
import { type Mutant, testedMutantsOf } from "./mutant.ts";

/** The test of the walks. */
const WALKS = {
  file: "props/zcache_test.ts",
  name: "zcache keeps its promises and its rules, each exercised",
};

/** Planted defects of zcache. */
export const ZCACHE_MUTANTS: readonly Mutant[] = [
  ...testedMutantsOf("zcache/tmem", WALKS, [
    {
      what: "an object stays when its last page goes",
      from: "if (object.pampds.size === 0) this.#objects.delete(key);",
      to: "",
    },
    {
      what: "a put leaves the zpage of the page that it is put over",
      from: `    assertHandle(oid, index);
    this.flushPage(oid, index);`,
      to: "    assertHandle(oid, index);",
    },
    {
      what: "a get of an ephemeral page leaves it there",
      from: `(andFree === "free-ephemeral" && this.kind === "ephemeral")`,
      to: `(andFree === "free-ephemeral" && this.kind === "persistent")`,
    },
    {
      what: "a persistent page is taken by a get that is not exclusive",
      from: `const frees = andFree === "free" ||`,
      to: `const frees = andFree !== "free-ephemeral" ||`,
    },
    {
      what: "of an object's pages the first is not freed",
      from: "for (const pampd of object.pampds.values()) {",
      to: "for (const pampd of [...object.pampds.values()].slice(1)) {",
    },
  ]),
  ...testedMutantsOf("zcache/zbud", WALKS, [
    {
      what: "the newest frame is evicted",
      from: "const [pfn] = this.#lru;",
      to: "const pfn = [...this.#lru].at(-1);",
    },
    {
      what: "a frame that gets a second page keeps its age",
      from: `this.#lru.delete(pfn);
      this.#lru.add(pfn);`,
      to: "",
    },
    {
      what: "a frame that loses a page becomes the newest",
      from: "this.#buddied.delete(pfn);\n      this.#unbuddied",
      to: `this.#lru.delete(pfn);
      this.#lru.add(pfn);
      this.#buddied.delete(pfn);
      this.#unbuddied`,
    },
    {
      what: "the smallest zpage gets company",
      from: "for (let used = most; used > 0; used--) {",
      to: "for (let used = 1; used <= most; used++) {",
    },
    {
      what: "a frame with just as many free chunks is passed by",
      from: "const most = this.#unbuddied.length - chunks;",
      to: "const most = this.#unbuddied.length - chunks - 1;",
    },
    {
      what: "of frames that do equally well the last is taken",
      from: "const [pfn] = this.#unbuddied[used];",
      to: "const pfn = [...this.#unbuddied[used]].at(-1);",
    },
    {
      what: "tmem is told of one page of a frame that is evicted",
      from: "handles.forEach(flush);",
      to: "handles.slice(0, 1).forEach(flush);",
    },
    {
      what: "a frame that is evicted may have its pages freed once more",
      from: "if (zbudPfn(zbudref) === this.#dying) return DYING;",
      to: "",
    },
    {
      what: "a zpage at the end overlaps what is before it",
      from: "return (pfn + 1) * pageSize - chunks * this.profile.chunkSize;",
      to:
        "return (pfn + 1) * pageSize - (chunks + 1) * this.profile.chunkSize;",
    },
  ]),
  ...testedMutantsOf("zcache/pam", WALKS, [
    {
      what: "a persistent frame makes room where there is no ephemeral one",
      from: "const evicted = this.zbud.ephemeral.evictPageframeLru(flush);",
      to: `const kind = this.zbud.ephemeral.lru.size > 0
      ? "ephemeral" as const
      : "persistent" as const;
    const evicted = this.zbud[kind].evictPageframeLru(flush);`,
    },
    {
      what: "an ephemeral frame makes room before the page allocator is asked",
      from: "this.#allocPage() ?? this.#eatEphemeral(kind);",
      to: "this.#eatEphemeral(kind) ?? this.#allocPage();",
    },
    {
      what: "a persistent page may be as large as an ephemeral one",
      from: `const most = kind === "ephemeral"`,
      to: `const most = kind !== undefined`,
    },
    {
      what: "a page of the most bytes is refused",
      from: "if (length > most) {",
      to: "if (length >= most) {",
    },
    {
      what: "the mean is not rounded down",
      from: "Math.floor(counters.pers_zbytes / counters.pers_zpages) <= mean",
      to: "counters.pers_zbytes / counters.pers_zpages <= mean",
    },
    {
      what: "a page of zeros that goes is still counted",
      from: "counters[`${prefix}_zpages`]--;\n      return;",
      to: "return;",
    },
    {
      what: "a page of zeros is kept as a mark before 3.10",
      from:
        `if (this.#parts.profile.zeroFilled === "marked" && isZeroFilled(page)) {`,
      to: "if (isZeroFilled(page)) {",
    },
    {
      what: "a frame that is empty is not given back",
      from: "this.#parts.memory.freePage(pfn);",
      to: "",
    },
  ]),
  ...testedMutantsOf("zcache/zcache", WALKS, [
    {
      what: "the older page stays where it must go, and goes where it stays",
      from: `if (this.profile.failedPut === "older-goes")`,
      to: `if (this.profile.failedPut === "older-stays")`,
    },
    {
      what: "the shrinker takes the active pages for all",
      from: "counters.eph_pageframes - (active + inactive);",
      to: "counters.eph_pageframes - active;",
    },
    {
      what: "a pool that is destroyed leaves its pages",
      from: "pool.flush();",
      to: "",
    },
  ]),
  ...testedMutantsOf("zcache/frontswap", WALKS, [
    {
      what: "frontswap still knows the older page of a store that is refused",
      from: "else map.delete(offset);",
      to: "",
    },
    {
      what: "frontswap knows a page that an exclusive load took",
      from: "if (this.exclusiveGets) map.delete(offset);",
      to: "",
    },
    {
      what: "a page that is invalidated stays in zcache",
      from: "this.zcache.flushPage(this.#pool, ...swizzle(type, offset));",
      to: "",
    },
    {
      what: "the pages of one object share an index",
      from: "return [[object, 0, 0], Math.floor(offset / SWIZ_OBJECTS)];",
      to: "return [[object, 0, 0], offset % 1];",
    },
    {
      what: "the last object of a swap type is left when that is off",
      from: "for (let nth = SWIZ_OBJECTS - 1; nth >= 0; nth--) {",
      to: "for (let nth = SWIZ_OBJECTS - 2; nth >= 0; nth--) {",
    },
  ]),
];
