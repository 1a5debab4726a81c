/** Bursts by which frames are migrated, isolated, locked and let go. */
import { pick } from "../random.ts";
import { anyLive, type Draft, type Held } from "./draft.ts";
import {
  age,
  compact,
  fewestInZspage,
  freeAt,
  mallocEach,
  mallocOne,
} from "./object_bursts.ts";

export function migrate(draft: Draft): void {
  draft.steps.push({ op: "migrate", object: anyLive(draft) });
}

/** Most frames that are held at a time. */
const MOST_HELD = 6;

/** Holds the frame of an object. */
function holdOne(draft: Draft, how: Held["how"], object: number): void {
  const { steps, held } = draft;
  const page = draft.next++;
  held.push({ page, how });
  steps.push({ op: how, page, object });
}

export function hold(draft: Draft): void {
  const { random, held } = draft;
  if (held.length >= MOST_HELD) return letGo(draft);
  holdOne(draft, pick(random, "isolate", "isolate", "lock"), anyLive(draft));
  // What comes, goes and moves then does so around a frame that is held.
  if (random(3) === 0) age(draft);
  if (random(3) === 0) compact(draft);
}

/** The newest objects of one size go, with a frame of theirs held. */
export function emptyHeld(draft: Draft): void {
  const { random, live, steps } = draft;
  const size = fewestInZspage(draft);
  const count = 2 + random(6);
  mallocEach(draft, size, count);
  const how = pick(random, "isolate", "lock", "lock");
  for (let holds = 1 + random(2); holds > 0; holds--) {
    holdOne(draft, how, live[live.length - 1 - random(count)]);
  }
  for (let left = count; left > 0; left--) freeAt(draft, live.length - 1);
  if (random(3) === 0) mallocOne(draft, size);
  if (random(2) === 0) letGo(draft);
  steps.push({ op: "free_deferred" });
}

/** A frame that was held is held no more. */
export function letGo(draft: Draft): void {
  const { random, steps, held } = draft;
  const [one] = held.splice(random(held.length), 1);
  if (one === undefined) return;
  const { page, how } = one;
  if (how === "lock") return void steps.push({ op: "unlock", page });
  if (random(3) > 0) steps.push({ op: "migrate_isolated", page });
  // Where that migrated it, it is passed over.
  steps.push({ op: "putback", page });
}
