/** What makes a write to zram fail, and whether a read ever does. */
import { CorruptDataError } from "../../codec/codec.ts";
import { LINUX_3_12, LINUX_7_3, type Profile } from "../../linux/profile.ts";
import { Memory } from "../../memory/memory.ts";
import { type Random, randomFrom } from "../../programs/random.ts";
import { grouped } from "../../report/table.ts";
import { Zram } from "../../zram/device.ts";
import { writeAttribute } from "../../zram/sysfs.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { SOURCE_COMMENT } from "../runs/who.ts";
import { filledPage, mixedPage, setDisksize } from "../runs/zram_pages.ts";

/** Writes of random pages, and those that failed. */
interface Writes {
  readonly writes: number;
  readonly failed: number;
}

/** Random pages through one algorithm. */
interface Reads {
  readonly algorithm: string;
  readonly reads: number;
  /** Reads that failed, or gave other bytes than were written. */
  readonly failed: number;
  /** Objects of which a byte was changed, and reads of them that showed it. */
  readonly changed: number;
  readonly noticed: number;
}

interface Found {
  readonly ample: Writes;
  readonly short: Writes;
  /** With a limit; a kernel that has none cannot be told. */
  readonly limited: Writes | undefined;
  readonly reads: readonly Reads[];
}

/** A page of noise, of one word or of both. */
function randomPage(profile: Profile, random: Random): Uint8Array {
  const kind = random(8);
  if (kind === 0) return filledPage(profile, random(2));
  const page = mixedPage(profile, random(2 ** 32));
  if (kind > 1) return page;
  return page.map(() => random(256));
}

function writeRandom(zram: Zram, { seed, sizes }: Given<"pages">): Writes {
  const random = randomFrom(seed);
  let failed = 0;
  for (let nth = 0; nth < sizes.pages; nth++) {
    const stored = zram.write(nth, randomPage(zram.profile, random));
    if (typeof stored === "string") failed++;
  }
  return { writes: sizes.pages, failed };
}

function device(
  { profile, sizes }: Given<"pages">,
  memory?: Memory,
  algorithm?: string,
): Zram {
  const zram = new Zram(profile, memory === undefined ? {} : { memory });
  if (algorithm !== undefined) zram.setAlgorithm(algorithm);
  setDisksize(zram, sizes.pages);
  return zram;
}

/** The same where the device may not have more than a quarter of its disk. */
function writeLimited(given: Given<"pages">): Writes | undefined {
  const zram = device(given);
  const limit = Math.floor(zram.disksize / 4);
  const errno = writeAttribute(zram, "mem_limit", `${limit}\n`);
  return errno === undefined ? writeRandom(zram, given) : undefined;
}

/** Whether a page reads as it was written. */
function isRead(zram: Zram, nth: number, page: Uint8Array): boolean {
  const into = new Uint8Array(page.length);
  try {
    return zram.read(nth, into) === undefined &&
      into.every((byte, at) => byte === page[at]);
  } catch (error) {
    if (error instanceof CorruptDataError) return false;
    throw error;
  }
}

/** Changes a byte of a page's object, where it has one that is compressed. */
function changeObject(zram: Zram, nth: number, random: Random): boolean {
  const { slots, initialisedPool, profile } = zram;
  const handle = slots.handle(nth);
  const size = slots.size(nth);
  if (handle === 0 || size === profile.pageSize) return false;
  const bytes = initialisedPool.read(handle, new Uint8Array(size));
  bytes[random(size)] ^= 1 + random(255);
  initialisedPool.write(handle, bytes);
  return true;
}

function readAll(given: Given<"pages">, algorithm: string): Reads {
  const random = randomFrom(given.seed);
  const zram = device(given, undefined, algorithm);
  const pages = given.realPages(given.sizes.pages, given.profile.pageSize)
    .map((page, nth) => {
      const written = random(4) === 0
        ? randomPage(given.profile, random)
        : page;
      zram.write(nth, written);
      return written;
    });
  const failed = pages.filter((page, nth) => !isRead(zram, nth, page));
  const changed = pages.flatMap((page, nth) =>
    changeObject(zram, nth, random) ? [{ page, nth }] : []
  );
  return {
    algorithm,
    reads: pages.length,
    failed: failed.length,
    changed: changed.length,
    noticed: changed.filter(({ page, nth }) => !isRead(zram, nth, page)).length,
  };
}

function run(given: Given<"pages">): Found {
  const { profile, sizes } = given;
  const { pageSize } = profile;
  const maxPages = Math.floor(sizes.pages / 4);
  return {
    ample: writeRandom(device(given), given),
    short: writeRandom(
      device(given, new Memory({ pageSize, maxPages })),
      given,
    ),
    limited: writeLimited(given),
    reads: profile.zram.compAlgorithms
      .map((algorithm) => readAll(given, algorithm)),
  };
}

function figures(found: Found): readonly Figures[] {
  const { limited } = found;
  return [
    {
      title: "Writes of random pages",
      columns: ["", "writes", "failed"],
      rows: [
        ["with memory enough", found.ample.writes, found.ample.failed],
        ["with too little", found.short.writes, found.short.failed],
        ...limited === undefined
          ? []
          : [["with a limit", limited.writes, limited.failed]],
      ],
    },
    {
      title: "Reads of what was written",
      columns: ["algorithm", "reads", "failed", "bytes changed", "noticed"],
      rows: found.reads.map((one) => [
        one.algorithm,
        one.reads,
        one.failed,
        one.changed,
        one.noticed,
      ]),
    },
  ];
}

/** The experiment. */
export const ZRAM_FAILURES = experiment<"pages", Found>({
  name: "zram-failures",
  theme: "zram's interface",
  method:
    "Random pages are written with memory enough, with too little, and with a mem_limit. Real and random pages are written and read back with each algorithm of the kernel; then a byte of each object is changed.",
  sizes: {
    pages: { usual: 256, least: 16, most: 65536, means: "pages of a disk" },
  },
  kernels: [LINUX_3_12, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "failed-writes-when-memory-is-low",
      says: "A write fails only when memory is too low.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "line 4985" }],
      decide({ ample, short, limited }) {
        const isSo = ample.failed === 0 && short.failed > 0;
        const evidence =
          `${ample.failed} of ${ample.writes} fail with memory enough, ${short.failed} with a quarter of it`;
        return limited === undefined || limited.failed === 0
          ? holds(isSo, evidence)
          : holdsIf(
            isSo,
            "there is no mem_limit",
            `${evidence}, ${limited.failed} under a limit as low`,
          );
      },
    },
    {
      name: "decompression-never-fails",
      says: "Decompressing a page that is stored never fails.",
      who: SOURCE_COMMENT,
      passages: [
        { thread: "002", at: "line 4984" },
        { thread: "002", at: "line 781" },
      ],
      decide({ reads }) {
        const sum = (of: "reads" | "failed" | "changed" | "noticed") =>
          reads.reduce((total, one) => total + one[of], 0);
        return holds(
          sum("failed") === 0,
          `${sum("failed")} of ${grouped(sum("reads"))} reads fail with ${
            reads.map(({ algorithm }) => algorithm).join(", ")
          }; with a byte changed in memory ${sum("noticed")} of ${
            sum("changed")
          }`,
        );
      },
    },
  ],
});
