/** What each operation of a program does to a pool of the model. */
import { compactMemory } from "../../memory/memory_compaction.ts";
import { numbered, objectBytes } from "../../programs/zsmalloc/object_bytes.ts";
import type { ZsmallocSteps } from "../../programs/zsmalloc/steps.ts";
import { classesText } from "../../zsmalloc/debugfs.ts";
import { SKIPPED } from "../step_target.ts";
import { compact, compactAround } from "./pool_compaction.ts";
import { HOLD_STEPS } from "./pool_holds.ts";
import {
  freeOne,
  mallocOne,
  mappedBytes,
  type PoolState,
  type PoolSteps,
  tried,
  unmapOne,
} from "./pool_state.ts";

/** What each operation does. */
export const POOL_STEPS: PoolSteps = {
  ...HOLD_STEPS,

  malloc(state, { size, object, count }) {
    const names = numbered(object, count ?? 1);
    if (names.some((name) => state.objects.has(name))) return SKIPPED;
    const handles: number[] = [];
    for (const name of names) {
      const answer = mallocOne(state, size, name);
      if (typeof answer === "number") handles.push(answer);
      else if (count === undefined) return { error: answer };
      else return { handles, refused: answer };
    }
    return count === undefined ? { handle: handles[0] } : { handles };
  },

  free(state, { object }) {
    const there = [object].flat().filter((name) => state.objects.has(name));
    if (there.length === 0) return SKIPPED;
    const kept = there.filter((name) => !freeOne(state, name));
    return kept.length === 0 ? undefined : { kept };
  },

  write({ pool, objects, scratch }, { object, data, count = 1 }) {
    let written = 0;
    for (let nth = 0; nth < count; nth++) {
      const there = objects.get(object + nth);
      if (there === undefined) continue;
      const into = scratch.subarray(0, there.size);
      pool.write(there.handle, objectBytes(data, nth, into));
      written++;
    }
    return written === 0 ? SKIPPED : undefined;
  },

  read({ pool, objects }, { object, length }) {
    const there = objects.get(object);
    if (there === undefined || length > there.size) return SKIPPED;
    return { data: pool.read(there.handle, new Uint8Array(length)) };
  },

  compact: (state) => compact(state),

  stats: ({ pool }) => ({
    totalPages: pool.pagesAllocated,
    pagesCompacted: pool.pagesCompacted,
  }),

  classes: ({ pool }) => ({ value: classesText(pool) }),

  fail({ faults }, { what, after }) {
    faults.fail(what, after);
  },

  map({ pool, objects, mapped }, { mapping, object, mode, cpu, length }) {
    const there = objects.get(object);
    if (there === undefined || mapped.has(mapping)) return SKIPPED;
    const { handle } = there;
    const isPart = pool.profile.readSpan === "bytes-read";
    const asked = isPart ? length ?? Infinity : Infinity;
    const size = Math.min(asked, there.size);
    const found = tried(() => pool.map(handle, mode, cpu, size));
    if ("misuse" in found) return found;
    const one = { object: found, size };
    mapped.set(mapping, one);
    return { data: mappedBytes(one) };
  },

  write_mapped({ mapped, scratch }, { mapping, data }) {
    const one = mapped.get(mapping);
    if (one === undefined) return SKIPPED;
    const bytes = objectBytes(data, 0, scratch.subarray(0, one.size));
    return tried(() => one.object.write(bytes)) ?? { data: mappedBytes(one) };
  },

  unmap(state, { mapping }) {
    return state.mapped.has(mapping) ? unmapOne(state, mapping) : SKIPPED;
  },

  compact_around: compactAround,

  shrink({ pool, mapped }) {
    if (mapped.size > 0) return SKIPPED;
    const before = pool.objectsMigrated;
    const count = pool.shrinkerCount();
    const scanned = pool.shrinkerScan();
    const left = pool.shrinkerCount();
    const objectsMoved = pool.objectsMigrated - before;
    return { count, scanned, left, objectsMoved };
  },

  compact_memory({ pool: { memory, profile } }) {
    if (memory.buddy === undefined || profile.isolated === "off-list") {
      return SKIPPED;
    }
    compactMemory(memory);
  },

  migrate({ pool, objects, mapped }, { object }) {
    const there = objects.get(object);
    if (there === undefined) return SKIPPED;
    const pfn = pool.handles.pfnOf(there.handle);
    const migrate = () => pool.migratePage(pfn);
    // Only what is mapped is waited for.
    const to = mapped.size === 0 ? migrate() : tried(migrate);
    if (typeof to === "object") return to;
    return typeof to === "string" ? { error: to } : undefined;
  },

  misuse(state, { what, object }) {
    const misused = MISUSES[what](state, object);
    return misused === undefined ? SKIPPED : tried(misused) ?? {};
  },

  destroy({ pool, mapped, locked, isolated }) {
    const isHeld = mapped.size + locked.size + isolated.size > 0;
    return isHeld ? SKIPPED : { leaked: pool.destroy() };
  },
};

/** What Linux leaves undefined, where it can be tried. */
const MISUSES: Readonly<
  Record<
    ZsmallocSteps["misuse"]["what"],
    (state: PoolState, object: number) => (() => void) | undefined
  >
> = {
  "free-again": ({ pool, freed }, object) =>
    freed?.object === object && !pool.handles.isLive(freed.handle)
      ? () => pool.free(freed.handle)
      : undefined,
  "unmap-again": ({ pool, unmapped }, mapping) =>
    unmapped?.mapping === mapping
      ? () => pool.unmap(unmapped.object)
      : undefined,
  "write-beyond": ({ pool, objects }, object) => {
    const there = objects.get(object);
    if (there === undefined) return undefined;
    const tooMany = new Uint8Array(pool.geometry.pageSize + 1);
    return () => pool.write(there.handle, tooMany);
  },
};
