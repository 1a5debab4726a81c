/** Operations of a zram device in words. */
import type { Profile } from "../../../linux/profile.ts";
import {
  close,
  discard,
  failslab,
  fault,
  notify,
  open,
  read,
  reset,
  show,
  store,
  write,
  type ZramOperation,
} from "./zram_operations.ts";
import { PAGES, type ZramSubject } from "./zram_subject.ts";
import { noneCalled, roomWords } from "./words.ts";

/** What is stored to an attribute that a kernel has. */
function storeIn(
  profile: Profile,
  name: string,
  text: string,
): ZramOperation | string {
  return hasAttribute(profile, name)
    ? store(name, text)
    : noAttribute(profile, name);
}

const hasAttribute = ({ zram }: Profile, name: string) =>
  Object.hasOwn(zram.attributes, name);

const noAttribute = (profile: Profile, name: string) =>
  noneCalled(profile, "attribute", name, profile.zram.attributes);

/** A device's operations, as far as a kernel has them. */
export const ZRAM_WORDS = roomWords<ZramSubject>({
  "write PAGE LETTER": ([page, letter]) => write(Number(page), letter),
  "read PAGE [strictly]": ([page, how]) =>
    read(Number(page), how !== undefined),
  "discard PAGE [PAGES]": ([page, pages = "1"], { name, zram }) =>
    zram.discard
      ? discard(Number(page), Number(pages))
      : `a disk of ${name} takes no discard`,
  "notify PAGE": ([page]) => notify(Number(page)),
  "fault PAGE": ([page]) => fault(Number(page)),
  "writeback TEXT": ([text], profile) => storeIn(profile, "writeback", text),
  "recompress TEXT": ([text], profile) => storeIn(profile, "recompress", text),
  "idle all": ([text], profile) => storeIn(profile, "idle", text),
  compact: (_, profile) => storeIn(profile, "compact", "1"),
  reset: () => reset,
  "set ATTRIBUTE TEXT": ([name, text], profile) => storeIn(profile, name, text),
  "get ATTRIBUTE": ([name], profile) =>
    hasAttribute(profile, name) ||
      (name === "block_state" && profile.zram.memoryTracking)
      ? show(name)
      : noAttribute(profile, name),
  failslab: () => failslab,
  "open [exclusively]": ([how]) => open(how !== undefined),
  "close [exclusively]": ([how]) => close(how !== undefined),
}, {
  PAGE: [`[0-${PAGES - 1}]`, `0 to ${PAGES - 1}`],
  PAGES: ["[1-3]", "1 to 3"],
  LETTER: ["[A-Ha-h0]", "A to H, a to h or 0"],
  TEXT: [".+", "a text"],
  // Or an age, where a kernel takes one.
  all: [".+", "a text"],
});
