/** Planted defects of what the models rest on: releases, parameters, memory. */
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
      from: "const bytes = value << BigInt(10 * (power + 1));",
      to: "const bytes = value << BigInt(10 * Math.max(power, 0));",
    },
    {
      what: "a size that 64 bits cannot hold wraps in every release",
      from: "return isLost ? U64_MASK : bytes & U64_MASK;",
      to: "return bytes & U64_MASK;",
    },
    {
      what: "a suffix alone is a size in every release",
      from:
        `if (length === 0 && (power < 0 || overflow === "saturates")) return undefined;`,
      to: "if (length === 0 && power < 0) return undefined;",
    },
    {
      what: "an argument's name may be empty",
      from: `const equals = word.indexOf("=", 1);`,
      to: `const equals = word.indexOf("=");`,
    },
    {
      what: "a text goes on behind a NUL",
      from: "return end < 0 ? text : text.slice(0, end);",
      to: "return end < 0 ? text : text.slice(0, end) + text.slice(end + 1);",
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
  ...mutantsOf("linux/zcomp_params", ["zram"], [
    {
      what: "deflate takes a level above zlib's",
      from: "return level >= -1 && level <= 9;",
      to: "return level >= -1;",
    },
    {
      what: "deflate refuses the level that stands for zlib's own",
      from: "return level >= -1 && level <= 9;",
      to: "return level >= 0 && level <= 9;",
    },
    {
      what: "zlib has a window of 8 bits",
      from: "Math.abs(winbits) >= 9 && Math.abs(winbits) <= 15",
      to: "Math.abs(winbits) >= 8 && Math.abs(winbits) <= 15",
    },
    {
      what: "zlib has a window of 16 bits",
      from: "Math.abs(winbits) >= 9 && Math.abs(winbits) <= 15",
      to: "Math.abs(winbits) >= 9 && Math.abs(winbits) <= 16",
    },
    {
      what: "zlib has no window without a header",
      from: "Math.abs(winbits) >= 9 && Math.abs(winbits) <= 15",
      to: "winbits >= 9 && winbits <= 15",
    },
    {
      what: "6.16 refuses a window that stops it",
      from: `!isZlibWindow(winbits)) return "stops";`,
      to: `!isZlibWindow(winbits)) return "EINVAL";`,
    },
    {
      what: "6.16 takes a window that stops it",
      from:
        `  if (algorithm === "deflate" && !isZlibWindow(winbits)) return "stops";
`,
      to: "",
    },
    {
      what: "7.2 takes a window that zlib has not",
      from:
        `  if (algorithm === "deflate" && !isZlibWindow(winbits)) return "EINVAL";
  return refuseLevel(`,
      to: "  return refuseLevel(",
    },
    {
      what: "7.3 takes a window that zlib has not",
      from: `if (algorithm === "deflate" && !isWindow) return "EINVAL";`,
      to: "",
    },
    {
      what: "7.1 takes a dictionary that lz4 does not take whole",
      from:
        "return stopAtWindow(algorithm, params) ?? refuseLz4Dict(algorithm, params);",
      to: "return stopAtWindow(algorithm, params);",
    },
    {
      what: "7.2 takes a dictionary that lz4 does not take whole",
      from: `return refuseLevelOrWindow(algorithm, params) ??
    refuseLz4Dict(algorithm, params);`,
      to: "return refuseLevelOrWindow(algorithm, params);",
    },
    {
      what: "7.3 takes a dictionary that lz4 does not take whole",
      from: "  return refuseLz4Dict(algorithm, params);\n}",
      to: "}",
    },
    {
      what: "7.1 refuses lz4hc's dictionary with lz4's",
      from: `algorithm === "lz4" && dict !== undefined`,
      to: `algorithm.startsWith("lz4") && dict !== undefined`,
    },
    {
      what: "7.3 takes a level below 1 of lz4",
      from: "lz4: [1, Infinity],",
      to: "lz4: [-Infinity, Infinity],",
    },
    {
      what: "7.3 takes zlib's levels alone of lz4hc",
      from: "lz4hc: [1, 16],",
      to: "lz4hc: [1, 9],",
    },
    {
      what: "7.3 takes no level below 0 of zstd",
      from: "zstd: [-131072, 22],",
      to: "zstd: [0, 22],",
    },
    {
      what: "7.3 takes any level above 0 of zstd",
      from: "zstd: [-131072, 22],",
      to: "zstd: [-131072, Infinity],",
    },
    {
      what: "7.3 takes a level of what has none",
      from: `if (!Object.hasOwn(LEVELS, algorithm)) return "EOPNOTSUPP";`,
      to: "if (!Object.hasOwn(LEVELS, algorithm)) return undefined;",
    },
    {
      what: "7.3 takes a dictionary of what has none",
      from:
        `if (dict !== undefined && !WITH_DICT.includes(algorithm)) return "EOPNOTSUPP";`,
      to: "",
    },
    {
      what: "what has no dictionary loses one",
      from: "return WITH_DICT.includes(algorithm) && dict !== undefined;",
      to: "return dict !== undefined;",
    },
    {
      what: "lz4hc's dictionary is not looked at when it is lost",
      from: `const WITH_DICT = ["lz4", "lz4hc", "zstd"];`,
      to: `const WITH_DICT = ["lz4", "zstd"];`,
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

/** Planted defects of what the models rest on, without those of codecs. */
export const BASE_MUTANTS: readonly Mutant[] = [...LINUX, ...MEMORY];
