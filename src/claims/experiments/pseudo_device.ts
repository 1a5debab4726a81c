/** zswap on a device that is none beside zram: where they are the same. */
import { lzo } from "../../codec/lzo.ts";
import { LINUX_3_12, LINUX_6_1, LINUX_7_3 } from "../../linux/profile.ts";
import { randomFrom } from "../../programs/random.ts";
import { pseudoSwapDevice, zramSwapDevice } from "../../swap/device.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import { limitedZram } from "../runs/swap_machine.ts";
import { PSEUDO_CLAIMS, type PseudoOutcome } from "./pseudo_claims.ts";
import {
  blocksKept,
  COMPRESSIBLE,
  type Held,
  heldByFailing,
  heldByPseudo,
  heldByZram,
  heldWithoutEvict,
} from "../runs/pseudo_holders.ts";

type Sizes = "pages" | "room";

/** Bytes up to which a page is one that compresses: three quarters of it. */
const COMPRESSES_TO = 3 / 4;

/** Of how many real pages there is one made page of each kind. */
const MADE_OF = 8;

/** Whether a page is one word, as the repeated word of 64 bits. */
const isOneWord = (page: Uint8Array) =>
  page.every((byte, at) => byte === page[at % 8]);

/** Pages of each kind: real ones, and some that are made. */
function kindsOf({ profile, seed, sizes }: Given<Sizes>, real: Uint8Array[]) {
  const { pageSize } = profile;
  const random = randomFrom(seed);
  const into = new Uint8Array(2 * pageSize);
  const make = (byte: (at: number, nth: number) => number) =>
    Array.from(
      { length: Math.ceil(sizes.pages / MADE_OF) },
      (_, nth) =>
        Uint8Array.from({ length: pageSize }, (_, at) => byte(at, nth)),
    );
  const compressible = real.filter((page) =>
    lzo.compress(page, into) <= COMPRESSES_TO * pageSize && !isOneWord(page)
  );
  return {
    [COMPRESSIBLE]: compressible,
    "incompressible": make(() => random(256)),
    "one word repeated": make((at, nth) => at % 8 === 0 ? 1 + nth % 255 : 7),
    "zeros": make(() => 0),
  };
}

function run(given: Given<Sizes>): PseudoOutcome {
  const { profile, seed, sizes, realPages } = given;
  const { pageSize } = profile;
  const real = realPages(sizes.pages, pageSize).map((page) => page.slice());
  const wide = 4 * sizes.pages;
  const kinds = Object.entries(kindsOf(given, real)).map(([kind, data]) => {
    const program = { profile, data, seed, room: wide };
    return { kind, zram: heldByZram(program), zswap: heldByPseudo(program) };
  });
  const room = Math.ceil(sizes.pages * sizes.room / 100);
  const program = { profile, data: real, seed, room };
  const disk = limitedZram(profile, lzo, {
    pages: sizes.pages,
    limitPages: wide,
  });
  return {
    pages: sizes.pages,
    kinds,
    zram: heldByZram(program),
    pseudo: heldByPseudo(program),
    failing: heldByFailing(program),
    evictless: heldWithoutEvict(program),
    zramBlocks: blocksKept(zramSwapDevice(disk), real),
    pseudoBlocks: blocksKept(pseudoSwapDevice(sizes.pages), real),
  };
}

const rowOf = (first: string, one: Held) => [
  first,
  one.pages.size,
  one.bytes,
  one.inMemory,
  one.writtenBack,
  one.sent,
  one.decompressions,
  one.lost,
];

const COLUMNS = [
  "held",
  "bytes",
  "left in memory",
  "written back",
  "sent to the device",
  "decompressed",
  "lost",
];

function figures(found: PseudoOutcome): readonly Figures[] {
  const { kinds, zram, pseudo, failing, evictless } = found;
  return [
    {
      title: "With room for all",
      columns: ["", ...COLUMNS],
      rows: kinds.flatMap((one) => [
        rowOf(`${one.kind}: zram`, one.zram),
        rowOf(`${one.kind}: ${one.zswap.name}`, one.zswap),
      ]),
    },
    {
      title: "Real pages with too little room",
      columns: ["", ...COLUMNS],
      rows: [zram, pseudo, failing, evictless]
        .map((one) => rowOf(one.name, one)),
    },
    {
      title: "Blocks that a file system reads back as it wrote them",
      columns: ["", "written", "read back"],
      rows: [
        ["zram", found.pages, found.zramBlocks],
        ["pseudo device", found.pages, found.pseudoBlocks],
      ],
    },
  ];
}

/** The experiment. */
export const PSEUDO_DEVICE = experiment<Sizes, PseudoOutcome>({
  name: "pseudo-device",
  theme: "zswap and zram",
  method:
    "The same pages go out to zram and to a zswap that writes nothing back, over a device that takes nothing, both with lzo: real pages that compress, noise, pages of one word, zeros. Then real pages with too little room, also with writeback to a device of which each write fails, and without it over a disk. All pages are read back. zswap has zsmalloc below it where the kernel lets it.",
  sizes: {
    pages: { usual: 2048, least: 32, most: 16384, means: "real pages" },
    room: {
      usual: 25,
      least: 1,
      most: 400,
      means: "memory that is too little, in percent of the pages",
    },
  },
  kernels: [LINUX_3_12, LINUX_6_1, LINUX_7_3],
  run,
  figures,
  claims: PSEUDO_CLAIMS,
});
