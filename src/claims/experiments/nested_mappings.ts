/** What may happen on a CPU while it has an object mapped. */
import { LINUX_3_12, LINUX_6_12, LINUX_7_3 } from "../../linux/profile.ts";
import { holds, holdsIf, type Verdict } from "../claim.ts";
import { experiment, type Figures } from "../experiment.ts";
import { type Held, heldWhileMapped } from "../runs/held_while_mapped.ts";
import { interrupted, mapBoth, type Nested } from "../runs/nested_mappings.ts";
import { SOURCE_COMMENT } from "../runs/who.ts";

interface NestedMappings {
  readonly both: readonly Nested[];
  readonly interrupted: readonly Nested[];
  readonly held: readonly Held[];
}

const isBroken = ({ broken }: Nested) => broken > 0;
const bothCross = ({ pair }: Nested) => pair.every((crossing) => crossing);

/** How many of some are broken, where both objects are in two frames and else. */
function brokenText(all: readonly Nested[], what: string): string {
  const text = (some: readonly Nested[]) =>
    `${some.filter(isBroken).length} of ${some.length}`;
  return `data break in ${
    text(all.filter(bothCross))
  } ${what} where both objects are in two frames, in ${
    text(all.filter((one) => !bothCross(one)))
  } else`;
}

function figures(found: NestedMappings): readonly Figures[] {
  const where = (crossing: boolean) => crossing ? "two frames" : "one frame";
  const table = (title: string, all: readonly Nested[]): Figures => ({
    title,
    columns: ["", "the first in", "the second in", "broken objects"],
    rows: all.map(({ pair, order, broken }) => [
      order,
      where(pair[0]),
      where(pair[1]),
      broken,
    ]),
  });
  return [
    table("Two objects mapped on one CPU", found.both),
    table(
      "An interrupt that maps and writes, by where it comes",
      found.interrupted,
    ),
    {
      title: "Held while an object is mapped",
      columns: ["", "may sleep"],
      rows: found.held.map((
        { name, noSleep },
      ) => [name, noSleep ? "no" : "yes"]),
    },
  ];
}

function decideOne({ both }: NestedMappings): Verdict {
  const broken = both.filter(isBroken);
  const evidence = brokenText(both, "orders");
  if (broken.length === both.length) return holds(true, evidence);
  return holdsIf(
    broken.length > 0 && broken.every(bothCross),
    "both objects lie in two frames",
    evidence,
  );
}

function decideSleep({ held }: NestedMappings): Verdict {
  const strict = held.filter(({ noSleep }) => noSleep);
  const names = (all: readonly Held[]) =>
    all.map(({ name }) => name).join(" and ") || "nothing";
  // What is said of page faults is read in the source, not run.
  return holds(
    strict.length > 0,
    strict.length > 0
      ? `preemption is off by ${
        names(strict)
      }; page faults, which are not modelled, by kmap_atomic or pagefault_disable`
      : `preemption is on, ${
        names(held)
      } being held; page faults, which are not modelled, are too: kmap_local_page does not turn them off`,
  );
}

/** The experiment. */
export const NESTED_MAPPINGS = experiment<never, NestedMappings>({
  name: "nested-mappings",
  theme: "handles and mapping",
  method:
    "Two objects, each in one frame or in two, are mapped on one CPU, read, and unmapped in either order, to be written where the kernel maps to write. Then one maps, writes and unmaps, and between any two of its steps an interrupt does so with the other, as without the kernel's BUG_ON. Then an object is read step by step, and what is held at the moment of reading is noted.",
  sizes: {},
  kernels: [LINUX_3_12, LINUX_6_12, LINUX_7_3],
  run: ({ profile }) => ({
    both: mapBoth(profile),
    interrupted: interrupted(profile),
    held: heldWhileMapped(profile),
  }),
  figures,
  claims: [
    {
      name: "one-mapped-object-per-cpu",
      says:
        "On each CPU one object can be mapped at a time, as nothing keeps a second mapping from breaking the first.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 2436-2437" }],
      decide: decideOne,
    },
    {
      name: "mapping-in-interrupts-corrupts",
      says:
        "Mapping in interrupt context could corrupt the mapping of who was interrupted.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "lines 2455-2460" }],
      decide: (found) =>
        holds(
          found.interrupted.some(isBroken),
          brokenText(found.interrupted, "points"),
        ),
    },
    {
      name: "mapped-means-no-preemption-no-faults",
      says: "While an object is mapped, preemption and page faults are off.",
      who: SOURCE_COMMENT,
      passages: [{ thread: "002", at: "line 2439" }],
      decide: decideSleep,
    },
  ],
});
