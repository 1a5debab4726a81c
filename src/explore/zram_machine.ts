/** The state machine of zram: a device beside an array of pages. */
import {
  ZRAM_3_12,
  ZRAM_4_0,
  ZRAM_6_1,
  ZRAM_6_18,
  ZRAM_6_18_FULL,
  type ZramProfile,
} from "../linux/zram_profile.ts";
import { Memory } from "../memory/memory.ts";
import { RamBackingDevice } from "../zram/backing.ts";
import { Zram } from "../zram/device.ts";
import { limitsBefore } from "../zram/limit_invariants.ts";
import type { Arbitrary, FastCheck } from "../programs/fast_check.ts";
import type { Machine } from "./machine.ts";
import {
  chosenProfile,
  type ProfileChoice,
  profileChoices,
} from "../programs/kernels.ts";
import { plain, runSteps, type StepOf } from "./steps.ts";
import {
  ADDED_CODECS,
  naiveZram,
  type Setup,
  type ZramSetup,
} from "./zram_model.ts";
import { DISK_PAGES, zramSteps } from "./zram_programs.ts";
import {
  check,
  initialise,
  ZRAM_STEPS,
  type ZramState,
  type ZramSteps,
} from "./zram_steps.ts";

/** A release of the block device; `6.18-full` has all that can be configured. */
export type ZramRelease = "3.12" | "4.0" | "6.1" | "6.18" | "6.18-full";

const ZRAM_PROFILES: Readonly<Record<ZramRelease, ZramProfile>> = {
  "3.12": ZRAM_3_12,
  "4.0": ZRAM_4_0,
  "6.1": ZRAM_6_1,
  "6.18": ZRAM_6_18,
  "6.18-full": ZRAM_6_18_FULL,
};

/** A program of {@linkcode zramMachine}: a JSON value. */
export interface ZramProgram extends ZramSetup {
  /** The kernel below the block device. */
  readonly profile: ProfileChoice;
  /** The block device. */
  readonly zram: ZramRelease;
  /** Whether most pages are written before the first step. */
  readonly filled: boolean;
  /** The operations, run one after another. */
  readonly steps: readonly StepOf<ZramSteps>[];
}

/** A device of any kernel holds and counts what an array of pages does. */
export const zramMachine: Machine<ZramProgram> = {
  name: "zram",
  sentence:
    "A device of any kernel holds and counts what an array of pages does, through requests, limits, writeback, recompression and resets.",
  programs,
  run(program) {
    const state = makeState(program);
    initialise(state);
    if (program.filled) fill(state);
    runSteps(ZRAM_STEPS, state, program.steps, check);
  },
};

function makeState({ profile, zram: release, ...program }: ZramProgram) {
  const setup: Setup = {
    ...program,
    profile: { ...chosenProfile(profile), zram: ZRAM_PROFILES[release] },
    diskPages: DISK_PAGES,
  };
  const { pageSize } = setup.profile;
  const device = new RamBackingDevice(setup.backingPages, pageSize, {
    failRequest: (kind, block) =>
      (kind === "read" ? setup.badReads : setup.badWrites).includes(block),
  });
  const naive = naiveZram(setup);
  const zram = new Zram(setup.profile, {
    codecs: ADDED_CODECS,
    memory: new Memory({ pageSize, maxPages: setup.scarce ? 10 : 10_000 }),
    backingDevices: new Map([["/dev/loop0", device]]),
    now: () => naive.clock,
  });
  return { naive, zram, before: limitsBefore(zram) };
}

/** Writes most pages, for something to be there. */
function fill(state: ZramState): void {
  const { pageSize } = state.zram.profile;
  for (let page = 0; page < DISK_PAGES; page += 1 + page % 3) {
    ZRAM_STEPS.write(state, {
      op: "write",
      sector: page * pageSize / 512,
      bytes: pageSize,
      contents: {
        kind: "symbols",
        symbols: [1, 4, 16, 16, 180, 256][page % 6],
        seed: page,
      },
    });
  }
}

/** Random programs, the later releases more often: they do more. */
function programs(fc: FastCheck): Arbitrary<ZramProgram> {
  const badBlocks = fc.uniqueArray(fc.integer({ min: 1, max: 8 }), {
    maxLength: 2,
  });
  return plain(fc, {
    profile: profileChoices(fc),
    zram: fc.constantFrom<ZramRelease[]>(
      "3.12",
      "4.0",
      "6.1",
      "6.1",
      "6.18",
      "6.18-full",
      "6.18-full",
      "6.18-full",
    ),
    recompressors: fc.constantFrom(
      ["zstd", null, null],
      ["lzo", "deflate", null],
      [null, "zstd", null],
    ),
    backingPages: fc.constantFrom(0, 1, 4, 9, 64),
    badWrites: badBlocks,
    badReads: badBlocks,
    scarce: fc.constantFrom(false, false, false, true),
    filled: fc.constantFrom(false, true, true, true, true, true),
    steps: zramSteps(fc),
  }).map(({ zram, badReads, recompressors, steps, ...program }) => {
    const { pageSize } = program.profile;
    return {
      ...program,
      zram,
      // 6.1 goes on at the place of a part of a page that could not be read.
      badReads: zram === "6.1" && pageSize > 4096 ? [] : badReads,
      recompressors: ZRAM_PROFILES[zram].multiComp ? recompressors : [],
      steps: steps.map((place) => place(pageSize)),
    };
  });
}
