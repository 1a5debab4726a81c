/** Judging the model of zsmalloc by a second one that shares nothing with it. */
import type { Profile } from "../../../linux/profile.ts";
import { objectBytes } from "../../../programs/zsmalloc/object_bytes.ts";
import type {
  Compaction,
  Turn,
  Unmapped,
  ZsmallocResults,
  ZsmallocSteps,
} from "../../../programs/zsmalloc/steps.ts";
import type { Rule } from "../../../rules/invariant.ts";
import type { Reach } from "../../../rules/reach.ts";
import { isRefusal, type Refusal } from "../../../targets/target.ts";
import {
  Disagreement,
  expectBytes,
  expectSame,
  type Judge,
  judging,
} from "../../judge.ts";
import { givenBy } from "../contract.ts";
import type { LiveObjects } from "../live_objects.ts";
import { expectedClasses, shownClasses } from "./classes_table.ts";
import { NaiveMapped } from "./mapped.ts";
import { NaivePool } from "./pool.ts";
import { ZSMALLOC_NAIVE as RULES } from "./rules.ts";

/** The byte that fills a new object's first word. */
const POISON_INUSE = 0x5a;

const MISUSES: Readonly<Record<ZsmallocSteps["misuse"]["what"], string>> = {
  "free-again": "names no object",
  "unmap-again": "not mapped here",
  "write-beyond": "holds",
};

/**
 * A judge with a second model. The contract's judge, which is asked before it,
 * keeps in `live` what objects hold, but for what is written where they are
 * mapped.
 */
