/**
 * What tmem promises those who put pages: what a get may give, by what was done
 * at its handle before. Whoever asks keeps the book.
 */
import type { ZcacheProfile } from "../linux/zcache_profile.ts";
import { type Invariant, SILENT, type Violation } from "../rules/invariant.ts";
import type { TmemKind } from "./tmem.ts";

/**
 * What happened last at a handle: a page was put and kept; another was put and
 * refused while that was there; or there is none, since it was flushed, taken
 * by an exclusive get, not found by a get, or never put.
 */
export type TmemPast =
  | { readonly last: "put" | "refused"; readonly page: Uint8Array }
  | { readonly last: "flushed" | "taken" | "missed" | "never" };

/** What a get is judged by. */
export interface TmemAsked {
  /** What kernel it is. */
  readonly profile: ZcacheProfile;
  /** Whether the page might have been dropped. */
  readonly kind: TmemKind;
  /** What was done before. */
  readonly past: TmemPast;
}

/** A rule about the page that a get gave, `undefined` where it gave none. */
export type TmemPromise = Invariant<TmemAsked, Uint8Array | undefined>;

/** The page that is promised, or owed to the kernel's bug, if there is one. */
function keptPage({ profile, past }: TmemAsked): Uint8Array | undefined {
  if (past.last === "put") return past.page;
  return past.last === "refused" && profile.failedPut === "older-stays"
    ? past.page
    : undefined;
}

function expectNothing(
  { past }: TmemAsked,
  found: Uint8Array | undefined,
): Violation | undefined {
  if (found === undefined) return undefined;
  const where = `a get where the page was ${past.last}`;
  return { where, expected: "nothing", found: "a page" };
}

/** A rule by which nothing is there after what `last` names. */
function nothingAfter(
  id: string,
  last: TmemPast["last"],
  sentence: string,
  source: string,
): TmemPromise {
  return {
    id,
    sentence,
    source,
    check: (asked, found) =>
      asked.past.last === last ? expectNothing(asked, found) : SILENT,
  };
}

const TMEM_C = "drivers/staging/zcache/tmem.c, 3.9";
const CLEANCACHE_TXT = "Documentation/vm/cleancache.txt, 3.9";

/** What tmem promises of each get. */
export const TMEM_PROMISES: readonly TmemPromise[] = [
  {
    id: "tmem/last-put",
    sentence:
      "A get gives the page that was put last at its handle of those that were kept, to the byte, or nothing.",
    source: `tmem_put, tmem_get, ${TMEM_C}`,
    check(asked, found) {
      const page = keptPage(asked);
      if (found === undefined || page === undefined) return SILENT;
      const at = page.findIndex((byte, nth) => byte !== found[nth]);
      if (at < 0) return undefined;
      const where = `byte ${at} of the page`;
      return { where, expected: page[at], found: found[at] };
    },
  },
  {
    id: "tmem/persistent-found",
    sentence: "A persistent page whose put was kept is there when it is got.",
    source: "Documentation/vm/frontswap.txt, 3.9",
    check(asked, found) {
      const page = keptPage(asked);
      if (asked.kind === "ephemeral" || page === undefined) return SILENT;
      return found === undefined
        ? { where: "a get", expected: "the page", found: "nothing" }
        : undefined;
    },
  },
  {
    id: "tmem/put-put-get",
    sentence:
      "Where a page is put over another and refused, the other is not given any more; zcache since 3.9 gives it.",
    source: `${CLEANCACHE_TXT}; tmem_put, ${TMEM_C}`,
    check(asked, found) {
      const stays = asked.profile.failedPut === "older-stays";
      if (asked.past.last !== "refused" || stays) return SILENT;
      return expectNothing(asked, found);
    },
  },
  nothingAfter(
    "tmem/get-get",
    "missed",
    "Where a get finds nothing, the next one finds nothing unless there was a put.",
    CLEANCACHE_TXT,
  ),
  nothingAfter(
    "tmem/exclusive-get",
    "taken",
    "A page that an exclusive get gave, as each of an ephemeral page is, is gone.",
    `tmem_get, ${TMEM_C}`,
  ),
  nothingAfter(
    "tmem/flushed",
    "flushed",
    "Nothing is given of a page after it was flushed, alone or with its object or pool.",
    `tmem_flush_page, tmem_flush_object, tmem_destroy_pool, ${TMEM_C}`,
  ),
  nothingAfter(
    "tmem/never-put",
    "never",
    "Nothing is given where nothing was put.",
    `tmem_get, ${TMEM_C}`,
  ),
];
