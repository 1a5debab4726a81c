/** Random programs for a compression algorithm. */
import { KERNEL_CODECS } from "../../codec/codecs.ts";
import type { Profile } from "../../linux/profile.ts";
import type { Bytes } from "../bytes.ts";
import { type Program, randomLength, type Scope } from "../program.ts";
import { pick, type Random } from "../random.ts";
import {
  MATCH_DISTANCES,
  MATCH_LENGTHS,
  randomContents,
  randomWord,
} from "../random_page.ts";
import type { CodecCreate, CodecDict, CodecStep } from "./steps.ts";

/** Pages of 4 KiB mostly: large ones are dear. */
const PAGE_SIZES = [...Array(12).fill(4096), 8192, 16384, 32768, 65536, 65536];

/** Levels that each algorithm has, its ends among them; lz4 looks less the higher. */
const LEVELS: Readonly<Record<string, readonly number[]>> = {
  lz4: [1, 2, 3, 16, 99, 65536],
  lz4hc: [0, 1, 2, 3, 9, 10, 12, 16, 17],
  zstd: [-131072, -5, -1, 0, 1, 2, 3, 4, 6, 9, 13, 18, 22],
  deflate: [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
};

/** How far back deflate looks, as a power of two. */
const WINDOWS = [9, 10, 11, 12, 13, 14, 15];

/** Bytes of dictionaries, those among them that lz4 and lz4hc do not take. */
const DICTIONARIES = [0, 3, 4, 7, 8, 100, 4096, 16384, 65535, 65536, 65537];

/** Lengths at which forms of matches change: LZO's, LZ4's, deflate's. */
const LENGTHS = [...MATCH_LENGTHS, 18, 19, 20, 257, 258, 259, 273, 274, 275];

/** What a program compresses for. */
interface Sketch {
  readonly random: Random;
  readonly profile: Profile;
  readonly create: CodecCreate;
}

/** An algorithm, and what it is told, now and then nothing. */
function randomCreate(random: Random): CodecCreate {
  const { name: algorithm } = pick(random, ...KERNEL_CODECS);
  // LZO's rarest forms are of matches far back; deflate's second block is late.
  const isLarge = /^lzo|deflate/.test(algorithm) && random(3) === 0;
  const create = {
    user: pick(random, "zram", "zram", "zram", "zswap"),
    algorithm,
    pageSize: isLarge ? 65536 : pick(random, ...PAGE_SIZES),
  } as const;
  const levels = LEVELS[algorithm];
  const hasDict = algorithm !== "deflate" && random(2) === 0;
  if (levels === undefined || create.user === "zswap") return create;
  return {
    ...create,
    ...(random(4) > 0 ? { level: pick(random, ...levels) } : {}),
    ...(algorithm === "deflate" ? randomWindow(random) : {}),
    ...(hasDict ? { dict: randomDict(random) } : {}),
  };
}

function randomWindow(random: Random): Pick<CodecCreate, "winbits"> {
  const winbits = pick(random, ...WINDOWS);
  return random(4) === 0 ? {} : { winbits: pick(random, winbits, -winbits) };
}

function randomDict(random: Random): CodecDict {
  const bytes = pick(random, ...DICTIONARIES);
  const data = pick<Bytes>(
    random,
    { xorshift: 1 + random(9), bytes },
    randomContents(random, random(9), false),
  );
  return { bytes, data };
}

/** A random page: what has matches of every kind, or none. */
function randomData({ random, profile, create }: Sketch): Bytes {
  const { pageSize, dict } = create;
  const kind = random(16);
  if (kind === 0) return randomWord(random, profile, random(3) === 0);
  if (kind === 1) return { weyl: random(1000) };
  if (kind === 2) {
    return { kind: "almost", bytes: [random(256)], last: 1 + random(16) };
  }
  if (kind < 6) return randomFar(random, pageSize);
  if (kind < 9) {
    const bytes = pick(random, random(pageSize + 1), random(300), pageSize);
    return { xorshift: 1 + random(9999), bytes };
  }
  if (kind < 13 && dict !== undefined) return likeDict(random, dict);
  return randomContents(random, random(1000), random(3) === 0);
}

/** A page that begins as a dictionary does, or is of what that is of. */
function likeDict(random: Random, { data }: CodecDict): Bytes {
  if ("xorshift" in data) return { ...data, bytes: 1 + random(8192) };
  if (!("kind" in data) || data.kind !== "mixed") return data;
  return { ...data, random: random(100), noise: random(64), at: random(1000) };
}

/** Two blocks that are alike, at any distance that a page has. */
function randomFar(random: Random, pageSize: number): Bytes {
  const block = random(2) === 0 ? pick(random, ...LENGTHS) : 1 + random(600);
  const power = 1 << random(Math.log2(pageSize));
  const near = Math.max(1, power - random(300));
  const whole = 8 * (1 + random(pageSize >> 3));
  const distance = random(2) === 0
    ? pick(random, ...MATCH_DISTANCES.filter((one) => one < pageSize))
    : pick(random, power, near, power + 1, power + 8, whole);
  return { kind: "far", block, distance, seed: random(1000) };
}

/** A random program. */
export function randomCodecProgram(
  random: Random,
  scope: Scope,
): Program<CodecStep> {
  const profile = pick(random, ...scope.profiles);
  const create = randomCreate(random);
  const sketch = { random, profile, create };
  const steps: CodecStep[] = [{ op: "create", ...create }];
  const length = randomLength(random, scope.maxSteps);
  while (steps.length < length) {
    const data = randomData(sketch);
    if (random(4) > 0) steps.push({ op: "compress", data });
    else {
      const at = pick(random, random(8), random(65536));
      steps.push({ op: "damage", data, at, xor: 1 + random(255) });
    }
  }
  return { profile, steps };
}
