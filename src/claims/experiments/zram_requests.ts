/** Which requests zram takes, and which it counts. */
import type { Errno } from "../../linux/errno.ts";
import { LINUX_3_12, LINUX_7_3, type Profile } from "../../linux/profile.ts";
import { Memory } from "../../memory/memory.ts";
import { SECTOR_SIZE } from "../../zram/bio_request.ts";
import type { Zram } from "../../zram/device.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { SOURCE_COMMENT } from "../runs/who.ts";
import { pageOf, statedZram, writeBytes } from "../runs/zram_pages.ts";

/** Pages of a disk. */
const PAGES = 16;
/** The block that the queue says requests are of. */
const BLOCK = 4096;

/** What a request of some kind came to. */
interface Asked {
  readonly kind: "unaligned" | "odd size" | "beyond the end" | "part of a page";
  readonly answer: Errno | "done";
  /** Whether it counted in invalid_io. */
  readonly isInvalid: boolean;
}

/** How requests are counted. */
interface Counts {
  /** Of a request of eight pages. */
  readonly eightPages: number;
  /** Of one that fails, for want of memory. */
  readonly failed: number;
  /** Of one that is refused. */
  readonly refused: number;
}

interface Found {
  readonly asked: readonly Asked[];
  readonly counts: Counts;
}

function ask(
  profile: Profile,
  kind: Asked["kind"],
  start: number,
  bytes: number,
): Asked {
  const zram = statedZram(profile, PAGES);
  const answer = writeBytes(zram, start, new Uint8Array(bytes).fill(1)) ??
    "done";
  return { kind, answer, isInvalid: zram.ioStat.invalidIo > 0 };
}

function askAll(profile: Profile): Asked[] {
  const large = { ...profile, pageSize: 65536 };
  return [
    ask(profile, "unaligned", SECTOR_SIZE, BLOCK),
    ask(profile, "odd size", 0, BLOCK - SECTOR_SIZE),
    ask(profile, "beyond the end", PAGES * profile.pageSize, BLOCK),
    ask(large, "part of a page", BLOCK, BLOCK),
  ];
}

function countRequests(profile: Profile): Counts {
  const { pageSize } = profile;
  const countsOf = (zram: Zram, start: number, bytes: number) => {
    const data = new Uint8Array(bytes);
    for (let at = 0; at < bytes; at += pageSize) {
      data.set(pageOf(profile, pageSize).subarray(0, bytes), at);
    }
    writeBytes(zram, start, data);
    return zram.ioStat.numWrites;
  };
  const full = new Memory({ pageSize, maxPages: 0 });
  return {
    eightPages: countsOf(statedZram(profile, PAGES), 0, 8 * pageSize),
    failed: countsOf(
      statedZram(profile, PAGES, { memory: full }),
      0,
      pageSize,
    ),
    refused: countsOf(
      statedZram(profile, PAGES),
      PAGES * pageSize,
      pageSize,
    ),
  };
}

function run({ profile }: Given<never>): Found {
  return {
    asked: askAll(profile),
    counts: countRequests(profile),
  };
}

function figures({ asked, counts }: Found): readonly Figures[] {
  return [
    {
      title: "Requests that are not of whole pages of the disk",
      columns: ["", "answer", "in invalid_io"],
      rows: asked.map(({ kind, answer, isInvalid }) => [
        kind,
        answer,
        isInvalid ? 1 : 0,
      ]),
    },
    {
      title: "What a request adds to num_writes",
      columns: ["", "writes"],
      rows: [
        ["of eight pages", counts.eightPages],
        ["of a page, without memory", counts.failed],
        ["beyond the end", counts.refused],
      ],
    },
  ];
}

/** The experiment. */
export const ZRAM_REQUESTS = experiment<never, Found>({
  name: "zram-requests",
  theme: "zram's interface",
  method:
    "Requests are sent that are unaligned, of an odd size, beyond the disk's end, for a part of a page, of several pages, and where there is no memory; what they answer and what the counters then show is read.",
  sizes: {},
  kernels: [LINUX_3_12, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "invalid-io-counts-unaligned",
      says: "invalid_io counts the requests that are not aligned to pages.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "line 4986" }],
      decide({ asked }) {
        const meant = asked.every(({ kind, isInvalid }) =>
          isInvalid === (kind !== "beyond the end")
        );
        const counted = asked.filter(({ isInvalid }) => isInvalid);
        const others = asked.filter(({ isInvalid }) => !isInvalid);
        const kinds = (some: readonly Asked[]) =>
          some.map(({ kind }) => kind).join(", ");
        return holds(
          meant,
          counted.length === 0
            ? `none of ${asked.length} kinds is counted: the block layer refuses them`
            : `${counted.length} of ${asked.length} kinds are counted: ${
              kinds(counted)
            }; not ${kinds(others)}`,
        );
      },
    },
    {
      name: "num-reads-failed-and-successful",
      says:
        "num_reads and num_writes count all requests, failed and successful ones.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 4982-4983" }],
      decide({ counts: { eightPages, failed, refused } }) {
        const evidence =
          `a request of eight pages counts ${eightPages}, one that fails ${failed}, one that is refused ${refused}`;
        const isSo = eightPages === 1 && failed === 1;
        return refused === 1
          ? holds(isSo, evidence)
          : holdsIf(isSo, "refused ones are not meant", evidence);
      },
    },
  ],
});
