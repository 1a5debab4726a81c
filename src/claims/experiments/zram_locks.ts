/** What the two semaphores of a zram device keep apart. */
import {
  LINUX_3_12,
  LINUX_4_0,
  LINUX_7_3,
  type Profile,
} from "../../linux/profile.ts";
import { ZRAM_RACES } from "../../search/races/rooms/zram.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Given } from "../experiment.ts";
import {
  isSound,
  type Overlap,
  overlap,
  overlapFigures,
  overlapIn,
  preemptionsSize,
  toldOf,
} from "../runs/explored.ts";
import {
  notify,
  queueTrial,
  read,
  RESET,
  WORK,
} from "../runs/slot_free_queue.ts";

/** Reads, writes and notices of one device at once. */
const AT_SLOTS = [
  "write 0 A / write 0 B | read 0",
  "write 0 A / read 0 | notify 0",
  "write 0 A / write 0 B | notify 0",
  "write 0 A / read 0 | read 0",
  "write 0 A / write 1 B | read 0 | notify 0",
];

/** Requests of who has the disk open already, beside resets. */
const BESIDE_RESET = [
  "write 0 A / read 0 | reset; set disksize 8192",
  "write 0 A / write 1 B | reset",
  "open exclusively; write 0 A / notify 0 | reset",
  "close; reset / set disksize 8192 | set disksize 12288",
];

/** Who opens the disk as it is reset. */
const OPEN_BESIDE_RESET = "close / open exclusively; write 0 A | reset";

interface Found {
  /** What covers the slots, and what keeps a device for its requests. */
  readonly isPerDevice: boolean;
  readonly requestHolds: Profile["zram"]["requestHolds"];
  readonly atSlots: readonly Overlap[];
  readonly besideReset: readonly Overlap[];
  readonly open: Overlap;
  /** With the queue of August 2013, where slots have one lock. */
  readonly queue: Queue | undefined;
}

/** What meets the queue. */
interface Queue {
  /** A read, and another that frees its slot or another slot. */
  readonly own: Overlap;
  readonly other: Overlap;
  /** A reset, and the work item. */
  readonly reset: Overlap;
}

function queueOf(profile: Profile, preemptions: number): Queue {
  const of = (text: string, ...threads: Parameters<typeof queueTrial>[1]) =>
    overlap(text, queueTrial(profile, threads), preemptions);
  return {
    own: of("read 0 | notify 0; read 1", [read(0)], [notify(0), read(1)]),
    other: of("read 2 | notify 0; read 1", [read(2)], [notify(0), read(1)]),
    reset: of("notify 0; free_work | reset", [notify(0), WORK], [RESET]),
  };
}

/** What requests hold, in words. */
const REQUESTS_HOLD: Readonly<Record<Found["requestHolds"], string>> = {
  init_lock: "init_lock",
  reference: "a reference",
  nothing: "the disk open",
};

function run(
  { profile, sizes: { preemptions } }: Given<"preemptions">,
): Found {
  const { locking, requestHolds } = profile.zram;
  const isPerDevice = locking.slot.per === "device";
  const explore = (program: string) =>
    overlapIn(ZRAM_RACES, profile, program, preemptions);
  return {
    isPerDevice,
    requestHolds,
    atSlots: AT_SLOTS.map(explore),
    besideReset: BESIDE_RESET.map(explore),
    open: explore(OPEN_BESIDE_RESET),
    queue: isPerDevice ? queueOf(profile, preemptions) : undefined,
  };
}

/** The experiment. */
export const ZRAM_LOCKS = experiment<"preemptions", Found>({
  name: "zram-locks",
  theme: "locks",
  method:
    "Reads, writes, notices, resets and set-ups of one zram device overlap in every way up to some preemptions. Where one lock covers all slots, a queue is put on the device as it was in August 2013, in which notices wait until the next read frees them, or a work item.",
  sizes: { preemptions: preemptionsSize(3) },
  kernels: [LINUX_3_12, LINUX_4_0, LINUX_7_3],
  run,
  figures: ({ atSlots, besideReset, open, queue }) => [
    overlapFigures("Reads, writes and notices", atSlots),
    overlapFigures("Beside a reset", [...besideReset, open]),
    ...queue === undefined
      ? []
      : [overlapFigures("With the queue of slots", Object.values(queue))],
  ],
  claims: [
    {
      name: "zram-lock-protects-counters-and-table",
      says:
        "One read-write semaphore protects the table of slots, the buffers and the counters against notices, reads and writes at once.",
      who: "Nitin Gupta, source comment of 2013",
      passages: [
        { thread: "002", at: "lines 5008-5010" },
        { thread: "002", at: "lines 4977-4978" },
      ],
      decide({ isPerDevice, atSlots, queue }) {
        const told = toldOf(...atSlots);
        if (!isPerDevice || queue === undefined) {
          return holds(false, `each slot has a lock of its own: ${told}`);
        }
        const { own, other } = queue;
        const evidence =
          `${told}; with the queue of August 2013 a read frees, the lock being shared: ${
            toldOf(own)
          }, of another slot ${toldOf(other)}`;
        const isSafe = isSound(...atSlots);
        return isSafe && isSound(own, other)
          ? holds(true, evidence)
          : holdsIf(isSafe, "no read frees what was given up", evidence);
      },
    },
    {
      name: "init-lock-excludes-reset-and-requests",
      says: "init_lock keeps setting up, reset and requests of a device apart.",
      who: "Nitin Gupta, source comment of 2013",
      passages: [{ thread: "002", at: "lines 5018-5019" }],
      decide({ requestHolds, besideReset, open, queue }) {
        const held = `requests hold ${REQUESTS_HOLD[requestHolds]}`;
        const late = queue === undefined
          ? ""
          : `; beside the work item of August 2013, ${toldOf(queue.reset)}`;
        const evidence = `${held}: ${toldOf(...besideReset)}; beside an open, ${
          toldOf(open)
        }${late}`;
        const isApart = isSound(...besideReset);
        const isAlways = isSound(open) &&
          (queue === undefined || isSound(queue.reset));
        return isApart && isAlways
          ? holds(true, evidence)
          : holdsIf(isApart, "the disk is open before the reset", evidence);
      },
    },
  ],
});
