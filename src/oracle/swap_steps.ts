/** What is done to a process with zswap below it: random steps from a seed. */
import { pick, type Random, randomFrom } from "../programs/random.ts";
import { KERNEL_CODECS } from "../codec/codecs.ts";
import type { Profile } from "../linux/profile.ts";
import { type Bytes, bytes } from "../programs/bytes.ts";
import { randomContents, randomWord } from "../programs/random_page.ts";
import type { Fields } from "../programs/fields.ts";
import type { SwapStep } from "../targets/swap_target.ts";

/** Pages of the process: all of them fit into the swap device. */
export const SWAP_PROCESS_PAGES = 240;

const set = (attr: string, value: string): SwapStep => ({
  op: "set",
  attr,
  value,
});

/** A page: of one word, of noise and zeros, of few symbols, or of a pattern. */
function anyPage(random: Random, profile: Profile): Bytes {
  const seed = 1 + random(1e6);
  const kind = random(20);
  if (kind < 3) return randomWord(random, profile, kind === 0);
  return kind < 16
    ? { xorshift: seed, bytes: random(profile.pageSize + 1) }
    : randomContents(random, seed, kind < 18);
}

/** A parameter and what it is set to, sometimes what it cannot be. */
function anySetting(
  random: Random,
  { zswap }: Profile,
  zpools: readonly string[],
): SwapStep {
  const compressors = KERNEL_CODECS.map(({ name }) => name)
    .filter((name) => zswap.compressors.includes(name));
  switch (random(9)) {
    case 0:
      return set("zpool", pick(random, ...zpools));
    case 1:
      return set("compressor", pick(random, ...compressors));
    case 2:
    case 3:
      return set("max_pool_percent", pick(random, "0", "1", "1", "20"));
    case 4:
      return set("accept_threshold_percent", pick(random, "0", "1", "90"));
    case 5:
      return set("same_filled_pages_enabled", pick(random, "0", "Y"));
    case 6:
      return set("non_same_filled_pages_enabled", pick(random, "n", "1", "1"));
    case 7:
      return set("enabled", pick(random, "0", "1", "1"));
    default:
      return pick(
        random,
        set("zpool", "nosuch"),
        set("compressor", "nosuch"),
        set("max_pool_percent", "many"),
        set("enabled", "maybe"),
        set("nosuch", "1"),
      );
  }
}

function anyStep(
  random: Random,
  profile: Profile,
  zpools: readonly string[],
): SwapStep {
  const page = random(SWAP_PROCESS_PAGES);
  const kind = random(100);
  if (kind < 30) return { op: "write", page, data: anyPage(random, profile) };
  if (kind < 72) return { op: "pageout", page };
  if (kind < 85) return { op: "read", page };
  if (kind < 92) return { op: "forget", page };
  if (kind < 95) {
    const names = Object.keys(profile.zswap.parameters);
    return { op: "get", attr: pick(random, ...names, "nosuch") };
  }
  return anySetting(random, profile, zpools);
}

/** Pages written and paged out one after the other, until a pool is full. */
function fill(random: Random, profile: Profile): SwapStep[] {
  const pages = random(SWAP_PROCESS_PAGES);
  // Of noise that no two pages of share one frame, or of anything.
  const least = pick(random, 0, profile.pageSize / 2);
  const anyNoise = (): Bytes => ({
    xorshift: 1 + random(1e6),
    bytes: least + random(profile.pageSize - least),
  });
  return Array.from({ length: pages }, (_, page): SwapStep[] => {
    const data = least > 0 ? anyNoise() : anyPage(random, profile);
    return [{ op: "write", page, data }, { op: "pageout", page }];
  }).flat();
}

/** What the process does with one allocator after the other, each its turn. */
function turns(
  random: Random,
  profile: Profile,
  zpools: readonly string[],
  steps: number,
): SwapStep[] {
  const first = random(zpools.length);
  // Each has its least share; what is left goes to them at random.
  const share = Math.floor(steps / (2 * zpools.length));
  const ends = [
    ...zpools.slice(1).map(() => random(steps - zpools.length * share + 1)),
    steps - zpools.length * share,
  ].sort((one, other) => one - other);
  return ends.flatMap((end, nth) => {
    const length = share + end - (ends[nth - 1] ?? 0);
    return [
      set("zpool", zpools[(first + nth) % zpools.length]),
      ...random(3) === 0 ? fill(random, profile) : [],
      ...Array.from({ length }, () => anyStep(random, profile, zpools)),
    ];
  });
}

/**
 * Random steps, the same ones for the same seed: settings, then pages written
 * and paged out, read and given back, and at times another setting. Pages are
 * stored with each allocator, of those that the kernel has, one after the other.
 * `steps` is the least number of them: what fills a pool comes to it.
 */
export function swapSteps(
  profile: Profile,
  seed: number,
  steps: number,
  zpools: readonly string[] = profile.zswap.zpools,
): SwapStep[] {
  const random = randomFrom(seed);
  const first: SwapStep[] = [
    { op: "create" },
    set("max_pool_percent", pick(random, "1", "1", "20")),
    ...Array.from({ length: 2 }, () => anySetting(random, profile, zpools)),
    set("enabled", "1"),
    ...Array.from(
      { length: 60 },
      (): SwapStep => ({
        op: "write",
        page: random(SWAP_PROCESS_PAGES),
        data: anyPage(random, profile),
      }),
    ),
  ];
  return [
    ...first,
    ...turns(random, profile, zpools, Math.max(0, steps - first.length)),
  ];
}

/** Reads a step. */
export function parseSwapStep(fields: Fields): SwapStep {
  const op = fields.text("op");
  switch (op) {
    case "create":
      return { op };
    case "set":
      return {
        op,
        attr: fields.text("attr"),
        value: fields.text("value"),
      };
    case "get":
      return { op, attr: fields.text("attr") };
    case "write":
      return {
        op,
        page: fields.whole("page"),
        data: fields.required("data", bytes, "bytes in one of their forms"),
      };
    case "read":
    case "pageout":
    case "forget":
      return { op, page: fields.whole("page") };
    default:
      return fields.fail(
        `unknown op '${op}', not create, set, get, write, read, pageout or forget`,
      );
  }
}
