/** Planted defects of what the models rest on: releases, codecs, memory. */
import { type Mutant, mutantsOf } from "./mutant.ts";

const LINUX = [
  ...mutantsOf("linux/chain", ["zsmalloc"], [
    {
      what: "the longest chain of the least waste wins",
      from: "if (waste < least) {",
      to: "if (waste <= least) {",
    },
    {
      what: "the longest chain of the highest percentage wins",
      from: "if (usedPercent > highest) {",
      to: "if (usedPercent >= highest) {",
    },
    {
      what: "the percentage is no whole one",
      from: "Math.floor((bytes - bytes % size) * 100 / bytes)",
      to: "(bytes - bytes % size) * 100 / bytes",
    },
  ]),
  ...mutantsOf("linux/fullness", ["zsmalloc"], [
    {
      what: "three quarters are almost full",
      from: "inuse <= Math.floor(3 * objects / 4) ? 1 : 2",
      to: "inuse < Math.floor(3 * objects / 4) ? 1 : 2",
    },
    {
      what: "a whole tenth counts to the group below",
      from: "return Math.floor(ratio / 10) + 1;",
      to: "return Math.ceil(ratio / 10) || 1;",
    },
    {
      what: "up to 3.19 a half is almost empty",
      from: "inuse <= Math.floor(objects / 4) ? 1 : 2",
      to: "inuse <= Math.floor(objects / 2) ? 1 : 2",
    },
  ]),
  ...mutantsOf("linux/kstrtox", ["zram", "zswap"], [
    {
      what: "memparse takes a suffix for a power less",
      from: "(value << BigInt(10 * (power + 1))) & U64_MASK",
      to: "(value << BigInt(10 * Math.max(power, 0))) & U64_MASK",
    },
    {
      what: "a number of more bits than asked for is taken",
      from: `return value >> BigInt(bits) === 0n ? value : "ERANGE";`,
      to: "return value;",
    },
    {
      what: "'of' is no truth value",
      from: `return no.includes(first) || start === "of" ? false`,
      to: `return no.includes(first) ? false`,
      machines: ["zswap"],
    },
  ]),
  ...mutantsOf("linux/releases/linux_6_12", ["zsmalloc"], [
    {
      what: "6.12 answers EINVAL to an object that is too large",
      from: `tooLarge: "ENOSPC",`,
      to: `tooLarge: "EINVAL",`,
    },
  ]),
];

const MEMORY = mutantsOf("memory/memory", ["zsmalloc", "swap"], [
  {
    what: "there is one frame more than there are",
    from: "this.allocatedPages >= this.#maxPages",
    to: "this.allocatedPages > this.#maxPages",
  },
  {
    what: "a freed frame keeps its flags",
    from: "(pfn + 1) * PAGE_STRIDE);",
    to: "(pfn + 1) * PAGE_STRIDE - 1);",
  },
  {
    what: "a freed frame keeps its owner's word",
    from: "this.page.fill(0, pfn * PAGE_STRIDE,",
    to: "this.page.fill(0, pfn * PAGE_STRIDE + 1,",
    machines: ["zsmalloc", "z3fold"],
  },
  {
    what: "the frames grow one too late",
    from: "if (this.#nextPfn * PAGE_STRIDE > this.page.length) this.#grow();",
    to: "if (pfn * PAGE_STRIDE > this.page.length) this.#grow();",
  },
  {
    what: "growing forgets what the frames are",
    from: "page.set(this.page);",
    to: "",
  },
]);

/** Why a codec's choice among forms that all decode is left to tests. */
const LENGTH_ALONE =
  "It decodes as well: that the length is not the kernel's, tests of lengths and recordings tell.";

const CODECS = [
  ...mutantsOf("codec/lzo1x_compress", ["zram", "zswap"], [
    {
      what: "a match 16 KiB back is put as one farther back",
      from: "const near = distance <= M3_MAX_OFFSET;",
      to: "const near = distance < M3_MAX_OFFSET;",
    },
    {
      what: "a match 2 KiB back is not put in the shortest form",
      from: "length <= M2_MAX_LENGTH && distance <= M2_MAX_OFFSET",
      to: "length <= M2_MAX_LENGTH && distance < M2_MAX_OFFSET",
      reason: LENGTH_ALONE,
    },
    {
      what: "a length of 255 above what fits goes on",
      from: "for (; beyond > 255; beyond -= 255) target[at++] = 0;",
      to: "for (; beyond >= 255; beyond -= 255) target[at++] = 0;",
    },
    {
      what: "a run of zeros is as long as the page",
      from: "const end = Math.min(limit, position + MAX_ZERO_RUN);",
      to: "const end = limit;",
    },
    {
      what: "a match that looks like a run of zeros stays",
      from: "length >= 261 && length <= 264",
      to: "length > 264",
    },
    {
      what: "18 literals take a long length",
      from: "} else if (count <= MAX_SHORT_LITERALS) {",
      to: "} else if (count < MAX_SHORT_LITERALS) {",
    },
  ]),
  ...mutantsOf("codec/lzo1x_decompress", ["zram", "zswap"], [
    {
      what: "a match that overlaps what it makes is moved at once",
      from: "for (let to = at; to < end; to++) page[to] = page[to - distance];",
      to: "page.copyWithin(at, at - distance, end - distance);",
    },
    {
      what: "a far match loses the upper bit of its distance",
      from: "const back = ((instruction & 8) << 11) |",
      to: "const back = ((instruction & 8) << 10) |",
    },
    {
      what: "a match of 3 bytes goes back one too few",
      from: "copyMatch(decoding, back + M2_MAX_OFFSET + 1, 3);",
      to: "copyMatch(decoding, back + M2_MAX_OFFSET, 3);",
      reason:
        "Linux's encoder never makes this instruction: the decoder's own tests write it by hand.",
    },
  ]),
  ...mutantsOf("codec/lz4", ["zram", "zswap"], [
    {
      what: "a match takes of the last literals",
      from: "return Math.min(a, limit) - start;",
      to: "return a - start;",
      reason: LENGTH_ALONE,
    },
    {
      what: "a length of 255 above what fits ends early",
      from: "for (; rest >= 255; rest -= 255) target[at++] = 255;",
      to: "for (; rest > 255; rest -= 255) target[at++] = 255;",
    },
  ]),
];

/** Planted defects of what the models rest on. */
export const BASE_MUTANTS: readonly Mutant[] = [...LINUX, ...MEMORY, ...CODECS];
