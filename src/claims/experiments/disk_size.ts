/** How large a zram disk is worth being, and what it takes while it is empty. */
import { LINUX_3_12, LINUX_7_3 } from "../../linux/profile.ts";
import { Memory } from "../../memory/memory.ts";
import { expandContents } from "../../programs/contents.ts";
import { grouped } from "../../report/table.ts";
import { Zram } from "../../zram/device.ts";
import { zramTableBytes } from "../../zram/table.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";

/** Bytes of the disk whose table is weighed. */
const DISK = 8 * 2 ** 30;
/** Random bytes of a page per mille of it: what is left compresses to nothing. */
const KINDS = {
  "2:1": 480,
  "3:1": 310,
  "zeros": 0,
} as const;

type Kind = keyof typeof KINDS;

interface Found {
  readonly frames: number;
  /** Pages that a device of so many frames holds until a write fails. */
  readonly held: Readonly<Record<Kind, number>>;
  /** The most that were tried. */
  readonly most: number;
  /** The share of a disk that its table takes. */
  readonly table: number;
}

/** A page of a kind, none like another. */
function pageOf(kind: Kind, nth: number, seed: number, pageSize: number) {
  if (kind === "zeros") return new Uint8Array(pageSize);
  return expandContents({
    kind: "mixed",
    period: 1,
    random: KINDS[kind],
    noise: 0,
    at: 0,
    seed: (seed + Math.imul(nth + 1, 0x9e3779b1)) >>> 0,
  }, pageSize);
}

/** Writes pages until one fails, on a disk that is four times the memory. */
function hold(kind: Kind, { profile, seed, sizes }: Given<"frames">): number {
  const { pageSize } = profile;
  const zram = new Zram(profile, {
    memory: new Memory({ pageSize, maxPages: sizes.frames }),
  });
  const most = 4 * sizes.frames;
  zram.setDisksize(most * pageSize);
  for (let nth = 0; nth < most; nth++) {
    const page = pageOf(kind, nth, seed, pageSize);
    if (typeof zram.write(nth, page) === "string") return nth;
  }
  return most;
}

function run(given: Given<"frames">): Found {
  const { profile, sizes: { frames } } = given;
  return {
    frames,
    most: 4 * frames,
    held: {
      "2:1": hold("2:1", given),
      "3:1": hold("3:1", given),
      "zeros": hold("zeros", given),
    },
    table: zramTableBytes(profile, DISK) / DISK,
  };
}

const perFrame = ({ frames, held }: Found, kind: Kind) =>
  (held[kind] / frames).toFixed(2);

function figures(found: Found): readonly Figures[] {
  return [{
    title: `Pages that ${grouped(found.frames)} frames hold`,
    columns: ["", "pages", "a frame"],
    rows: (Object.keys(KINDS) as Kind[]).map((kind) => [
      kind,
      grouped(found.held[kind]),
      perFrame(found, kind),
    ]),
  }];
}

/** The experiment. */
export const DISK_SIZE = experiment<"frames", Found>({
  name: "disk-size",
  theme: "limits",
  method:
    "Pages that compress 2:1 and 3:1, and pages of zeros, are written to a disk of four times the memory until a write fails; and the table of slots of an empty disk of 8 GiB is weighed.",
  sizes: {
    frames: { usual: 512, least: 64, most: 65536, means: "frames of memory" },
  },
  kernels: [LINUX_3_12, LINUX_7_3],
  run,
  figures,
  claims: [
    {
      name: "disk-above-twice-memory-pointless",
      says:
        "A disk of more than twice the memory is of little use, as data compress 2:1.",
      who: "Nitin Gupta, source comment of 2013",
      passages: [{ thread: "002", at: "lines 1034-1037" }],
      disputed:
        'Luigi Semenzato: "typical overall compression ratios are between 2.5:1 and 3:1" (002, lines 7785-7787)',
      decide: (found) =>
        holdsIf(
          found.held["2:1"] <= 2 * found.frames &&
            found.held["3:1"] > 2 * found.frames &&
            found.held.zeros === found.most,
          "data compress no better",
          `a frame holds ${perFrame(found, "2:1")} pages of such data, ${
            perFrame(found, "3:1")
          } of 3:1, and zeros fill any disk`,
        ),
    },
    {
      name: "table-takes-0-1-percent",
      says: "An unused disk takes about 0.1 % of its size.",
      who: "Nitin Gupta, source comment of 2013",
      passages: [{ thread: "002", at: "lines 1037-1039" }],
      decide: ({ table }) =>
        holds(
          table >= 0.0005 && table < 0.0015,
          `its table of slots alone takes ${(100 * table).toFixed(2)} %`,
        ),
    },
  ],
});
