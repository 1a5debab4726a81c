import { assert, assertEquals } from "@std/assert";
import { InvariantError } from "../src/rules/invariant.ts";
import { PROFILES } from "../src/linux/profile.ts";
import { ZSWAP_LANGUAGE } from "../src/programs/zswap/language.ts";
import type { Program, Scope } from "../src/programs/program.ts";
import type { ZswapStep } from "../src/programs/zswap/steps.ts";
import { randomAt } from "../src/search/batches.ts";
import { zswapModel } from "../src/targets/zswap/model.ts";
import type { ModelledZswap } from "../src/targets/zswap/modelled_zswap.ts";
import { CheckedZswap } from "../src/zswap/checked_zswap.ts";
import type { ZswapEntry } from "../src/zswap/entry.ts";
import { checkZswap } from "../src/zswap/invariants.ts";
import type { Zswap } from "../src/zswap/zswap.ts";

const SCOPE: Scope = {
  profiles: PROFILES,
  anyGeometry: true,
  ops: new Set([...ZSWAP_LANGUAGE.ops].filter((op) => op !== "create")),
  maxSteps: 120,
};
const PROGRAMS = 120;

function programAt(nth: number): Program<ZswapStep> {
  return ZSWAP_LANGUAGE.random(randomAt({ seed: 1, nth }), SCOPE);
}

/** The slots that a step touched, which those who check it must be told. */
function slotsOf(step: ZswapStep, { around }: ModelledZswap) {
  const pages = step.op === "store_folio" ? step.pages.length : 1;
  const named = "offset" in step
    ? Array.from({ length: pages }, (_, nth) => ({
      type: step.type,
      offset: step.offset + nth,
    }))
    : [];
  const asked = around.events.filter((event) => event.what === "asked");
  return [...named, ...asked];
}

/** Runs a program's steps, each checked by what it touched; answers what is left. */
function runChecked(
  { profile, steps }: Program<ZswapStep>,
  afterEach: (zswap: Zswap) => void,
): CheckedZswap {
  const model = zswapModel(profile);
  const [create, ...rest] = steps;
  model.ask(create);
  const { current } = model;
  assert(current !== undefined);
  const checked = new CheckedZswap(current.zswap);
  for (const step of rest) {
    model.ask(step);
    // What a kernel left that stopped is not specified: there is nothing to break.
    if (model.isStopped) {
      current.zswap.trees.clear();
      break;
    }
    if (step.op === "swapoff") checked.checkType(step.type);
    checked.check(slotsOf(step, current));
    afterEach(current.zswap);
  }
  return checked;
}

Deno.test("what holds of all of zswap holds of what a step touched, and the other way round", () => {
  let entries = 0;
  for (let nth = 0; nth < PROGRAMS; nth++) {
    entries += runChecked(programAt(nth), checkZswap).entries;
  }
  assert(entries > 100, `only ${entries} entries`);
});

/** What breaks an entry, or what is counted of it. */
const BREAKS: Readonly<
  Record<string, (entry: ZswapEntry, zswap: Zswap) => void>
> = {
  "zswap/entry-slot": (entry) => Object.assign(entry, { offset: 3 }),
  "zswap/entry-object"(entry) {
    entry.handle = 1;
  },
  "zswap/entry-length"(entry, { profile }) {
    entry.length = profile.pageSize + 1;
  },
  "zswap/header"({ pool, handle }) {
    const header = new Uint8Array(pool?.headerBytes ?? 0).fill(0xff);
    pool?.zpool.write(handle, header);
  },
  "zswap/references"(entry) {
    entry.refcount = 2;
  },
  "zswap/frontswap"({ type, offset }, { trees }) {
    trees.get(type)?.frontswapMap.delete(offset);
  },
  "zswap/lru-place"(entry, { lru }) {
    if (lru.size > 0) entry.touched = -1;
  },
  "zswap/counters"(_, { counters }) {
    counters.stored_pages++;
  },
  "zswap/charged"(_, zswap) {
    zswap.chargedBytes++;
  },
  "zswap/pool-total-size"(_, zswap) {
    zswap.countedPages = 0;
  },
  "zswap/pool-references"({ pool }) {
    if (pool !== undefined) pool.kref--;
  },
  "zswap/current-pool"(_, { parameters }) {
    parameters.compressor = "none";
  },
};

/** The rule that is broken, if one is. */
function brokenRule(check: () => void): string | undefined {
  try {
    check();
  } catch (error) {
    if (error instanceof InvariantError) return error.id;
    throw error;
  }
  return undefined;
}

/** An entry with an object, if there is one. */
function anyEntry({ trees }: Zswap): ZswapEntry | undefined {
  return [...trees.values()]
    .flatMap(({ entries }) => [...entries.values()])
    .find(({ pool, offset }) => pool !== undefined && offset !== 3);
}

for (const [id, breakIt] of Object.entries(BREAKS)) {
  Deno.test(`${id} is found broken by who checks what was touched as by who checks all`, () => {
    let found = 0;
    for (let nth = 0; nth < PROGRAMS; nth++) {
      const checked = runChecked(programAt(nth), () => {});
      const entry = anyEntry(checked.zswap);
      if (entry === undefined) continue;
      const slot = { type: entry.type, offset: entry.offset };
      breakIt(entry, checked.zswap);
      const all = brokenRule(() => checkZswap(checked.zswap));
      assertEquals(brokenRule(() => checked.check([slot])), all);
      if (all === id) found++;
    }
    assert(found >= 3, `only ${found} times`);
  });
}
