/** Races that the swap path had. */
import { LINUX_5_10, LINUX_6_1 } from "../../../linux/profile.ts";
import { type KnownRace, withFacts } from "./known_race.ts";

/** The swap path's known races, the newest first. */
export const SWAP_KNOWN_RACES: readonly KnownRace[] = [
  {
    id: "swap/past-swap-cache-twice",
    sentence:
      "Two threads read a slot past the swap cache; one wrote the page and had it out in the same slot again, and the other mapped what it had read before.",
    commit: "13ddaf26be32",
    mended: "6.8",
    source: "do_swap_page, mm/memory.c",
    before: withFacts(LINUX_6_1, "swap", {
      synchronousReads: "past-swap-cache",
    }, "before-6.8"),
    after: LINUX_6_1,
    program: "write 0 A; out 0 / read 0 | write 0 B; out 0",
  },
  {
    id: "swap/free-against-swapoff",
    sentence:
      "Who gave up a slot's last entry looked at its swap cache after that, when nothing kept swapoff from freeing the map.",
    commit: "82b1c07a0af6",
    mended: "6.9",
    source: "free_swap_and_cache, mm/swapfile.c",
    before: withFacts(LINUX_6_1, "swap", { freeHolds: "slot" }, "before-6.9"),
    after: LINUX_6_1,
    program: "write 0 A; out 0 / free 0 | swapoff",
  },
  {
    id: "swap/zeroed-page",
    sentence:
      "The end of a read past the swap cache had zram free the page, which another thread of the process was about to read: it got zeros.",
    commit: "e914d8f00391",
    mended: "5.18",
    source: "end_swap_bio_read, mm/page_io.c",
    before: withFacts(LINUX_5_10, "swap", {
      readEnds: "frees-in-device",
    }, "before-5.18"),
    after: LINUX_5_10,
    program: "write 0 A; out 0 / read 0 | read 0",
  },
];
