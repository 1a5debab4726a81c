/**
 * Operations with stops, for whoever runs one and does others between: he may
 * do so only where it holds no lock that they need.
 */
import type { Lock, LockKind } from "./lock.ts";
import { maySleep, type Stop } from "./stop.ts";

/** Kinds of locks that keep everybody else out of a pool or a class. */
const EXCLUDING: readonly LockKind[] = ["spinlock", "rwlock"];

/**
 * Where an operation waits, or holds no lock that others spin for: it is about
 * to take the first of them, or, without one, to change what it shares.
 */
export function* unlockedStops<Result>(
  steps: Generator<Stop, Result>,
): Generator<Stop, Result> {
  const held = new Set<Lock>();
  let step = steps.next();
  for (; !step.done; step = steps.next()) {
    const { value } = step;
    const isFree = held.size === 0;
    if (typeof value === "string" || value.does === "sleep") yield value;
    else if (!("lock" in value)) {
      if (isFree && value.does === "write") yield value;
    } else if (EXCLUDING.includes(value.lock.kind)) {
      if (isFree) yield value;
      if (value.does === "release") held.delete(value.lock);
      else held.add(value.lock);
    }
  }
  return step.value;
}

/** Where an operation waits or may sleep. */
export function* sleepingStops<Result>(
  steps: Generator<Stop, Result>,
): Generator<Stop, Result> {
  let step = steps.next();
  for (; !step.done; step = steps.next()) {
    if (maySleep(step.value)) yield step.value;
  }
  return step.value;
}
