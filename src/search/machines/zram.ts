/** The machine of zram: a device of any kernel under all its judges. */
import { kernelAsked } from "../../programs/kernel.ts";
import { describedProfile } from "../../linux/description.ts";
import {
  LINUX_6_1,
  LINUX_6_17,
  LINUX_6_18_FULL,
  LINUX_7_3,
  type Profile,
  PROFILES,
} from "../../linux/profile.ts";
import {
  contractRules,
  ZRAM_CONTRACT_RULES,
} from "../../judges/zram/contract.ts";
import {
  pageAllocJudge,
  poolPageAllocRules,
} from "../../judges/page_alloc/invariants_judge.ts";
import { canFollow, onlyAsked } from "../../judges/zram/followed.ts";
import { zramInvariants } from "../../judges/zram/invariants.ts";
import { sayingBugs } from "../../judges/zram/kernel_bugs.ts";
import { ledgerJudge } from "../../judges/zram/ledger_judge.ts";
import { codecLengths, statedLengths } from "../../judges/lengths.ts";
import { naiveRules, ZRAM_NAIVE_RULES } from "../../judges/zram/naive.ts";
import { allQuestions } from "../../judges/zram/questions.ts";
import { ZRAM_LANGUAGE } from "../../programs/zram/language.ts";
import { ExpandedPages } from "../../programs/expanded.ts";
import type { ZramStep } from "../../programs/zram/steps.ts";
import { choosableAlgorithms, zramCodecs } from "../../targets/zram/device.ts";
import { ZramModel, zramModelTarget } from "../../targets/zram/model.ts";
import { ZRAM_INVARIANTS } from "../../zram/invariants.ts";
import type { Machine } from "../machine.ts";
import { trialOf } from "../trial.ts";

/** Kernels whose recompression, alone or with writeback, is not that of others. */
const RECOMPRESSING = [
  "linux-6.12",
  "linux-6.12",
  "linux-6.12",
  "linux-6.19",
  "linux-7.0",
  "linux-7.1",
  "linux-7.2",
  "linux-7.3",
  "linux-7.3",
].map((release) =>
  describedProfile(
    `${release},recompression=yes,algorithms=lzo-rle:lzo:lz4:zstd:deflate`,
  )
);

/** A device of any kernel under its invariants, the ledger and the contract. */
export const zramMachine: Machine<ZramStep> = {
  name: "zram",
  sentence:
    "A device of any kernel holds, counts and shows what was written to it, through requests, limits, faults, writeback, recompression and resets.",
  language: ZRAM_LANGUAGE,
  scope: {
    // What writes back page by page, and what recompresses, does more.
    profiles: [
      ...PROFILES,
      ...Array<Profile>(3).fill(LINUX_6_1),
      ...Array<Profile>(6).fill(LINUX_6_18_FULL),
      ...Array<Profile>(3).fill(LINUX_7_3),
      ...RECOMPRESSING,
      // Those that bugs of their own stop.
      ...Array<Profile>(4).fill(LINUX_6_17),
      // Of Debian's kernels those since 6.12 have no lzo.
      ...Array<Profile>(4).fill(
        describedProfile("linux-6.18,algorithms=lzo-rle:lzo"),
      ),
    ],
    anyGeometry: true,
    anySurroundings: true,
    oddTexts: true,
    ops: new Set(ZRAM_LANGUAGE.ops),
    maxSteps: 2000,
  },
  rules: [
    ...ZRAM_INVARIANTS,
    ...poolPageAllocRules(PROFILES),
    ...ZRAM_NAIVE_RULES,
    ...ZRAM_CONTRACT_RULES,
  ],
  trial(profile, reach) {
    const pages = new ExpandedPages();
    const model = new ZramModel(profile);
    const judge = ledgerJudge({
      setupOf: (create) => ({
        profile: kernelAsked(profile, create),
        create,
        lengthOf: create.codecs === "stated"
          ? statedLengths(choosableAlgorithms(profile))
          : codecLengths(zramCodecs(profile, create.codecs)),
        isLinux: true,
        pages,
      }),
      rules: [...contractRules({ reach, isModel: true }), naiveRules(reach)],
      questions: allQuestions(),
    });
    const target = onlyAsked(
      sayingBugs(zramModelTarget(model, pages), () => judge.ledger, reach),
      (step) => step.op === "create" || canFollow(judge.ledger, step),
    );
    return trialOf(target, [
      pageAllocJudge(() => model.zram.memory, reach, true),
      zramInvariants(() => model.zram, reach),
      judge,
    ]);
  },
};
