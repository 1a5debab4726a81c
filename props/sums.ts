/** A small machine for the tests of the search: numbers that are added up. */
import {
  Disagreement,
  type Judge,
  judging,
  type Language,
  LINUX_6_18,
  type Machine,
  type Rule,
  tableTarget,
  trialOf,
} from "../mod.ts";

/** The operations and their fields. */
export interface SumSteps {
  create: Record<never, never>;
  add: { readonly number: number };
  take: { readonly number: number };
}

/** Every sum so far. */
export interface SumResults {
  create: number;
  add: number;
  take: number;
}

/** A step of a program. */
export type SumStep =
  | { readonly op: "create" }
  | { readonly op: "add"; readonly number: number }
  | { readonly op: "take"; readonly number: number };

/** Sums stay below 100. */
export const SMALL: Rule = {
  id: "sums/small",
  sentence: "Sums stay below 100.",
  source: "this file",
};

/** Sums never fall below 0: no program takes more than there is. */
export const POSITIVE: Rule = {
  id: "sums/positive",
  sentence: "Sums stay above 0.",
  source: "this file",
};

/** The language of the programs. */
export const SUM_LANGUAGE: Language<SumStep> = {
  name: "sums",
  ops: ["create", "add", "take"],
  parse(fields) {
    const op = fields.text("op");
    if (op === "create") return { op };
    if (op === "add" || op === "take") {
      return { op, number: fields.whole("number") };
    }
    return fields.fail(`unknown op '${op}', not create, add or take`);
  },
  random(random, { profiles, maxSteps }) {
    const steps: SumStep[] = [{ op: "create" }];
    for (let left = random(maxSteps); left > 0; left--) {
      steps.push({
        op: random(3) === 0 ? "take" : "add",
        number: random(10),
      });
    }
    return { profile: profiles[random(profiles.length)], steps };
  },
  simpler: (step) =>
    step.op === "create" || step.number === 0
      ? []
      : [{ ...step, number: step.number - 1 }],
};

/** A machine whose sums are to stay below `bound`. */
export function sumMachine(bound: number): Machine<SumStep> {
  return {
    name: "sums",
    sentence: "Sums stay small.",
    language: SUM_LANGUAGE,
    scope: {
      profiles: [LINUX_6_18],
      anyGeometry: false,
      ops: new Set(SUM_LANGUAGE.ops),
      maxSteps: 60,
    },
    rules: [SMALL, POSITIVE],
    trial(_profile, reach) {
      let sum = 0;
      const target = tableTarget<SumSteps, SumResults>({
        create: () => sum = 0,
        add: ({ number }) => sum += number,
        take: ({ number }) => sum = Math.max(0, sum - number),
      });
      const judge: Judge<SumSteps, SumResults> = {
        after: judging({
          add(_step, answer) {
            reach.count(SMALL);
            if (typeof answer === "number" && answer < bound) return;
            throw new Disagreement(SMALL, `less than ${bound}`, answer);
          },
        }),
      };
      return trialOf(target, [judge]);
    },
  };
}
