/** Models with one thing wrong with them: one for each rule of a contract. */
import {
  type Answer,
  isRefusal,
  LINUX_6_18,
  modelZram,
  modelZsmalloc,
  modelZswap,
  type ZramContractRule,
  type ZramTarget,
  type ZsmallocContractRule,
  type ZsmallocStats,
  type ZsmallocTarget,
  type ZswapContractRule,
  type ZswapStats,
  type ZswapTarget,
} from "../../mod.ts";

/** What makes a target that breaks a rule. */
export type Broken<T> = () => T;

/** The result of a request that a model does not refuse. */
async function answered<Result>(answer: Answer<Result>): Promise<Result> {
  const result = await answer;
  if (!isRefusal(result)) return result;
  throw new Error(`the model answers ${result.error}`);
}

type Change<T> = (model: T) => Partial<T>;

const zsmalloc = (change: Change<ZsmallocTarget>) => () => {
  const model = modelZsmalloc(LINUX_6_18);
  return { ...model, ...change(model) };
};

/** An allocator whose counters are not what they are. */
const counting = (change: (stats: ZsmallocStats) => Partial<ZsmallocStats>) =>
  zsmalloc((model) => ({
    async stats() {
      const stats = await answered(model.stats());
      return { ...stats, ...change(stats) };
    },
  }));

/** Answers as many pages as are chained for each object, whatever its size. */
function wasteful(): ZsmallocTarget {
  const model = modelZsmalloc(LINUX_6_18);
  let [objects, chain] = [0, 0];
  return {
    ...model,
    create(setup) {
      [objects, chain] = [0, setup.chainSize];
      return model.create(setup);
    },
    async malloc(size) {
      const answer = await model.malloc(size);
      if (!isRefusal(answer)) objects++;
      return answer;
    },
    free(handle) {
      objects--;
      return model.free(handle);
    },
    stats: () => ({ totalPages: objects * chain, pagesCompacted: 0 }),
  };
}

/** An allocator that breaks each rule of its contract. */
export const BROKEN_ZSMALLOC: Readonly<
  Record<ZsmallocContractRule, Broken<ZsmallocTarget>>
> = {
  succeeds: zsmalloc(() => ({ free: () => ({ error: "EINVAL" }) })),
  gives: zsmalloc((model) => ({
    malloc: (size) => size > 3000 ? { error: "ENOMEM" } : model.malloc(size),
  })),
  refuses: zsmalloc((model) => ({
    malloc: (size) => model.malloc(Math.max(size, 1)),
  })),
  notZero: zsmalloc((model) => ({
    malloc: async (size) => {
      const answer = await model.malloc(size);
      return isRefusal(answer) ? answer : { handle: "0x0" };
    },
  })),
  unique: zsmalloc((model) => ({
    malloc: async (size) => {
      const answer = await model.malloc(size);
      return isRefusal(answer) ? answer : { handle: "8" };
    },
  })),
  data: zsmalloc(() => ({
    read: (_handle, length) => ({ data: new Uint8Array(length) }),
  })),
  enough: counting(() => ({ totalPages: 0 })),
  bounded: counting(({ totalPages }) => ({ totalPages: totalPages + 1 })),
  packed: wasteful,
  steady: zsmalloc((model) => {
    let asked = 0;
    return {
      create(setup) {
        asked = 0;
        return model.create(setup);
      },
      async stats() {
        const { totalPages, pagesCompacted } = await answered(model.stats());
        const more = totalPages > 0 ? asked++ % 2 : 0;
        return { totalPages: totalPages + more, pagesCompacted };
      },
    };
  }),
  compactFreed: zsmalloc((model) => ({
    async compact() {
      await model.compact();
      return { pagesFreed: 0 };
    },
    async stats() {
      return { ...await answered(model.stats()), pagesCompacted: 0 };
    },
  })),
  compacted: counting(() => ({ pagesCompacted: 1 })),
};

const zram = (change: Change<ZramTarget>) => () => {
  const model = modelZram(LINUX_6_18);
  return { ...model, ...change(model) };
};

/** A device whose `mm_stat` has a number that is a page too much. */
const misshown = (field: number) =>
  zram((model) => ({
    async get(attr) {
      const { value } = await answered(model.get(attr));
      if (attr !== "mm_stat") return { value };
      const numbers = value.trim().split(/ +/).map(Number);
      numbers[field] += 4096;
      return { value: numbers.join(" ") };
    },
  }));

/** A device that breaks each rule of its contract. */
export const BROKEN_ZRAM: Readonly<
  Record<ZramContractRule, Broken<ZramTarget>>
> = {
  succeeds: zram(() => ({ discard: () => ({ error: "EIO" }) })),
  outside: zram((model) => ({
    async read(page) {
      const answer = await model.read(page);
      return isRefusal(answer) ? { data: new Uint8Array(4096) } : answer;
    },
  })),
  refuses: zram((model) => ({
    async set(attr, value) {
      const answer = await model.set(attr, value);
      if (attr !== "disksize") return answer;
    },
  })),
  writes: zram(() => ({ write: () => ({ error: "ENOMEM" }) })),
  stored: zram((model) => ({
    async write(page, data) {
      const answer = await model.write(page, data);
      return isRefusal(answer)
        ? answer
        : { stored: (answer.stored ?? 0) + 4096 };
    },
  })),
  data: zram((model) => ({
    async read(page) {
      const answer = await model.read(page);
      return isRefusal(answer) ? answer : { data: new Uint8Array(4096) };
    },
  })),
  texts: zram((model) => ({
    get: (attr) => attr === "initstate" ? { value: "2\n" } : model.get(attr),
  })),
  origDataSize: misshown(0),
  comprDataSize: misshown(1),
  memUsedTotal: misshown(2),
  memLimit: misshown(3),
  memUsedMax: misshown(4),
  samePages: misshown(5),
  pagesCompacted: misshown(6),
  hugePages: misshown(7),
};

const zswap = (change: Change<ZswapTarget>) => () => {
  const model = modelZswap(LINUX_6_18);
  return { ...model, ...change(model) };
};

/** A swap cache whose counters are not what they are. */
const miscounted = (change: (stats: ZswapStats) => Partial<ZswapStats>) =>
  zswap((model) => ({
    async stats() {
      const stats = await answered(model.stats());
      return { ...stats, ...change(stats) };
    },
  }));

/** A swap cache that breaks each rule of its contract. */
export const BROKEN_ZSWAP: Readonly<
  Record<ZswapContractRule, Broken<ZswapTarget>>
> = {
  succeeds: zswap(() => ({ invalidate: () => ({ error: "ENOENT" }) })),
  stores: zswap(() => ({
    store: () => ({ stored: false, reason: "it is too warm" }),
  })),
  kept: zswap((model) => ({
    async load(type, offset) {
      await model.invalidate(type, offset);
      return { data: null };
    },
  })),
  newest: zswap((model) => ({
    async load(type, offset) {
      const { data } = await answered(model.load(type, offset));
      return { data: data === null ? null : data.with(0, data[0] ^ 1) };
    },
  })),
  written: zswap((model) => ({
    async writeback(entries) {
      const { written } = await answered(model.writeback(entries));
      return {
        written: written.map(([type, offset, data]) => [
          type,
          offset + 1000,
          data,
        ]),
      };
    },
  })),
  storedPages: miscounted(({ storedPages }) => ({
    storedPages: storedPages + 1,
  })),
  poolTotalSize: miscounted(({ poolTotalSize }) => ({
    poolTotalSize: poolTotalSize + 1,
  })),
  writtenBackPages: miscounted(() => ({ writtenBackPages: 0 })),
};
