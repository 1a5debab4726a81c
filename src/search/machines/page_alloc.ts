/** The machine of the buddy allocator of pages. */
import {
  LINUX_3_12,
  LINUX_4_0,
  LINUX_5_10,
  LINUX_6_1,
  type Profile,
  PROFILES,
} from "../../linux/profile.ts";
import { pageAllocJudge } from "../../judges/page_alloc/invariants_judge.ts";
import { naivePageAllocJudge } from "../../judges/page_alloc/naive_judge.ts";
import { PAGE_ALLOC_NAIVE } from "../../judges/page_alloc/rules.ts";
import { PAGE_ALLOC_INVARIANTS } from "../../memory/page_alloc_invariants.ts";
import { PAGE_ALLOC_LANGUAGE } from "../../programs/page_alloc/language.ts";
import type { PageAllocStep } from "../../programs/page_alloc/steps.ts";
import { modelPageAlloc } from "../../targets/page_alloc/model.ts";
import type { Machine } from "../machine.ts";
import { trialOf } from "../trial.ts";

/** Pages are had of the list, the pageblock and the zone that the kernel has them of. */
export const pageAllocMachine: Machine<PageAllocStep> = {
  name: "page_alloc",
  sentence:
    "The buddy allocator has each block of the zone, the list and the pageblock that it must, merges what it can, and compaction moves pages up.",
  language: PAGE_ALLOC_LANGUAGE,
  scope: {
    // Since 6.12 they all do the same.
    profiles: [
      ...PROFILES,
      ...Array<Profile[]>(3).fill([LINUX_3_12, LINUX_4_0]).flat(),
      ...[LINUX_5_10, LINUX_6_1],
    ],
    anyGeometry: true,
    ops: new Set(PAGE_ALLOC_LANGUAGE.ops.filter((op) => op !== "show")),
    maxSteps: 600,
  },
  rules: [...PAGE_ALLOC_INVARIANTS, ...Object.values(PAGE_ALLOC_NAIVE)],
  trial(profile, reach) {
    const target = modelPageAlloc(profile);
    return trialOf(target, [
      pageAllocJudge(() => target.memory, reach),
      naivePageAllocJudge(profile, reach),
    ]);
  },
};
