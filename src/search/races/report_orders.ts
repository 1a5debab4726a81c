/** What operations answered and left beside what they do one after another. */
import { wrap } from "../../report/wrap.ts";
import type { Completed } from "./execution.ts";
import { ANYTHING, ordersOf, runInOrder } from "./linearizable.ts";
import type { Retraced } from "./retrace.ts";
import { type RaceTrial, THREAD_NAMES } from "./trial.ts";

/** An order of the operations, and what is otherwise in it. */
interface Otherwise {
  readonly order: string;
  readonly differences: readonly string[];
}

/** The most orders that are told. */
const MOST_TOLD = 4;

/** What came, and what else each order gives, the nearest first. */
export function ordersText<Subject>(
  trial: RaceTrial<Subject>,
  { completed, left }: Retraced,
  width: number,
): string {
  const told = [...ordersOf(completed)].flatMap((order) => {
    const otherwise = otherwiseIn(trial, completed, left, order);
    return otherwise === undefined ? [] : [otherwise];
  });
  const byDifferences = Map.groupBy(
    told,
    ({ differences }) => JSON.stringify(differences),
  );
  const distinct = [...byDifferences.values()].map(([first]) => first)
    .toSorted((one, other) =>
      one.differences.length - other.differences.length
    );
  const more = distinct.length - MOST_TOLD;
  return wrap(
    `Here they leave ${JSON.stringify(left)}. One after another it would be:`,
    width,
    "  ",
  ) +
    distinct.slice(0, MOST_TOLD).map(({ order, differences }) =>
      wrap(`${order}:`, width, "    ") +
      differences.map((one) => wrap(one, width, "      ")).join("")
    ).join("") +
    (more > 0 ? `    and ${more} other ways\n` : "");
}

function otherwiseIn<Subject>(
  trial: RaceTrial<Subject>,
  completed: readonly Completed[],
  left: unknown,
  order: readonly number[],
): Otherwise | undefined {
  const given = runInOrder(trial, order);
  if (given === undefined) return undefined;
  const counts: number[] = [];
  const operations = order.map((thread) => {
    const operation = counts[thread] ?? 0;
    counts[thread] = operation + 1;
    return textOf(trial, { thread, operation });
  });
  const answers = completed.flatMap((one) => {
    const answer = given.answers[one.thread][one.operation];
    const isSame = one.answer === ANYTHING ||
      answer === (JSON.stringify(one.answer) ?? "");
    if (isSame) return [];
    const operation = textOf(trial, one);
    if (answer === JSON.stringify(ANYTHING)) {
      return [`${operation} does not return ${JSON.stringify(one.answer)}`];
    }
    return [`${operation} returns ${answer === "" ? "nothing" : answer}`];
  });
  const wanted: unknown = given.left === ""
    ? undefined
    : JSON.parse(given.left);
  return {
    order: operations.join(", then "),
    differences: [...answers, ...differences("", left, wanted)],
  };
}

function textOf<Subject>(
  { threads }: RaceTrial<Subject>,
  { thread, operation }: Pick<Completed, "thread" | "operation">,
): string {
  return `${threads[thread][operation].text} (CPU ${THREAD_NAMES[thread]})`;
}

/** What is otherwise in a JSON value, by its place. */
function differences(place: string, found: unknown, wanted: unknown): string[] {
  if (JSON.stringify(found) === JSON.stringify(wanted)) return [];
  const [ofFound, ofWanted] = [fieldsOf(found), fieldsOf(wanted)];
  if (ofFound === undefined || ofWanted === undefined) {
    const value = wanted === undefined ? "nothing" : JSON.stringify(wanted);
    return [`${place === "" ? "what is left" : place} is ${value}`];
  }
  const names = new Set([...ofFound.keys(), ...ofWanted.keys()]);
  return [...names].flatMap((name) =>
    differences(
      place === "" ? name : `${place} ${name}`,
      ofFound.get(name),
      ofWanted.get(name),
    )
  );
}

function fieldsOf(value: unknown): Map<string, unknown> | undefined {
  return typeof value === "object" && value !== null
    ? new Map(Object.entries(value))
    : undefined;
}
