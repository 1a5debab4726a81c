/** Preparing a CPU's buffer from two places at once. */
import { LINUX_3_12, LINUX_6_1, type Profile } from "../../linux/profile.ts";
import { InvariantError } from "../../rules/invariant.ts";
import { createLock, type Lock } from "../../rules/lock.ts";
import type { Rule } from "../../rules/rule.ts";
import {
  acquire,
  reads,
  release,
  type Stop,
  writes,
} from "../../rules/stop.ts";
import type { RaceOperation, RaceTrial } from "../../search/races/trial.ts";
import { holds, holdsIf } from "../claim.ts";
import { experiment, type Given } from "../experiment.ts";
import {
  isSound,
  type Overlap,
  overlap,
  overlapFigures,
  preemptionsSize,
  toldOf,
} from "../runs/explored.ts";

/**
 * What both hold who prepare a CPU's buffer: nothing, where `zs_init` goes over
 * the CPUs once its notifier is registered; or the lock of CPU hotplug, under
 * which `cpuhp_setup_state` calls for each CPU (since 4.10).
 */
const HELD_BY_BOTH: Readonly<Record<string, "nothing" | "cpu_hotplug_lock">> = {
  "linux-3.12": "nothing",
  "linux-6.1": "cpu_hotplug_lock",
};

const NOT_LEAKED: Rule = {
  id: "zsmalloc/area-leaked",
  sentence: "Each buffer that was allocated for a CPU is that CPU's.",
  source: "__zs_cpu_up, mm/zsmalloc.c",
};

/** A CPU's area for mapping, and the buffers that were allocated. */
interface Area {
  readonly lock: Lock;
  buffer: number | undefined;
  allocated: number;
}

const UP = "__zs_cpu_up, mm/zsmalloc.c";
const AREA = "area->vm_buf";

/** Looks whether the CPU has a buffer, allocates one, and sets it. */
const prepare = (text: string, isLocked: boolean): RaceOperation<Area> => ({
  text,
  *begin(area): Generator<Stop, void> {
    if (isLocked) yield acquire(area.lock, text);
    yield reads(AREA, UP);
    if (area.buffer === undefined) {
      // The allocation may sleep.
      const buffer = ++area.allocated;
      yield writes(AREA, UP);
      area.buffer = buffer;
    }
    if (isLocked) yield release(area.lock, text);
  },
});

/** Both calls, from two CPUs or one after the other. */
function trialOf(isLocked: boolean, isOneThread: boolean): RaceTrial<Area> {
  const notified = prepare("CPU_UP_PREPARE", isLocked);
  const init = prepare("zs_init", isLocked);
  return {
    threads: isOneThread ? [[notified, init]] : [[notified], [init]],
    create: () => ({
      lock: createLock("cpu_hotplug_lock", "mutex"),
      buffer: undefined,
      allocated: 0,
    }),
    atRest({ allocated }) {
      if (allocated === 1) return allocated;
      throw new InvariantError(NOT_LEAKED, {
        where: "the area",
        expected: "1 buffer allocated",
        found: allocated,
      });
    },
  };
}

interface Found {
  readonly held: "nothing" | "cpu_hotplug_lock";
  readonly inTurn: Overlap;
  readonly atOnce: Overlap;
  readonly locked: Overlap;
}

function heldIn({ release: { name } }: Profile): Found["held"] {
  if (Object.hasOwn(HELD_BY_BOTH, name)) return HELD_BY_BOTH[name];
  throw new RangeError(
    `Cannot prepare a CPU's buffer: what ${name} holds then is not known`,
  );
}

function run({ profile, sizes: { preemptions } }: Given<"preemptions">): Found {
  return {
    held: heldIn(profile),
    inTurn: overlap("one after the other", trialOf(false, true), preemptions),
    atOnce: overlap("at once", trialOf(false, false), preemptions),
    locked: overlap(
      "at once, both with the hotplug lock",
      trialOf(true, false),
      preemptions,
    ),
  };
}

/** The experiment. */
export const CPU_BUFFERS = experiment<"preemptions", Found>({
  name: "cpu-buffers",
  theme: "locks",
  method:
    "A CPU comes up while zs_init goes over the CPUs: both look whether the CPU has a buffer, allocate one and set it, one after the other, at once, and at once with the lock of CPU hotplug.",
  sizes: { preemptions: preemptionsSize(3) },
  kernels: [LINUX_3_12, LINUX_6_1],
  run,
  figures: ({ inTurn, atOnce, locked }) => [
    overlapFigures("Both prepare the same CPU's buffer", [
      inTurn,
      atOnce,
      locked,
    ]),
  ],
  claims: [
    {
      name: "cpu-up-and-init-do-not-leak",
      says:
        "A CPU that comes up while zs_init runs, so that both prepare its buffer, leaks nothing.",
      who: "Nitin Gupta, source comment of 2013",
      passages: [{ thread: "002", at: "lines 2102-2107" }],
      decide({ held, inTurn, atOnce, locked }) {
        if (held !== "nothing") {
          return holds(
            isSound(locked),
            `both hold ${held}: ${toldOf(locked)}`,
          );
        }
        const evidence = `in turn ${toldOf(inTurn)}; at once ${toldOf(atOnce)}`;
        return isSound(inTurn, atOnce)
          ? holds(true, evidence)
          : holdsIf(isSound(inTurn), "one comes after the other", evidence);
      },
    },
  ],
});
