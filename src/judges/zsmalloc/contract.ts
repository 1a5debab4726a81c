/** Judging an allocator by what every one must keep, whatever its policy. */
import type { Profile } from "../../linux/profile.ts";
import type {
  Handle,
  ZsmallocCreate,
  ZsmallocOp,
  ZsmallocResults,
  ZsmallocStep,
  ZsmallocSteps,
} from "../../programs/zsmalloc/steps.ts";
import type { Reach } from "../../rules/reach.ts";
import { isRefusal, type Refusal } from "../../targets/target.ts";
import {
  Disagreement,
  expectBytes,
  expectRefusal,
  type Judge,
  judging,
  resultOf,
} from "../judge.ts";
import { ZSMALLOC_CONTRACT as RULES } from "./contract_rules.ts";
import { became, type LiveObjects } from "./live_objects.ts";
import { PageBounds } from "./page_bounds.ts";

const OUT_OF_RANGE = ["EINVAL", "ENOSPC", "ENOMEM"];

/** After a compaction so many objects are read, and others after the next. */
const READ_AFTER_COMPACTION = 32;

const STATS: readonly ZsmallocStep[] = [{ op: "stats" }];
const NONE: readonly ZsmallocStep[] = [];

/** After these the counters are asked for, and some objects read. */
const COMPACTIONS = new Set<ZsmallocOp>([
  "compact",
  "compact_around",
  "shrink",
  "free_around",
]);

/** After these the counters are: whatever else may change them. */
const COUNTED = new Set<ZsmallocOp>([
  "create",
  "malloc",
  "free",
  "write",
  "compact_memory",
  "migrate",
  "migrate_isolated",
  "putback",
  "free_deferred",
]);

/**
 * A judge of the contract of one program. It keeps in `live` which objects
 * there are, and what was written to them.
 */
