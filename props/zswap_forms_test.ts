/**
 * The two forms of zswap's operations: at once, and in steps that are run to
 * their end.
 */
import { assert, assertEquals } from "@std/assert";
import {
  type Profile,
  PROFILES,
  type Random,
  randomFrom,
  runToEnd,
  type Stop,
  type Zswap,
  zswapCounters,
  type ZswapSlot,
  type ZswapStep,
} from "../mod.ts";
import { ZSWAP_LANGUAGE } from "../src/programs/zswap/language.ts";
import { pick } from "../src/programs/random.ts";
import type { Scope } from "../src/programs/program.ts";
import { randomAt } from "../src/search/batches.ts";
import { ZSWAP_KNOWN_RACES } from "../src/search/races/known/zswap.ts";
import type { ModelledZswap } from "../src/targets/zswap/modelled_zswap.ts";
import { zswapModel } from "../src/targets/zswap/model.ts";
import type { ZswapEntry } from "../src/zswap/entry.ts";
import {
  assertSameFrames,
  assertSameOutcome,
  isEnd,
  type Outcome,
  outcomeOf,
} from "./forms.ts";

/** Has a zswap do in steps, to their end, whatever it is asked to do. */
function inSteps(zswap: Zswap): void {
  zswap.store = (...args) => runToEnd(zswap.storeSteps(...args));
  zswap.load = (...args) => runToEnd(zswap.loadSteps(...args));
  zswap.invalidate = (...args) => runToEnd(zswap.invalidateSteps(...args));
}

/** A load that others come between. */
interface StoppedLoad extends ZswapSlot {
  /** How often it stops before they do. */
  readonly stops: number;
  readonly toSwapCache: boolean;
}

/** A model whose operations have one form, those that writeback brings too. */
class Subject {
  readonly #model: ReturnType<typeof zswapModel>;
  readonly #useForm: (zswap: Zswap) => void;
  #loading: Generator<Stop, unknown> | undefined;

  constructor(profile: Profile, useForm: (zswap: Zswap) => void) {
    this.#model = zswapModel(profile);
    this.#useForm = useForm;
  }

  get current(): ModelledZswap {
    const { current } = this.#model;
    assert(current !== undefined);
    return current;
  }

  get isStopped(): boolean {
    return this.#model.isStopped;
  }

  ask(step: ZswapStep): unknown {
    const outcome = this.#model.ask(step);
    if (step.op === "create") this.#useForm(this.current.zswap);
    return outcome;
  }

  /** Begins to load a page, and stops in it. */
  beginLoad({ type, offset, stops, toSwapCache }: StoppedLoad): void {
    const { zswap } = this.current;
    const into = new Uint8Array(zswap.profile.pageSize);
    this.#loading = zswap.loadSteps(type, offset, into, toSwapCache);
    for (let left = stops; left > 0; left--) this.#loading.next();
  }

  /** Goes on from there. */
  endLoad(): unknown {
    const loading = this.#loading;
    this.#loading = undefined;
    return loading && runToEnd(loading);
  }

  /** All that there is, frames aside. */
  state(): Record<string, unknown> {
    const { zswap, around } = this.current;
    const { pools, trees, lru, parameters, counters, frontswap } = zswap;
    const entryOf = ({ pool, older, newer, ...entry }: ZswapEntry) => ({
      ...entry,
      pool: pool && pools.list.indexOf(pool),
      older: older?.offset,
      newer: newer?.offset,
    });
    return {
      parameters,
      counters,
      frontswap,
      trees: [...trees.values()].map((tree) => ({
        entries: [...tree.entries].map(([at, entry]) => [at, entryOf(entry)]),
        frontswapMap: [...tree.frontswapMap],
        isFreed: tree.isFreed,
      })),
      lru: [...lru].map(({ type, offset }) => [type, offset]),
      pools: pools.list.map((pool) => ({
        names: [pool.zpool.type, pool.tfmName],
        pages: pool.zpool.totalPages,
        handles: pool.zpool.handles(),
        counts: [pool.kref, pool.entries],
        is: [pool.shrinkQueued, pool.isDestroyed],
      })),
      counts: [zswap.chargedBytes, zswap.countedPages, zswap.nrDiskSwapins],
      is: [zswap.reachedFull, zswap.shrinkQueued, zswap.roundEnded],
      staleWritebacks: zswap.staleWritebacks,
      underWay: zswap.underWay,
      events: around.events,
    };
  }
}

/** An operation, and its name. */
type Operation = readonly [string, (subject: Subject) => unknown];

/** What nobody may ask: of a slot that cannot be, or with what is no page. */
function misuseAtRandom(random: Random): Operation {
  const type = pick(random, 0, 7, -1);
  const offset = pick(random, 0, -1, 1.5, NaN, 2 ** 60);
  const bytes = pick(random, 4096, 65536, 0);
  const page = new Uint8Array(bytes);
  const folio = Array.from({ length: random(3) }, () => page);
  return pick<Operation>(
    random,
    ["misuse", ({ current: { zswap } }) => zswap.store(type, offset, folio)],
    ["misuse", ({ current: { zswap } }) => zswap.load(type, offset, page)],
    ["misuse", ({ current: { zswap } }) => zswap.invalidate(type, offset)],
  );
}

/** A load of a page that may be damaged, which few programs come to. */
function loadAfter(random: Random, { type, offset }: ZswapSlot): Operation {
  const toSwapCache = random(2) === 0;
  return ["load damaged", ({ current: { zswap } }) => {
    const into = new Uint8Array(zswap.profile.pageSize);
    return [zswap.load(type, offset, into, toSwapCache), into];
  }];
}

