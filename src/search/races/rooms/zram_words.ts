/** Operations of a zram device in words. */
import type { Profile } from "../../../linux/profile.ts";
import { CONTENTS } from "./zram_letters.ts";
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
import { PAGES } from "./zram_subject.ts";

/** A page's number in words. */
function pageOf(text: string | undefined): number | undefined {
  const page = /^\d$/.test(text ?? "") ? Number(text) : PAGES;
  return page < PAGES ? page : undefined;
}

/** Makes the operation that words stand for, the first of which is its name. */
type Reader = (
  words: readonly string[],
  profile: Profile,
) => ZramOperation | undefined;

/** The operation of a page, and of nothing else. */
const ofPage =
  (operation: (page: number) => ZramOperation): Reader => (words) => {
    const page = pageOf(words[0]);
    return page === undefined || words.length > 1 ? undefined : operation(page);
  };

/** What is stored to an attribute that a kernel has. */
function storeIn(
  profile: Profile,
  name: string,
  words: readonly string[],
): ZramOperation | undefined {
  const isThere = Object.hasOwn(profile.zram.attributes, name);
  const isText = words.length > 0;
  return isThere && isText ? store(name, words.join(" ")) : undefined;
}

const READERS: Readonly<Record<string, Reader>> = {
  write([number, letter = "", ...rest]) {
    const page = pageOf(number);
    const isLetter = CONTENTS.has(letter) && rest.length === 0;
    return page !== undefined && isLetter ? write(page, letter) : undefined;
  },
  read([number, how, ...rest]) {
    const page = pageOf(number);
    const isKnown = (how ?? "strictly") === "strictly" && rest.length === 0;
    if (page === undefined || !isKnown) return undefined;
    return read(page, how !== undefined);
  },
  discard([number, count = "1", ...rest], { zram }) {
    const page = pageOf(number);
    if (page === undefined || rest.length > 0 || !zram.discard) {
      return undefined;
    }
    return /^[1-3]$/.test(count) ? discard(page, Number(count)) : undefined;
  },
  notify: ofPage(notify),
  fault: ofPage(fault),
  writeback: (words, profile) => storeIn(profile, "writeback", words),
  recompress: (words, profile) => storeIn(profile, "recompress", words),
  failslab: (words) => words.length === 0 ? failslab : undefined,
  idle: (words, profile) => storeIn(profile, "idle", words),
  compact: (words, profile) =>
    words.length === 0 ? storeIn(profile, "compact", ["1"]) : undefined,
  reset: (words) => words.length === 0 ? reset : undefined,
  set: ([name = "", ...words], profile) => storeIn(profile, name, words),
  get([name = "", ...rest], { zram }) {
    const isThere = Object.hasOwn(zram.attributes, name) ||
      (name === "block_state" && zram.memoryTracking);
    return isThere && rest.length === 0 ? show(name) : undefined;
  },
  open: (words) => exclusively(words, open),
  close: (words) => exclusively(words, close),
};

function exclusively(
  words: readonly string[],
  operation: (isExclusive: boolean) => ZramOperation,
): ZramOperation | undefined {
  if (words.length === 0) return operation(false);
  return words.join() === "exclusively" ? operation(true) : undefined;
}

/** The operation that words stand for, if a kernel has it. */
export function zramOperationOf(
  [verb = "", ...words]: readonly string[],
  profile: Profile,
): ZramOperation | undefined {
  return Object.hasOwn(READERS, verb)
    ? READERS[verb](words, profile)
    : undefined;
}
