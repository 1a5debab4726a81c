/** Planted defects of the swap path's locks, each with threads that find it. */
import { type Mutant, raceMutantsOf } from "./mutant.ts";

/** A page that is out. */
const OUT = "write 0 A; out 0";

/** Every one of them. */
export const SWAP_LOCKS_MUTANTS: readonly Mutant[] = [
  ...raceMutantsOf("swap/swap_slots", [
    {
      what: "two threads read a slot past the swap cache",
      from: `const isFree = (swapType.map[offset] & SWAP_HAS_CACHE) === 0 &&
    swapType.count(offset) > 0;`,
      to: "const isFree = swapType.count(offset) > 0;",
      profile: "linux-6.12",
      threads: `${OUT} / read 0 | read 0`,
    },
    {
      what: "a page is freed that left the swap cache before it was locked",
      from:
        "if (swapType.cache.get(offset) !== page || page.writeback) return false;",
      to: "if (page.writeback) return false;",
      profile: "linux-7.3",
      threads: "write 0 A / out 0 | reclaim",
    },
  ]),
  ...raceMutantsOf("swap/fault", [
    {
      what: "a fault does not look at the page table again",
      from: "    if (!isSame(fault)) return undefined;\n",
      to: "",
      profile: "linux-7.3",
      threads: `${OUT} / read 0 | free 0`,
    },
    {
      what: "a fault takes a page that has left the swap cache",
      from: "const isThere = swapType.cache.get(offset) === cached;",
      to: "const isThere = cached.pfn >= 0;",
      profile: "linux-7.3",
      threads: `${OUT} / read 0 | read 0; write 0 B; out 0`,
    },
  ]),
  ...raceMutantsOf("swap/swap_out", [
    {
      what: "a page is unmapped that somebody has given back",
      from: "    if (page.pfn !== cached.pfn) return;\n",
      to: "",
      profile: "linux-7.3",
      threads: "write 0 A / out 0 | free 0",
    },
  ]),
  ...raceMutantsOf("swap/swapoff", [
    {
      what: "swapoff does not wait for who has the device",
      from: "while (swapType.users > 0) {",
      to: "while (swapType.users > 9) {",
      profile: "linux-7.3",
      threads: `${OUT} / free 0 | swapoff`,
    },
  ]),
];
