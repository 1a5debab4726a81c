/** Whether zram may miss that a swap slot is free, and what becomes of its page. */
import { LINUX_4_0, LINUX_7_3 } from "../../linux/profile.ts";
import { randomFrom, shuffle } from "../../programs/random.ts";
import { grouped } from "../../report/table.ts";
import { writeAttribute } from "../../zram/sysfs.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Figures, type Given } from "../experiment.ts";
import {
  noticesTo,
  type Obstacle,
  obstacleOf,
  POSTED_2013,
} from "../runs/slot_notices.ts";
import { pageOf, statedZram } from "../runs/zram_pages.ts";

/** One notice in so many is hindered. */
const HINDERED = 8;
/** Notices between two runs of the worker. */
const WORKER = 16;

interface Found {
  readonly obstacle: Obstacle;
  readonly notices: number;
  readonly hindered: number;
  /** Pages that are kept though their slots are free. */
  readonly kept: number;
  /** Objects of slots that hold none, once all slots were written again. */
  readonly leaked: number;
  /** Frames that a reset leaves. */
  readonly frames: number;
}

function run({ profile, seed, sizes }: Given<"pages">): Found {
  const { pages } = sizes;
  const zram = statedZram(profile, pages);
  const random = randomFrom(seed);
  const writeAll = () => {
    for (let page = 0; page < pages; page++) {
      zram.write(page, pageOf(profile, 100 + random(2000)));
    }
  };
  writeAll();
  const notices = noticesTo(zram);
  let hindered = 0;
  const freed = shuffle(
    Array.from({ length: pages }, (_, page) => page),
    random,
  );
  freed.forEach((page, nth) => {
    const isHindered = random(HINDERED) === 0;
    if (isHindered) hindered++;
    notices.notify(page, isHindered);
    if (nth % WORKER === 0) notices.flush();
  });
  notices.flush();
  const kept = freed.filter((page) => zram.slots.isAllocated(page)).length;
  writeAll();
  const leaked = zram.initialisedPool.handles.allocated - pages;
  const errno = writeAttribute(zram, "reset", "1\n");
  if (errno !== undefined) throw new Error(`no reset: ${errno}`);
  return {
    obstacle: obstacleOf(profile),
    notices: pages,
    hindered,
    kept,
    leaked,
    frames: zram.memory.allocatedPages,
  };
}

const CONDITIONS: Readonly<Record<Obstacle, string>> = {
  "no memory": "there is no memory to queue the notice",
  "a held slot": "somebody holds the slot at that moment",
};

/** The experiment. */
export const SLOT_FREE_NOTIFY = experiment<"pages", Found>({
  name: "slot-free-notify",
  theme: "zram's interface",
  method:
    "Every page of a device is written, and then its slots are said to be free, one in eight of them while there is no memory for the notice, where notices are queued, or while a read holds the slot. The pages that are kept are counted; then all are written again, and the device is reset.",
  sizes: {
    pages: { usual: 512, least: 16, most: 65536, means: "slots" },
  },
  kernels: [POSTED_2013, LINUX_4_0, LINUX_7_3],
  run,
  figures: (found): readonly Figures[] => [{
    title: "Notices that a slot is free",
    columns: ["", "number"],
    rows: [
      ["notices", found.notices],
      [`of these with ${found.obstacle}`, found.hindered],
      ["pages that were kept", found.kept],
      ["objects of no slot, once all are written again", found.leaked],
      ["frames after a reset", found.frames],
    ],
  }],
  claims: [{
    name: "slot-free-notify-may-miss",
    says:
      "The notice that a swap slot is free may be lost, so a write looks again and frees what is there.",
    who: "Minchan Kim, 2013",
    passages: [{ thread: "002", at: "lines 888-894" }],
    decide({ obstacle, notices, hindered, kept, leaked }) {
      const evidence = `of ${
        grouped(notices)
      } notices ${hindered} meet ${obstacle}, and ${kept} pages are kept${
        kept === 0 ? "" : `; once written again ${leaked} objects are nobody's`
      }`;
      return kept === 0
        ? holds(false, evidence)
        : holdsIf(leaked === 0, CONDITIONS[obstacle], evidence);
    },
  }],
});
