/** What is held while an object is read. */
import type { Profile } from "../../linux/profile.ts";
import { isSpinning, type Lock } from "../../rules/lock.ts";
import { ZsPool } from "../../zsmalloc/pool.ts";
import { mallocIn } from "./stored_pages.ts";

/** A lock that is held. */
export interface Held {
  readonly name: string;
  /** Whether its holder must not sleep. */
  readonly noSleep: boolean;
}

/** The locks that whoever reads an object holds at that moment. */
export function heldWhileMapped(profile: Profile): readonly Held[] {
  const pool = new ZsPool(profile);
  const handle = mallocIn(pool, 100);
  const held = new Set<Lock>();
  const steps = pool.readSteps(handle, new Uint8Array(100));
  let atReading: readonly Lock[] = [];
  for (const stop of steps) {
    if (typeof stop === "string" || stop.does === "sleep") continue;
    if (stop.does === "read") atReading = [...held];
    else if ("lock" in stop) {
      if (stop.does === "release") held.delete(stop.lock);
      else held.add(stop.lock);
    }
  }
  return atReading.map((lock) => ({
    name: lock.name,
    noSleep: isSpinning(lock),
  }));
}
