/** Claims on zswap in the place of zram. */
import { grouped, humanBytes, percent } from "../../report/table.ts";
import { type Claim, holds, holdsIf, type Verdict } from "../claim.ts";
import { COMPRESSIBLE, type Held } from "../runs/pseudo_holders.ts";

/** One kind of pages in both, with room for all. */
export interface KindOutcome {
  readonly kind: string;
  readonly zram: Held;
  readonly zswap: Held;
}

/** All that was found. */
export interface PseudoOutcome {
  readonly pages: number;
  readonly kinds: readonly KindOutcome[];
  /** Real pages, with too little room. */
  readonly zram: Held;
  readonly pseudo: Held;
  readonly failing: Held;
  readonly evictless: Held;
  /** Blocks that a file system has back, of as many as `pages`. */
  readonly zramBlocks: number;
  readonly pseudoBlocks: number;
}

const isSame = ({ zram, zswap }: KindOutcome): boolean =>
  zram.pages.size === zswap.pages.size && zram.bytes === zswap.bytes;

const sentence = ({ name, pages, bytes, inMemory }: Held) =>
  `${name}: ${grouped(pages.size)} pages in ${humanBytes(bytes)}${
    inMemory === 0 ? "" : `, ${grouped(inMemory)} left in memory`
  }`;

/** Pages that one of two holds and the other does not. */
const countDifferent = (one: Held, other: Held): number =>
  one.pages.symmetricDifference(other.pages).size;

/** zswap that writes nothing back, beside zram: by kinds of pages. */
function sameAsZram(found: PseudoOutcome): Verdict {
  const { kinds, zram, pseudo } = found;
  const others = kinds.filter((one) => !isSame(one)).map(({ kind }) => kind);
  const isFullSame = countDifferent(zram, pseudo) === 0;
  const conditions = [
    ...(others.length > 0 ? [`no page is ${others.join(" or ")}`] : []),
    ...(isFullSame ? [] : ["there is room"]),
  ];
  const compressible = kinds.filter(({ kind }) => kind === COMPRESSIBLE);
  const evidence = [
    ...compressible.flatMap((one) => [sentence(one.zram), sentence(one.zswap)]),
    `not the same: ${others.join(", ") || "no kind of pages"}`,
  ].join("; ");
  if (conditions.length === 0) return holds(true, evidence);
  return holdsIf(
    compressible.every(isSame),
    conditions.join(" and "),
    evidence,
  );
}

/** The least share of zram's pages that stands for as many. */
const AS_MANY = 0.9;

/** The claims. */
export const PSEUDO_CLAIMS: readonly Claim<PseudoOutcome>[] = [
  {
    name: "zswap-on-pseudo-device-is-zram",
    says:
      "zswap on a pseudo block device, with its writeback off, is the same as zram that is used for swap.",
    who: "Bob Liu, 2013",
    passages: [
      {
        thread: "001",
        at: "add a pseudo block device to zswap and just disable",
      },
      { thread: "002", at: "lines 8289-8292" },
    ],
    disputed:
      "Minchan Kim: it would be a horrible monster between mm and block, and lose what zram can be (000, lines 79-84)",
    decide: sameAsZram,
  },
  {
    name: "full-zswap-refusing-is-the-same-as-zram",
    says:
      "A zswap that is full, refuses new pages and writes nothing back is all the same as zram.",
    who: "Bob Liu, 2013",
    passages: [{ thread: "002", at: "lines 9017-9023" }],
    disputed:
      "Minchan Kim: zram's block device is ignored (002, lines 10025-10027)",
    decide({ zram, pseudo }) {
      const different = countDifferent(zram, pseudo);
      return holds(
        different === 0,
        `${sentence(zram)}; ${
          sentence(pseudo)
        }; ${different} pages are held by one alone`,
      );
    },
  },
  {
    name: "zswap-with-failing-device-replaces-zram-swap",
    says:
      "zswap backed by a pseudo device that rejects all writes can replace zram as swap.",
    who: "Mel Gorman, 2013",
    passages: [
      { thread: "002", at: "lines 7982-7983" },
      { thread: "002", at: "lines 9203-9204" },
    ],
    disputed: "Minchan Kim: zswap is no block device (002, line 8748)",
    decide({ zram, failing }) {
      const { lost, writtenBack } = failing;
      return holds(
        lost === 0 && failing.pages.size >= AS_MANY * zram.pages.size,
        `${sentence(zram)}; ${
          sentence(failing)
        }; ${writtenBack} pages were written back in vain, ${lost} are lost`,
      );
    },
  },
  {
    name: "evictless-zbud-never-writes-back",
    says:
      "With no evict handler zswap never writes back, and just compresses pages in memory.",
    who: "Mel Gorman, 2013",
    passages: [{ thread: "002", at: "lines 9172-9189" }],
    decide({ evictless: { writtenBack, sent, pages } }) {
      const evidence =
        `${writtenBack} pages written back, ${pages.size} held, ${sent} sent to the disk as they are`;
      if (writtenBack > 0 || sent === 0) {
        return holds(writtenBack === 0, evidence);
      }
      return holdsIf(
        pages.size > 0,
        "there is room, or nothing but zswap takes pages",
        evidence,
      );
    },
  },
  {
    name: "zswap-is-no-block-device",
    says: "zswap is no block device: no file system can be on it, as on zram.",
    who: "Minchan Kim, 2013",
    passages: [
      { thread: "002", at: "lines 8748-8759" },
      { thread: "000", at: "lines 150-158" },
    ],
    disputed:
      "Mel Gorman: it would not be impossible to write one (002, lines 9172-9173); of zram with tmpfs he agrees (002, line 7990)",
    decide: ({ zramBlocks, pseudoBlocks, pages }) =>
      holds(
        zramBlocks === pages && pseudoBlocks === 0,
        `of ${pages} blocks zram has ${
          percent(zramBlocks, pages)
        }, zswap's pseudo device ${percent(pseudoBlocks, pages)}`,
      ),
  },
];
