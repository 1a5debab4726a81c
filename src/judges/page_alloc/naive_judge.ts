/** The judge that holds the buddy allocator of pages against its second model. */
import type { Profile } from "../../linux/profile.ts";
import type {
  PageAllocResults,
  PageAllocShown,
  PageAllocSteps,
} from "../../programs/page_alloc/steps.ts";
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import type { Refusal } from "../../targets/target.ts";
import {
  expecting,
  expectRefusal,
  expectSame,
  type Judge,
  judging,
  resultOf,
} from "../judge.ts";
import { NaivePages, type NaiveTaken } from "./naive.ts";
import {
  judgeCompacted,
  judgeEnd,
  judgeMoves,
  judgeWatermark,
} from "./naive_compaction.ts";
import { PAGE_ALLOC_NAIVE } from "./rules.ts";

const RULES = PAGE_ALLOC_NAIVE;

/** The rule about whose blocks an allocation has. */
const TAKEN: Readonly<Record<NaiveTaken["from"], Rule>> = {
  own: RULES.ownType,
  cma: RULES.cma,
  other: RULES.fallback,
  reserve: RULES.reserve,
};

/** A compaction of which the free lists were not seen yet. */
interface Unseen {
  readonly step: PageAllocSteps["compact"];
  readonly answer: PageAllocResults["compact"];
  readonly free: ReadonlySet<number>;
}

/**
 * Judges every answer by a second model, made anew with each `create`, and asks
 * after each step for all that is to be seen. Where a compaction moves pages to
 * is judged by what must hold; the second model goes on from what is seen then.
 */
export function naivePageAllocJudge(
  profile: Profile,
  reach: Reach,
): Judge<PageAllocSteps, PageAllocResults> {
  let naive: NaivePages | undefined;
  let unseen: Unseen | undefined;
  const expect = expecting(reach);

  const pages = (): NaivePages => {
    if (naive === undefined) throw new Error("There is no memory yet");
    return naive;
  };
  const objectOf = (object: number) => {
    const known = pages().objects.get(object);
    if (known === undefined) throw new Error(`There is no object ${object}`);
    return known;
  };

  function judgeAlloc(
    { object, order, gfp }: PageAllocSteps["alloc"],
    answer: PageAllocResults["alloc"] | Refusal,
  ): void {
    const taken = pages().alloc(order, gfp);
    if (taken === undefined) {
      expectRefusal(RULES.refusal, answer, ["ENOMEM"]);
      return reach.count(RULES.refusal);
    }
    const { pfn } = resultOf(RULES.refusal, answer);
    const rule = TAKEN[taken.from];
    if (pfn !== taken.pfn) {
      const { start, end } = taken.zone;
      const isInZone = pfn >= start && pfn < end;
      expectSame(isInZone ? rule : RULES.zoneOrder, taken.pfn, pfn);
    }
    reach.count(rule);
    if (taken.isLower) reach.count(RULES.zoneOrder);
    const isMovable = order === 0 && (gfp === "movable" || gfp === "user");
    pages().objects.set(object, { pfn, order, isMovable, refuses: false });
  }

  function judgeShown(shown: PageAllocShown): void {
    if (unseen !== undefined) judgeUnseen(unseen, shown);
    unseen = undefined;
    const expected = pages().shown();
    expect(RULES.blockTypes, expected.blockTypes, shown.blockTypes);
    expect(RULES.lists, expected.lists, shown.lists);
    expectSame(RULES.lists, expected.zones, shown.zones);
  }

  function judgeUnseen({ step, answer, free }: Unseen, shown: PageAllocShown) {
    judgeCompacted(pages(), step.zone, shown, free);
    reach.count(RULES.compactFrames);
    const zone = pages().zones[step.zone];
    if (judgeEnd(pages(), zone, step, answer)) reach.count(RULES.compactEnds);
  }

  return {
    questions: (step) => step.op === "show" ? [] : [{ op: "show" }],
    closing: () =>
      [...naive?.objects.keys() ?? []].map((object) => ({
        op: "read",
        object,
      })),
    after: judging<PageAllocSteps, PageAllocResults>({
      create(step) {
        naive = new NaivePages(profile, step);
        unseen = undefined;
      },
      alloc: judgeAlloc,
      free({ object }) {
        const hasMet = pages().free(objectOf(object));
        pages().objects.delete(object);
        if (hasMet) reach.count(RULES.merging);
      },
      pin({ object }) {
        objectOf(object).refuses = true;
      },
      unpin({ object }) {
        objectOf(object).refuses = false;
      },
      read({ object }, answer) {
        const { pfn } = objectOf(object);
        const expected = { pfn, numbers: [object] };
        expect(RULES.bytes, expected, resultOf(RULES.bytes, answer));
      },
      compact(step, answer) {
        const compacted = resultOf(RULES.compactEnds, answer);
        const { isolated, failed } = compacted;
        expect(RULES.compactPutback, 0, isolated, failed > 0);
        const zone = pages().zones[step.zone];
        if (judgeWatermark(zone, compacted)) {
          reach.count(RULES.compactWatermark);
        }
        const free = judgeMoves(pages(), zone, compacted);
        reach.count(RULES.compactUp, compacted.moved.length);
        unseen = { step, answer: compacted, free };
      },
      show: (_, answer) => judgeShown(resultOf(RULES.lists, answer)),
    }),
  };
}
