/** Judging the model of zsmalloc by a second one that shares nothing with it. */
import type { Profile } from "../../../linux/profile.ts";
import type {
  ZsmallocCreate,
  ZsmallocResults,
  ZsmallocSteps,
} from "../../../programs/zsmalloc/steps.ts";
import type { Reach } from "../../../rules/reach.ts";
import { type Judge, resultOf } from "../../judge.ts";
import { givenBy } from "../contract.ts";
import type { LiveObjects } from "../live_objects.ts";
import { expectedClasses, shownClasses } from "./classes_table.ts";
import { type Judged, NaiveState, type NaiveTable } from "./expect.ts";
import {
  judgeCompaction,
  judgeShrink,
  judgeTurns,
} from "./judge_compaction.ts";
import { HOLDS } from "./judge_holds.ts";
import { MAPPINGS } from "./judge_mapping.ts";
import { NaivePool } from "./pool.ts";
import { ZSMALLOC_NAIVE as RULES } from "./rules.ts";

/** The byte that fills a new object's first word. */
const POISON_INUSE = 0x5a;

const MISUSES: Readonly<Record<ZsmallocSteps["misuse"]["what"], string>> = {
  "free-again": "names no object",
  "unmap-again": "not mapped here",
  "write-beyond": "holds",
};

const NAIVE: NaiveTable = {
  malloc(state, { size, object, count = 1 }, answer) {
    const { handles, refused } = givenBy(answer);
    let expected: string | undefined;
    let asked = 0;
    for (; asked < count && expected === undefined; asked++) {
      expected = state.pool.malloc(size, object + asked);
    }
    state.expect(RULES.refusals, expected, refused, expected !== undefined);
    const given = expected === undefined ? asked : asked - 1;
    state.expect(RULES.refusals, given, handles.length, false);
  },
  free(state, { object }, answer) {
    const { pool, mapped } = state;
    const expected: number[] = [];
    for (const name of [object].flat()) {
      if (!pool.places.has(name)) continue;
      if (mapped.has(name)) expected.push(name);
      else pool.free(name);
    }
    const kept = resultOf(RULES.kept, answer)?.kept ?? [];
    const isExercised = expected.length > 0;
    state.expect(RULES.kept, expected.join(), kept.join(), isExercised);
  },
  read(state, { object }, answer) {
    const { pool } = state;
    const { data } = resultOf(RULES.poison, answer);
    const there = state.live.objects.get(object);
    if (pool.facts.hasCells || there === undefined) return;
    if (there.isWritten) return;
    const word = data.subarray(0, pool.wordBytes);
    const poison = new Uint8Array(word.length).fill(POISON_INUSE);
    state.expectBytes(RULES.poison, poison, word);
  },
  fail(state, { what, after }) {
    state.pool.frames.faults.fail(what, after);
  },
  misuse(state, { what }, answer) {
    const found = resultOf(RULES.misuse, answer);
    state.expectMisuse(RULES.misuse, MISUSES[what], found);
  },
  stats(state, _step, answer) {
    const found = resultOf(RULES.pages, answer);
    const { frames: { used }, pagesCompacted } = state.pool;
    state.expect(RULES.pages, used, found.totalPages, used > 0);
    state.expect(
      RULES.pagesCompacted,
      pagesCompacted,
      found.pagesCompacted,
      pagesCompacted > 0,
    );
  },
  classes(state, _step, answer) {
    const { value } = resultOf(RULES.classes, answer);
    if (state.pool.facts.classes === "none") {
      return state.expect(RULES.classes, undefined, value, false);
    }
    const expected = expectedClasses(state.pool);
    const shown = shownClasses(value ?? "");
    for (const [nth, line] of expected.entries()) {
      state.expect(RULES.classes, line, shown[nth], false);
    }
    const isExercised = state.pool.frames.used > 0;
    state.expect(RULES.classes, expected.length, shown.length, isExercised);
  },
  destroy(state, _step, answer) {
    const { leaked } = resultOf(RULES.leaked, answer);
    // Empty zspages are given back first.
    for (const one of state.pool.placements) {
      for (const zspage of one.takeEmpty()) one.giveBack(zspage);
    }
    const expected = state.pool.placements
      .filter(({ zspages }) => zspages > 0)
      .map(({ sizeClass: { size }, zspages, used }) => ({
        size,
        zspages,
        objects: used,
      }));
    state.expect(RULES.leaked, expected, leaked, expected.length > 0);
  },
  ...MAPPINGS,
  ...HOLDS,
  compact(state, _step, answer) {
    judgeCompaction(state, resultOf(RULES.compaction, answer));
  },
  compact_around(state, step, answer) {
    judgeTurns(state, step, resultOf(RULES.turns, answer));
  },
  shrink(state, _step, answer) {
    judgeShrink(state, resultOf(RULES.shrinker, answer));
  },
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
  const made = (create: ZsmallocCreate) => {
    const { mapping = profile.mapping } = create;
    const pool = new NaivePool(profile, create);
    return new NaiveState(pool, live, mapping === "page-table", reach);
  };
  let state: NaiveState | undefined;
  return {
    after(step, answer) {
      if (step.op === "create") state = made(step);
      if (state === undefined) return;
      const judge: Judged<never, never> | undefined = NAIVE[step.op];
      // An operation is answered with a result of that operation.
      judge?.(state, step as never, answer as never);
    },
  };
}
