import { assert, assertEquals } from "@std/assert";
import type {
  ConformOptions,
  ConformResult,
  Level,
  Plan,
  Step,
  Target,
} from "../mod.ts";
import { conform } from "../src/search/conform.ts";
import type { Suite } from "../src/search/suite.ts";
import { ZRAM_SUITE } from "../src/search/suites/zram.ts";
import { ZSMALLOC_SUITE } from "../src/search/suites/zsmalloc.ts";
import { ZSWAP_SUITE } from "../src/search/suites/zswap.ts";
import type { ChildOptions } from "../src/targets/child.ts";
import type { Ending } from "../src/targets/child_asker.ts";
import { childZsmalloc, childZswap } from "../src/targets/child_targets.ts";
import { childZram } from "../src/targets/child_zram.ts";
import { ROOT } from "./command.ts";
import { defective, pythonTest, sound } from "./conform/python.ts";
import { seed } from "./fuzz.ts";
import { assertMinimal } from "./minimal.ts";

/**
 * Runs a suite against a process, which is gone then. Of what is found no step
 * can be left out, unless it is a fault of the process itself.
 */
async function judged<
  T extends Target,
  One extends Step,
  Known extends Plan,
>(
  suite: Suite<T, One, Known>,
  target: T & Ending,
  options: ConformOptions,
): Promise<ConformResult> {
  try {
    const result = await conform(suite, target, options);
    const { plan, finding } = result;
    if (finding !== undefined && finding.rule.id !== "protocol/answers") {
      await assertMinimal(suite, target, plan, finding);
    }
    return result;
  } finally {
    await target.restart();
  }
}

type Conform = (
  child: ChildOptions,
  options: ConformOptions,
) => Promise<ConformResult>;

const CONFORM: Readonly<Record<string, Conform>> = {
  zsmalloc: (child, options) =>
    judged(ZSMALLOC_SUITE, childZsmalloc(child), options),
  zram: (child, options) => judged(ZRAM_SUITE, childZram(child), options),
  zswap: (child, options) => judged(ZSWAP_SUITE, childZswap(child), options),
};

/** Runs something for each of `all`, three at a time: some only wait. */
async function forEach<One>(
  all: readonly One[],
  run: (one: One) => Promise<void>,
): Promise<void> {
  const left = [...all];
  const work = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      await run(one);
    }
  };
  await Promise.all([work(), work(), work()]);
}

const TARGETS = Object.keys(CONFORM);

pythonTest(
  "an implementation in Python, with Linux's policies, conforms at both levels",
  async () => {
    const cases = TARGETS.flatMap((target) =>
      [
        { target, level: "contract" },
        { target, level: "exact" },
      ] satisfies { target: string; level: Level }[]
    );
    await forEach(cases, async ({ target, level }) => {
      const options = { level, runs: 25, seed };
      const command = sound(target);
      const { finding } = await CONFORM[target]({ command }, options);
      assertEquals(finding, undefined, `${target} ${level}`);
    });
  },
);

pythonTest(
  "one with policies of its own keeps the contract, and is not Linux's",
  async () => {
    await forEach(TARGETS, async (target) => {
      const command = sound(target, "--policy", "own");
      const contract = await CONFORM[target]({ command }, { runs: 25, seed });
      assertEquals(contract.finding, undefined, target);
      const exact = await CONFORM[target](
        { command },
        { level: "exact", seed: 1 },
      );
      assertEquals(exact.finding?.rule.id, "exact/same-answer", target);
    });
  },
);

/**
 * The rule by which each planted defect is found at level `contract`, and what
 * fault of an answer it is; or the rules that it breaks, of which the smallest
 * program may show any.
 */