/** A step, alone or while a load is stopped. */
function stepInLoad(random: Random, step: ZswapStep): Operation[] {
  const does: Operation = [step.op, (subject) => subject.ask(step)];
  if (!("offset" in step) || random(4) > 0) return [does];
  const load = { ...step, stops: 1 + random(6), toSwapCache: random(2) === 0 };
  return [
    ["begin load", (subject) => subject.beginLoad(load)],
    does,
    ["end load", (subject) => subject.endLoad()],
  ];
}

/** A step, and what else is done in both forms. */
function operationsOf(random: Random, step: ZswapStep): Operation[] {
  return [
    ...stepInLoad(random, step),
    ...step.op === "damage" ? [loadAfter(random, step)] : [],
    ...random(10) === 0 && step.op !== "create" ? [misuseAtRandom(random)] : [],
  ];
}

/** Of what kind an outcome is: there are enough pages. */
function kindOf({ answer, error }: Outcome): string {
  if (error !== undefined) return error.constructor.name;
  const [first] = Array.isArray(answer) ? answer : [answer];
  if (typeof first !== "object" || first === null) return String(first);
  if ("error" in first) return `${first.error}`;
  if ("stored" in first) return first.stored ? "stored" : "refused";
  return "data" in first && first.data === null ? "nothing" : "done";
}

/** What a zswap comes to that few programs bring about. */
function seenIn({ current: { zswap } }: Subject): string[] {
  const { parameters, pools, trees } = zswap;
  const counted = Object.entries(zswapCounters(zswap))
    .filter(([, value]) => value > 0);
  const isHeld = [...trees.values()].some(({ entries }) =>
    [...entries.values()].some(({ refcount }) => refcount > 1)
  );
  return [
    `pool of ${parameters.zpool}`,
    ...counted.map(([name]) => name),
    ...isHeld ? ["entry held"] : [],
    ...pools.list.length > 1 ? ["several pools"] : [],
  ];
}

function assertSame(found: Subject, expected: Subject, where: string): void {
  assertEquals(found.state(), expected.state(), where);
  const [one, other] = [found, expected]
    .map(({ current }) => current.around.memory);
  assertSameFrames(one, other, where);
}

/** Runs a program in both forms; notes what came of it. */
function runBoth(profile: Profile, nth: number, seen: Set<string>): void {
  const draw = randomAt({ seed: 1, nth });
  const program = ZSWAP_LANGUAGE.random(draw, {
    ...SCOPE,
    profiles: [profile],
  });
  const random = randomFrom(nth);
  const atOnce = new Subject(program.profile, () => {});
  const stepping = new Subject(program.profile, inSteps);
  const operations = program.steps
    .flatMap((step) => operationsOf(random, step));
  for (const [at, [name, operation]] of operations.entries()) {
    const outcome = outcomeOf(() => operation(atOnce));
    const found = outcomeOf(() => operation(stepping));
    const where = `${profile.name}, program ${nth}, ${at}: ${name}`;
    assertSameOutcome(found, outcome, where);
    assertSame(stepping, atOnce, where);
    seen.add(`${name}: ${kindOf(outcome)}`);
    for (const one of seenIn(atOnce)) seen.add(one);
    if (isEnd(outcome) || atOnce.isStopped) return;
  }
}

const SCOPE: Scope = {
  profiles: PROFILES,
  anyGeometry: true,
  ops: new Set(ZSWAP_LANGUAGE.ops),
  maxSteps: 100,
};
const PROGRAMS = 60;
const OLDER_STAYS = "older-page-stays";

/** Every kernel, and those between them that differ in what entries are kept in. */
const KERNELS: readonly Profile[] = [
  ...PROFILES,
  ...new Map(
    ZSWAP_KNOWN_RACES.flatMap(({ before, after }) => [before, after])
      .filter((profile) => !PROFILES.includes(profile))
      .map((profile) => [profile.name, profile]),
  ).values(),
];

/** What programs come to in each kernel, or there is nothing to compare. */
const SEEN = [
  "end load: ENOENT",
  "end load: undefined",
  "invalidate: undefined",
  "load: done",
  "load: nothing",
  "misuse: Error",
  "misuse: RangeError",
  "misuse: undefined",
  "store: refused",
  "store: stored",
  "store_folio: refused",
  "writeback: done",
];

/** Counters that no program moves in a kernel. */
function isIdle(counter: string, { zswap }: Profile): boolean {
  // frontswap has the older page go before.
  if (counter === "duplicate_entry") return zswap.frontswap !== OLDER_STAYS;
  // What does not become smaller is stored as it is.
  return counter === "reject_compress_poor" && zswap.storesIncompressible;
}

/** What else they come to in a kernel. */
function seenOnlyIn(profile: Profile): string[] {
  const { zswap } = profile;
  const isHeld = zswap.load === "referenced" &&
    zswap.entries !== "unreferenced";
  const hasPools = zswap.poolPer === "swap-type" ||
    zswap.parameters.compressor === 0o644;
  return [
    ...zswap.zpools.map((name) => `pool of ${name}`),
    ...zswap.counters.filter((counter) => !isIdle(counter, profile)),
    `load damaged: ${zswap.damaged === "bug" ? "KernelBug" : "EIO"}`,
    ...isHeld ? ["entry held"] : [],
    ...hasPools ? ["several pools"] : [],
    ...zswap.folios === "whole" ? ["store_folio: stored"] : [],
  ];
}

Deno.test("an operation of zswap in steps, alone, does what it does at once: the same answer or error, and the same zswap to the last bit", () => {
  for (const profile of KERNELS) {
    const seen = new Set<string>();
    for (let nth = 0; nth < PROGRAMS; nth++) runBoth(profile, nth, seen);
    const expected = [...SEEN, ...seenOnlyIn(profile)];
    const missing = expected.filter((one) => !seen.has(one));
    assertEquals(missing, [], profile.name);
  }
});
