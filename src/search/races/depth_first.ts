/**
 * Every schedule up to a number of preemptions, by depth-first search that
 * leaves out what differs in nothing that could be seen: dynamic partial-order
 * reduction (Flanagan and Godefroid, 2005) under a bound (Coons, Musuvathi and
 * McKinley, 2013).
 */
import { Dependence } from "./dependence.ts";
import type { Execution } from "./execution.ts";
import type { LockOrder } from "./lock_order.ts";
import { firstOf, type Ran, runBy } from "./run_schedule.ts";
import type { RaceTrial } from "./trial.ts";

/** A place in the schedules where one of several threads may go on. */
interface Node {
  /** Threads that can go on, as the bits of a number. */
  readonly enabled: number;
  /** The thread that went on before; -1 at first. */
  readonly before: number;
  /** Whether another may go on in its place without a preemption. */
  readonly isFree: boolean;
  /** Preemptions so far. */
  readonly preemptions: number;
  /** The thread that goes on. */
  chosen: number;
  /** Threads that went on here. */
  done: number;
  /** Threads that must have gone on here before all was seen. */
  wanted: number;
}

/** What becomes of the schedules. */
export interface DepthFirst<Subject> {
  /** Preemptions that a schedule may have. */
  readonly preemptions: number;
  /** The order of locks so far. */
  readonly order: LockOrder;
  /** Told each schedule as it ended, and whether to go on. */
  ran(one: Ran<Subject>): boolean;
}

/** Runs every schedule; returns whether a bound kept any from being run. */
export function depthFirst<Subject>(
  trial: RaceTrial<Subject>,
  { preemptions, order, ran }: DepthFirst<Subject>,
): boolean {
  const stack: Node[] = [];
  const dependence = new Dependence(trial.threads.length);
  const bound = { isMet: false };
  do {
    dependence.begin();
    const known = stack.length - 1;
    let chosen = -1;
    const one = runBy(trial, order, (execution, depth) => {
      if (depth === stack.length) {
        stack.push(nodeOf(execution, stack, chosen, preemptions, bound));
      }
      return chosen = stack[depth].chosen;
    }, (transition, depth) => {
      dependence.add(transition, (earlier) => {
        if (depth >= known) want(stack, earlier, chosen);
      });
    });
    if (!ran(one)) return true;
  } while (turn(stack, preemptions, bound));
  return bound.isMet;
}

/** The place where a schedule stands: whoever went on goes on, if he can. */
function nodeOf<Subject>(
  execution: Execution<Subject>,
  stack: readonly Node[],
  before: number,
  most: number,
  bound: { isMet: boolean },
): Node {
  const { enabled } = execution;
  if (enabled === 0) execution.assertSomebody();
  const last = stack.at(-1);
  const preemptions = last === undefined
    ? 0
    : last.preemptions + costOf(last, last.chosen);
  const isFree = before < 0 || execution.isFree(before);
  const node: Node = {
    enabled,
    before,
    isFree,
    preemptions,
    chosen: -1,
    done: 0,
    wanted: 0,
  };
  const isStill = before >= 0 && (enabled & 1 << before) !== 0;
  choose(node, isStill ? before : firstOf(enabled));
  if (costOf(node, node.chosen) + preemptions > most) bound.isMet = true;
  return node;
}

function choose(node: Node, thread: number): void {
  node.chosen = thread;
  node.done |= 1 << thread;
  node.wanted |= 1 << thread;
}

/** Preemptions that it takes to have a thread go on. */
function costOf({ before, isFree }: Node, thread: number): number {
  return thread === before || isFree ? 0 : 1;
}

/**
 * A thread should also have gone on before an earlier transition; and before
 * the first of those that its thread did in a row, as it may be that only there
 * it costs no preemption.
 */
function want(stack: readonly Node[], earlier: number, thread: number): void {
  wantAt(stack[earlier], thread);
  let first = earlier;
  while (first > 0 && stack[first].before === stack[first].chosen) first--;
  if (first !== earlier) wantAt(stack[first], thread);
}

function wantAt(node: Node, thread: number): void {
  const isEnabled = (node.enabled & 1 << thread) !== 0;
  node.wanted |= isEnabled ? 1 << thread : node.enabled;
}

/** Goes back to the last place where somebody else is to go on. */
function turn(
  stack: Node[],
  most: number,
  bound: { isMet: boolean },
): boolean {
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    for (let left = node.wanted & ~node.done; left !== 0; left &= left - 1) {
      const thread = firstOf(left);
      if (node.preemptions + costOf(node, thread) > most) {
        bound.isMet = true;
        node.done |= 1 << thread;
        continue;
      }
      choose(node, thread);
      return true;
    }
    stack.pop();
  }
  return false;
}