const BROKEN: Readonly<Record<string, string | readonly string[]>> = {
  // zsmalloc
  "byte-at-page-border": "contract/data",
  "chunk-given-twice": "contract/data",
  "handle-reused": "contract/handle-unique",
  "zero-handle": "contract/handle-not-zero",
  "enomem": "contract/malloc-gives",
  "empty-object": "contract/malloc-refuses",
  "short-write": "contract/data",
  "free-does-nothing": "contract/pages-bounded",
  "empty-zspage-kept": ["contract/pages-bounded", "contract/compact-freed"],
  "page-counted-twice": "contract/pages-bounded",
  "zspage-for-each": "contract/pages-packed",
  "compact-loses-object": "contract/data",
  "compact-stale-handle": "contract/data",
  "compact-wrong-number": "contract/compact-freed",
  "compacted-not-counted": "contract/pages-compacted",
  "hangs": "protocol/answers: late",
  "dies-at-4096": "protocol/answers: died",
  "floods": "protocol/answers: flood",
  "wrong-id": "protocol/answers: wrong id",
  "nonsense": "protocol/answers: malformed",
  // Early or late, as the scheduler has it: before the next request, or after.
  "out-of-turn": [
    "protocol/answers: out of turn",
    "protocol/answers: wrong id",
  ],
  "number-as-text": "protocol/answers: malformed",
  "truncated-base64": "protocol/answers: malformed",
  "no-errno": "protocol/answers: malformed",
  "create-keeps-pages": "contract/pages-bounded",
  // zram
  "limit-ignored": "contract/mem-limit",
  "stale-after-overwrite": "contract/data",
  "discard-ignored": "contract/orig-data-size",
  "discard-one-too-many": "contract/orig-data-size",
  "same-filled-by-half": "contract/stored",
  "old-page-gone": "contract/orig-data-size",
  "disksize-twice": "contract/attribute-refuses",
  "maximum-sinks": "contract/mem-used-max",
  "reset-keeps-pages": "contract/orig-data-size",
  "compressed-not-subtracted": "contract/compr-data-size",
  "zeros-outside": "contract/outside-the-disk",
  "last-word-unseen": "contract/stored",
  "limit-survives-reset": "contract/mem-limit",
  "algorithm-not-shown": "contract/attribute-text",
  "huge-not-counted": "contract/huge-pages",
  "decompresses-with-first": "contract/data",
  // zswap
  "refused-store-keeps-old": [
    "contract/newest",
    "contract/stored-pages",
    "contract/written",
  ],
  "invalidate-ignored": "contract/stored-pages",
  "writeback-keeps": "contract/stored-pages",
  "writeback-of-another": "contract/written",
  "pool-limit-ignored": "contract/pool-total-size",
  "type-ignored": ["contract/newest", "contract/stored-pages"],
  "written-not-counted": "contract/written-back-pages",
  "page-lost": "contract/kept",
  "writeback-of-older": "contract/written",
  "stored-pages-of-pool": "contract/stored-pages",
  "refuses-words": "contract/stores",
  "reason-forgotten": "protocol/answers: malformed",
};

/** Planted choices that are sound, and not Linux's. */
const OWN: readonly string[] = [
  "first-zspage",
  "never-compacts",
  "handle-word-forgotten",
  "least-waste-last",
  "never-whole",
  "old-object-first",
  "maximum-of-success",
  "loaded-stays",
  "newest-first",
  "no-second-chance",
  "incompressible-refused",
];

/** What is found once all programs were run; see the tests of the command. */
const STAYS = "stays";

/** The programs that are tried to shrink a fault of a process. */
const MOST_TRIES = 6;

/** The target of each defect, by its name. */
async function planted(): Promise<Map<string, string>> {
  const command = new Deno.Command("python3", {
    args: [`${ROOT}props/conform/defects.py`, "--list"],
  });
  const { stdout } = await command.output();
  return new Map(JSON.parse(new TextDecoder().decode(stdout)));
}

pythonTest(
  "each planted defect is found by the rule it breaks, in steps of which none can be left out",
  async () => {
    const targets = await planted();
    assertEquals(
      [...targets.keys()].sort(),
      [...Object.keys(BROKEN), ...OWN, STAYS].sort(),
    );
    await forEach(Object.entries(BROKEN), async ([name, broken]) => {
      const rules = [broken].flat();
      const target = targets.get(name) ?? "";
      // Who never answers is waited for, and no one else.
      const timeout = name === "hangs" ? 2000 : 60_000;
      const child = { command: defective(target, name), timeout };
      // After a fault each try starts a process: those are not shrunk to the end.
      const most = rules[0].startsWith("protocol/") ? MOST_TRIES : Infinity;
      let tries = 0;
      const { finding } = await CONFORM[target](child, {
        seed: 1,
        isShrunk: () => ++tries > most,
      });
      assert(finding !== undefined, name);
      const fault = finding.rule.id === "protocol/answers"
        ? `: ${Object.keys(Object(finding.found))}`
        : "";
      const found = `${finding.rule.id}${fault}`;
      assert(rules.includes(found), `${name}: ${found}`);
    });
  },
);

pythonTest(
  "a planted choice that is sound keeps the contract, and is found at level exact",
  async () => {
    const targets = await planted();
    await forEach(OWN, async (name) => {
      const target = targets.get(name) ?? "";
      const child = { command: defective(target, name) };
      const contract = await CONFORM[target](child, { runs: 10, seed });
      assertEquals(contract.finding, undefined, name);
      const options = { level: "exact", seed: 1 } as const;
      const { finding } = await CONFORM[target](child, options);
      assertEquals(finding?.rule.id, "exact/same-answer", name);
    });
  },
);