export function zsmallocNaive(
  profile: Profile,
  live: LiveObjects,
  reach: Reach,
): Judge<ZsmallocSteps, ZsmallocResults> {
  const { pageSize, wordBits, chainSize } = profile;
  let pool = new NaivePool(profile, { pageSize, wordBits, chainSize });
  let mapped = new NaiveMapped(pool, live, false);

  /** Holds a number or text against the second model's. */
  const expect = (
    rule: Rule,
    expected: unknown,
    found: unknown,
    isExercised: boolean,
  ) => {
    expectSame(rule, expected, found);
    if (isExercised) reach.count(rule);
  };
  const resultOf = <Result>(rule: Rule, answer: Result | Refusal): Result => {
    if (!isRefusal(answer)) return answer;
    throw new Disagreement(rule, "no error", answer);
  };
  const expectMisuse = (rule: Rule, words: string, misuse?: string) => {
    if (misuse?.includes(words)) reach.count(rule);
    else throw new Disagreement(rule, `… ${words} …`, misuse ?? "no error");
  };
  /** Holds what a mapping shows against what is known of it. */
  const expectShown = (mapping: number, data: Uint8Array) => {
    const shown = mapped.shown(mapping);
    expectBytes(RULES.mapped, shown, data.subarray(0, shown.length));
    if (shown.length > 0) reach.count(RULES.mapped);
  };
  const compact = (
    { pagesFreed, objectsMoved, unmapped = [] }: Compaction,
    unlocked: () => void,
  ) => {
    const movedBefore = pool.objectsMoved;
    const waits: Unmapped[] = [...unmapped];
    const freed = pool.compact({
      stays: (object) => mapped.stays(object),
      isLocked: (zspage) => mapped.isLocked(zspage),
      wait() {
        const { oldest } = mapped;
        const ended = waits.shift();
        expect(RULES.waits, oldest, ended?.mapping, true);
        if (ended === undefined) return;
        expectShown(ended.mapping, ended.data);
        mapped.unmap(ended.mapping);
      },
      unlocked,
    });
    expect(RULES.waits, undefined, waits[0]?.mapping, false);
    expect(RULES.compaction, freed, pagesFreed, freed > 0);
    const moved = pool.objectsMoved - movedBefore;
    expect(RULES.moved, moved, objectsMoved, moved > 0);
  };
  /** What is done at one turn while a compaction has dropped its lock. */
  const turnOf = (
    { size, object, frees }: ZsmallocSteps["compact_around"],
    turn: number,
  ): Omit<Turn, "handle"> => {
    const nth = turn >> 1;
    if (turn % 2 === 1) {
      const goes = frees[nth];
      if (!pool.places.has(goes) || mapped.has(goes)) return { nothing: true };
      pool.free(goes);
      return { gone: goes };
    }
    if (pool.places.has(object + nth)) return { nothing: true };
    const refused = pool.malloc(size, object + nth);
    return refused === undefined ? { came: object + nth } : { refused };
  };

  return {
    after: judging<ZsmallocSteps, ZsmallocResults>({
      create(step) {
        pool = new NaivePool(profile, step);
        mapped = new NaiveMapped(pool, live, hasFramesMapped(profile, step));
      },
      malloc({ size, object, count = 1 }, answer) {
        const { handles, refused } = givenBy(answer);
        let expected: string | undefined;
        let came = 0;
        for (; came < count && expected === undefined; came++) {
          expected = pool.malloc(size, object + came);
        }
        expect(RULES.refusals, expected, refused, expected !== undefined);
        const given = expected === undefined ? came : came - 1;
        expect(RULES.refusals, given, handles.length, false);
      },
      free({ object }, answer) {
        const named = typeof object === "number" ? [object] : object;
        const expected: number[] = [];
        for (const name of named) {
          if (!pool.places.has(name)) continue;
          if (mapped.has(name)) expected.push(name);
          else pool.free(name);
        }
        const kept = resultOf(RULES.kept, answer)?.kept ?? [];
        expect(RULES.kept, expected.join(), kept.join(), expected.length > 0);
      },
      read({ object }, answer) {
        const { data } = resultOf(RULES.poison, answer);
        const there = live.get(object);
        if (pool.facts.hasCells || there === undefined) return;
        if (there.isWritten) return;
        const word = data.subarray(0, pool.wordBytes);
        const poison = new Uint8Array(word.length).fill(POISON_INUSE);
        expectBytes(RULES.poison, poison, word);
        reach.count(RULES.poison);
      },
      compact(_step, answer) {
        compact(resultOf(RULES.compaction, answer), () => {});
      },
      compact_around(step, answer) {
        const { turns, ...done } = resultOf(RULES.turns, answer);
        let turn = 0;
        compact(done, () => {
          const found = turns.at(turn);
          const { handle: _, ...plain } = { handle: 0, ...found };
          expect(RULES.turns, turnOf(step, turn), plain, true);
          turn++;
        });
        expect(RULES.turns, turn, turns.length, false);
      },
      shrink(_step, answer) {
        const found = resultOf(RULES.shrinker, answer);
        const { facts: { shrinks }, freeable } = pool;
        const movedBefore = pool.objectsMoved;
        const freed = shrinks ? pool.compact(UNDISTURBED) : 0;
        expect(
          RULES.shrinker,
          {
            count: shrinks ? freeable : 0,
            scanned: freed === 0 ? "stop" : freed,
            left: shrinks ? pool.freeable : 0,
            objectsMoved: pool.objectsMoved - movedBefore,
          },
          found,
          freed > 0,
        );
      },
      stats(_step, answer) {
        const found = resultOf(RULES.pages, answer);
        const { frames: { used }, pagesCompacted } = pool;
        expect(RULES.pages, used, found.totalPages, used > 0);
        const isExercised = pagesCompacted > 0;
        const counted = found.pagesCompacted;
        expect(RULES.pagesCompacted, pagesCompacted, counted, isExercised);
      },
      classes(_step, answer) {
        const { value } = resultOf(RULES.classes, answer);
        if (pool.facts.classes === "none") {
          expect(RULES.classes, undefined, value, false);
          return;
        }
        const expected = expectedClasses(pool);
        const shown = shownClasses(value ?? "");
        for (const [nth, line] of expected.entries()) {
          expect(RULES.classes, line, shown[nth], false);
        }
        expect(RULES.classes, expected.length, shown.length, live.count > 0);
      },
      fail({ what, after }) {
        pool.frames.fail(what, after);
      },
      map({ mapping, object, mode, cpu }, answer) {
        const found = resultOf(RULES.mapping, answer);
        const whyNot = mapped.whyNot(object, mode, cpu);
        if (whyNot !== undefined) {
          const misuse = "misuse" in found ? found.misuse : undefined;
          return expectMisuse(RULES.mapping, whyNot, misuse);
        }
        if ("misuse" in found) {
          throw new Disagreement(RULES.mapping, "a mapping", found);
        }
        mapped.map(mapping, object, mode, cpu);
        expectShown(mapping, found.data);
      },
      write_mapped({ mapping, data }, answer) {
        const found = resultOf(RULES.mapped, answer);
        const size = live.get(mapped.objectOf(mapping))?.size ?? 0;
        const bytes = objectBytes(data, 0, new Uint8Array(size));
        if (!mapped.write(mapping, bytes)) {
          const misuse = "misuse" in found ? found.misuse : undefined;
          return expectMisuse(RULES.mapping, "to read", misuse);
        }
        if ("misuse" in found) {
          throw new Disagreement(RULES.mapping, "written", found);
        }
        expectShown(mapping, found.data);
      },
      unmap({ mapping }, answer) {
        expectShown(mapping, resultOf(RULES.mapped, answer).data);
        mapped.unmap(mapping);
      },
      migrate({ object }, answer) {
        const zspage = pool.places.get(object)?.zspage;
        const isLocked = zspage !== undefined && mapped.isLocked(zspage);
        const expected = migrationOf(pool, isLocked);
        if (expected === "waits") {
          const misuse = answer && "misuse" in answer
            ? answer.misuse
            : undefined;
          return expectMisuse(RULES.migration, "mapped object", misuse);
        }
        const found = answer === undefined
          ? "done"
          : isRefusal(answer)
          ? answer.error
          : answer.misuse;
        expect(RULES.migration, expected, found, true);
      },
      misuse({ what }, answer) {
        const { misuse } = resultOf(RULES.misuse, answer);
        expectMisuse(RULES.misuse, MISUSES[what], misuse);
      },
      destroy(_step, answer) {
        const { leaked } = resultOf(RULES.leaked, answer);
        const expected = pool.placements.filter(({ zspages }) => zspages > 0)
          .map(({ sizeClass: { size }, zspages, used }) => ({
            size,
            zspages,
            objects: used,
          }));
        expect(RULES.leaked, expected, leaked, expected.length > 0);
      },
    }),
  };
}

/** Whether a pool maps frames side by side, where it could copy. */
function hasFramesMapped(
  profile: Profile,
  { mapping }: ZsmallocSteps["create"],
): boolean {
  return mapping === "page-table" || profile.mapping === "page-table";
}

/** Nothing is mapped, and nobody runs meanwhile. */
const UNDISTURBED = {
  stays: () => false,
  isLocked: () => false,
  wait() {},
  unlocked() {},
};

/** What becomes of a frame that is to be replaced. */
function migrationOf(pool: NaivePool, isLocked: boolean): string {
  const { movesFrames, mapped } = pool.facts;
  if (!movesFrames) return "EBUSY";
  if (isLocked) return mapped === "passed-over" ? "EINVAL" : "waits";
  return pool.replaceFrame() ? "done" : "ENOMEM";
}
