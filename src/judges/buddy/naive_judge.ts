/** The judge that holds zbud and z3fold against their second models. */
import { GFP_KERNEL } from "../../linux/gfp.ts";
import { kernelAsked } from "../../programs/kernel.ts";
import { mostFrames } from "../../programs/zones.ts";
import type { Profile } from "../../linux/profile.ts";
import {
  type BuddyCounts,
  type BuddyResults,
  type BuddyStep,
  type BuddySteps,
  objectBytes,
} from "../../programs/buddy/steps.ts";
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import { BUG } from "../../targets/step_target.ts";
import type { Refusal } from "../../targets/target.ts";
import {
  expectBytes,
  expectFields,
  expecting,
  expectRefusal,
  expectSame,
  type Judge,
  judging,
  resultOf,
} from "../judge.ts";
import { nowAndThen } from "../now_and_then.ts";
import type { NaiveBuddy, NaiveMalloc, NaiveSetup } from "./naive.ts";
import type { NaiveObject } from "./naive_pages.ts";
import type { BuddyRules } from "./rules.ts";

type Answer<Op extends keyof BuddyResults> = BuddyResults[Op] | Refusal;

/** Steps after which everything is looked at, where there are few objects. */
const WHOLE_EACH = 64;

/**
 * Judges every answer by a second model, made anew with each `create`. After a
 * step it asks where the objects are that the step may have moved; now and then
 * where all are, and for the order of pages.
 */
export function naiveBuddyJudge(
  rules: BuddyRules,
  makeNaive: (setup: NaiveSetup) => NaiveBuddy,
  profile: Profile,
  reach: Reach,
): Judge<BuddySteps, BuddyResults> {
  let naive = makeNaive(setupOf(profile, {}));
  const isDue = nowAndThen();

  const expect = expecting(reach);
  const objectOf = (object: number): NaiveObject => {
    const known = naive.objects.get(object);
    if (known === undefined) throw new Error(`There is no object ${object}`);
    return known;
  };

  function judgeCounts(found: BuddyCounts): void {
    const { pages, slots } = naive;
    expectFields(rules.counts, { pages, frames: pages, slots }, found);
    if (pages > 0) reach.count(rules.counts);
  }

  function judgeMalloc(expected: NaiveMalloc, answer: Answer<"malloc">): void {
    if ("error" in expected) {
      const isStopped = expected.error === BUG;
      const rule = isStopped ? rules.bug ?? rules.refusal : rules.refusal;
      expectRefusal(rule, answer, [expected.error]);
      if (isStopped) naive.stop();
      return reach.count(rule);
    }
    const { made, hadChoice } = expected;
    const found = resultOf(rules.refusal, answer);
    // A new page's frame is any that no other page has.
    if (made.page.pfn < 0) made.page.pfn = found.pfn;
    expect(rules.bestFit, made.page.pfn, found.pfn, hadChoice);
    expect(rules.whichBuddy, made.buddy, found.buddy);
    expect(rules.offset, naive.offsetOf(made), found.offset);
    made.handle = naive.handleOf(made, found.handle);
    expect(rules.handle, made.handle, found.handle);
    judgeCounts(found);
  }

  function judgeBytes(
    rule: Rule,
    { object, size, data }: NaiveObject,
    answer: Answer<"read">,
  ): void {
    const bytes = objectBytes(object, size, data);
    expectBytes(rule, bytes, resultOf(rule, answer).data);
    reach.count(rule);
  }

  const after = judging<BuddySteps, BuddyResults>({
    create(setup, answer) {
      naive = makeNaive(setupOf(profile, setup));
      judgeCounts(resultOf(rules.counts, answer));
    },
    malloc: (step, answer) => judgeMalloc(naive.malloc(step), answer),
    free({ object, later }, answer) {
      naive.free(objectOf(object), later ?? false);
      judgeCounts(resultOf(rules.counts, answer));
    },
    work(_step, answer) {
      naive.work();
      judgeCounts(resultOf(rules.counts, answer));
    },
    write({ object, data }) {
      const written = objectOf(object);
      written.data = data;
      naive.used(written);
    },
    read({ object }, answer) {
      const read = objectOf(object);
      naive.used(read);
      judgeBytes(rules.bytes, read, answer);
    },
    map: ({ object }) => naive.map(objectOf(object)),
    unmap({ object }, answer) {
      const mapped = objectOf(object);
      naive.unmap(mapped);
      judgeBytes(rules.mapped, mapped, answer);
    },
    reclaim(step, answer) {
      const expected = naive.reclaim(step);
      const found = resultOf(rules.reclaim, answer);
      const { outcome, asked } = found;
      expect(rules.reclaim, expected, { outcome, asked });
      judgeCounts(found);
    },
    fail: (step) => naive.fail(step),
    where({ object }, answer) {
      const rule = rules.compaction ?? rules.offset;
      const found = resultOf(rule, answer);
      const known = objectOf(object);
      const { page: { pfn }, buddy, handle } = known;
      const offset = naive.offsetOf(known);
      expectFields(rule, { pfn, buddy, offset }, found);
      expect(rules.handle, handle, found.handle);
    },
    order(_step, answer) {
      const { pages } = resultOf(rules.order, answer);
      const expected = [...naive.oldestFirst()].map(({ pfn }) => pfn);
      expect(rules.order, expected, pages, pages.length > 1);
    },
  });

  /** Where every object is, and the order of the pages. */
  const whole = (): BuddyStep[] => [
    ...naive.objects.values().map(stepOn("where")),
    { op: "order" },
  ];

  return {
    after(step, answer) {
      const moves = naive.moves;
      after(step, answer);
      if (rules.compaction !== undefined && naive.moves > moves) {
        reach.count(rules.compaction, naive.moves - moves);
      }
    },
    questions() {
      if (isDue(Math.max(WHOLE_EACH, naive.objects.size / 4))) return whole();
      return [...naive.touched].flatMap((page) =>
        [...page.objects.values()].map(stepOn("where"))
      );
    },
    closing() {
      const objects = [...naive.objects.values()];
      return [
        ...whole(),
        ...objects.filter(({ isMapped }) => isMapped).map(stepOn("unmap")),
        ...objects.map(stepOn("read")),
        ...objects.map(stepOn("free")),
        { op: "work" },
      ];
    },
    end() {
      expectSame(rules.counts, 0, naive.pages);
    },
  };
}

function stepOn(
  op: "where" | "unmap" | "read" | "free",
): (one: NaiveObject) => BuddyStep {
  return ({ object }) => ({ op, object });
}

/** What a second model is made for, of a profile and what `create` asks. */
function setupOf(
  profile: Profile,
  create: BuddySteps["create"],
): NaiveSetup {
  const { pageSize, wordBits, release } = kernelAsked(profile, create);
  const maxPages = mostFrames(create, GFP_KERNEL) ?? Infinity;
  return { pageSize, wordBits, maxPages, release: release.name };
}
