/** Bursts by which objects are mapped, and what goes on meanwhile. */
import { pick } from "../random.ts";
import { anyLive, type Draft, noise } from "./draft.ts";
import { compact, fillAndThin, mallocOne } from "./object_bursts.ts";
import { MAP_MODES } from "./steps.ts";

/** CPUs that map objects. */
const CPUS = 4;

/** Maps an object, and answers its mapping. */
function mapOne(draft: Draft, object: number): number {
  const { random, profile, sizes, steps, mapped } = draft;
  const mode = profile.mapping === "read-only-copy" && random(8) > 0
    ? "read-only"
    : pick(random, ...MAP_MODES);
  const mapping = draft.next++;
  mapped.push(mapping);
  const isPart = profile.readSpan === "bytes-read" && random(2) === 0;
  steps.push({
    op: "map",
    mapping,
    object,
    mode,
    cpu: random(CPUS),
    ...(isPart ? { length: 1 + random(sizes[0]) } : {}),
  });
  return mapping;
}

/** Objects of a thinned pool are mapped, and in the way of its compaction. */
export function compactMapped(draft: Draft): void {
  const { random, steps } = draft;
  fillAndThin(draft);
  for (let left = 1 + random(3); left > 0; left--) {
    const { length } = draft.live;
    mapOne(draft, draft.live[length - 1 - random(Math.min(length, 12))] ?? 0);
  }
  steps.push({ op: "compact" });
}

export function map(draft: Draft): void {
  const object = anyLive(draft);
  const mapping = mapOne(draft, object);
  switch (draft.random(3)) {
    case 0:
      // A pool with an object mapped is compacted, freed from, migrated.
      return compact(draft);
    case 1:
      return writeAndUnmap(draft, mapping, object);
  }
}

/** New objects of one size, wherever they lie in their zspages, are mapped. */
export function mapEach(draft: Draft): void {
  const { random, sizes } = draft;
  const size = pick(random, ...sizes);
  for (let left = 1 + random(8); left > 0; left--) {
    mallocOne(draft, size);
    const object = draft.next - 1;
    writeAndUnmap(draft, mapOne(draft, object), object);
  }
}

/** An object is written while it is mapped, here or there, and read afterwards. */
function writeAndUnmap(draft: Draft, mapping: number, object: number): void {
  const { random, sizes, steps, mapped } = draft;
  const data = noise(draft);
  mapped.pop();
  steps.push(
    random(2) === 0
      ? { op: "write_mapped", mapping, data }
      : { op: "write", object, data },
    { op: "unmap", mapping },
    { op: "read", object, length: Math.min(...sizes) },
  );
}

export function writeMapped(draft: Draft): void {
  const { random, mapped, steps } = draft;
  if (mapped.length === 0) return;
  const mapping = pick(random, ...mapped);
  steps.push({ op: "write_mapped", mapping, data: noise(draft) });
}

export function unmap({ random, mapped, steps }: Draft): void {
  if (mapped.length === 0) return;
  const [mapping] = mapped.splice(random(mapped.length), 1);
  steps.push({ op: "unmap", mapping });
}