export function zsmallocContract(
  profile: Profile,
  live: LiveObjects,
  reach: Reach,
): Judge<ZsmallocSteps, ZsmallocResults> {
  let { pageSize } = profile;
  let bounds = new PageBounds(profile, ownSetup(profile), live, reach);
  /** Whether there is no limit to the memory there is. */
  let hasMemory = true;
  let unread: Iterator<number> = live.objects.keys();

  const succeeds = <Result>(answer: Result | Refusal): Result => {
    const result = resultOf(RULES.succeeds, answer);
    reach.count(RULES.succeeds);
    return result;
  };
  const came = (object: number, handle: Handle, size: number) => {
    if (isZero(handle)) {
      throw new Disagreement(RULES.notZero, "not zero", { handle });
    }
    reach.count(RULES.notZero);
    const other = live.named(handle);
    if (other !== undefined) {
      const expected = `not the handle of object ${other}`;
      throw new Disagreement(RULES.unique, expected, { handle });
    }
    if (live.objects.size > 0) reach.count(RULES.unique);
    live.add(object, handle, size);
  };
  const readOf = (object: number): ZsmallocStep | undefined => {
    const length = live.objects.get(object)?.known ?? 0;
    return length > 0 ? { op: "read", object, length } : undefined;
  };
  /** Reads of some objects, of all where they are few. */
  const someReads = (): readonly ZsmallocStep[] => {
    const reads: ZsmallocStep[] = [];
    const most = Math.min(live.objects.size, READ_AFTER_COMPACTION);
    for (let left = most; left > 0; left--) {
      let next = unread.next();
      if (next.done) {
        unread = live.objects.keys();
        next = unread.next();
      }
      const read = next.done ? undefined : readOf(next.value);
      if (read !== undefined) reads.push(read);
    }
    return reads;
  };

  return {
    after: judging<ZsmallocSteps, ZsmallocResults>({
      create(step, answer) {
        succeeds(answer);
        pageSize = step.pageSize;
        live.clear();
        unread = live.objects.keys();
        bounds = new PageBounds(profile, step, live, reach);
        hasMemory = step.maxPages === undefined && step.buddy === undefined;
      },
      malloc({ size, object }, answer) {
        const { handles, refused } = givenBy(answer);
        const isInRange = size > 0 && size <= pageSize;
        if (!isInRange) {
          const refusal = refused === undefined ? answer : { error: refused };
          expectRefusal(RULES.refuses, refusal, OUT_OF_RANGE);
          reach.count(RULES.refuses);
          return;
        }
        if (hasMemory) {
          if (refused !== undefined) {
            throw new Disagreement(RULES.gives, { handle: "…" }, {
              error: refused,
            });
          }
          reach.count(RULES.gives);
        }
        for (let nth = 0; nth < handles.length; nth++) {
          came(object + nth, handles[nth], size);
        }
        bounds.came(size, handles.length);
      },
      free({ object }, answer) {
        const kept = succeeds(answer)?.kept ?? [];
        for (const name of [object].flat()) {
          if (!kept.includes(name)) live.remove(name);
        }
        bounds.went();
      },
      write({ object, data, count = 1 }, answer) {
        succeeds(answer);
        for (let nth = 0; nth < count; nth++) {
          const there = live.objects.get(object + nth);
          if (there !== undefined) became(there, data, there.size, nth);
        }
      },
      read({ object, length }, answer) {
        const { data } = succeeds(answer);
        const there = live.objects.get(object);
        if (there === undefined || length > there.known) return;
        expectBytes(RULES.data, live.bytesOf(there, length), data);
        if (length > 0) reach.count(RULES.data);
      },
      compact(_step, answer) {
        bounds.compacted(succeeds(answer).pagesFreed);
      },
      compact_around({ size }, answer) {
        const { pagesFreed, turns } = succeeds(answer);
        for (const turn of turns) {
          if ("came" in turn) {
            came(turn.came, turn.handle, size);
            bounds.came(size, 1);
          } else if ("gone" in turn) {
            live.remove(turn.gone);
            bounds.went();
          } else if ("again" in turn && turn.again !== "stop") {
            bounds.compactedAround(turn.again.pagesFreed);
          }
        }
        bounds.compactedAround(pagesFreed);
      },
      shrink(_step, answer) {
        const { scanned } = succeeds(answer);
        bounds.compacted(scanned === "stop" ? 0 : scanned);
      },
      isolate: () => bounds.held(),
      lock: () => bounds.held(),
      free_deferred(_step, answer) {
        succeeds(answer);
        bounds.went();
      },
      free_around({ object }, answer) {
        const { amid } = succeeds(answer);
        live.remove(object);
        bounds.went();
        if (typeof amid !== "string") bounds.compactedAround(amid.pagesFreed);
      },
      stats(_step, answer) {
        bounds.check(succeeds(answer));
      },
      fail() {
        hasMemory = false;
      },
      destroy() {
        live.clear();
      },
    }),
    questions({ op }) {
      if (COMPACTIONS.has(op)) return [...STATS, ...someReads()];
      return COUNTED.has(op) ? STATS : NONE;
    },
    closing() {
      return [...live.objects.keys()].flatMap((object) => readOf(object) ?? []);
    },
  };
}

/** The pool that a profile would make itself. */
function ownSetup({ pageSize, wordBits, chainSize }: Profile): ZsmallocCreate {
  return { pageSize, wordBits, chainSize };
}

/** What a malloc was given, whether one object was asked for or several. */
export function givenBy(answer: ZsmallocResults["malloc"] | Refusal): {
  readonly handles: readonly Handle[];
  readonly refused?: string;
} {
  if (isRefusal(answer)) return { handles: [], refused: answer.error };
  return "handle" in answer ? { handles: [answer.handle] } : answer;
}

function isZero(handle: Handle): boolean {
  return typeof handle === "number" ? handle === 0 : /^(0x)?0*$/i.test(handle);
}
