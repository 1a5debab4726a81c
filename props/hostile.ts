/**
 * Data that no encoder made, for every decoder that there is:
 *
 *     deno run -A props/hostile.ts [--inputs N] [--seed N]
 *
 * Prints for each decoder how many inputs it was given, how many it refused,
 * how many it made a page of, and how long the slowest took. Ends at the first
 * that throws something else, writes beside the page or harms a later call.
 */
import { assert, assertEquals } from "@std/assert";
import {
  type Codec,
  CorruptDataError,
  deflate,
  KERNEL_CODECS,
  LINUX_5_10,
  lz4,
  lz4hc,
  lz4Wasm,
  type Random,
  randomFrom,
  zstd,
  zstdOf,
} from "../mod.ts";
import { progress } from "../src/cli/progress.ts";
import { parseOptions, wholeOption } from "../src/cli/usage.ts";
import { pick } from "../src/programs/random.ts";
import { grouped, table } from "../src/report/table.ts";
import { CODEC_DICTIONARIES, CODEC_PAGES } from "./codec_pages.ts";

const PAGE_SIZE = 4096;
const LARGEST_PAGE = 65536;
/** Bytes on both sides of a page that no decoder may write. */
const BESIDE = 4096;
const UNTOUCHED = 0xa5;

const dict = CODEC_DICTIONARIES["4 KiB"];

/** A codec with what it is told. */
function told(
  codec: Codec,
  params: Parameters<NonNullable<Codec["withParams"]>>[0],
): Codec {
  const made = codec.withParams?.(params);
  assert(made !== undefined, `${codec.name} takes no parameters`);
  return made;
}

/** Every decoder, by what it reads. */
export const DECODERS: Readonly<Record<string, Codec>> = {
  ...Object.fromEntries(KERNEL_CODECS.map((codec) => [codec.name, codec])),
  "lz4 with a dictionary": told(lz4, { dict }),
  "lz4hc with a dictionary": told(lz4hc, { dict }),
  "zstd of 5.10": zstdOf(LINUX_5_10.zram.zstd),
  "zstd with a dictionary": told(zstd, { dict }),
  "deflate with a header": told(deflate, { winbits: 15 }),
  "lz4-wasm": lz4Wasm,
};

const into = new Uint8Array(4 * LARGEST_PAGE);

function streamOf(codec: Codec, page: Uint8Array): Uint8Array {
  return into.slice(0, codec.compress(page, into));
}

/** A page of the largest size: some pages one behind the other. */
function largePage(random: Random): Uint8Array {
  const page = new Uint8Array(LARGEST_PAGE);
  for (let at = 0; at < LARGEST_PAGE; at += PAGE_SIZE) {
    page.set(pick(random, ...CODEC_PAGES).bytes, at);
  }
  return page;
}

function noise(random: Random, most: number): Uint8Array {
  return Uint8Array.from({ length: random(most) }, () => random(256));
}

/** How data becomes hostile: from a stream, or from nothing. */
const DAMAGES: Readonly<
  Record<
    string,
    (random: Random, codec: Codec, whole: Uint8Array) => Uint8Array
  >
> = {
  cut: (random, _, whole) => whole.slice(0, random(whole.length)),
  flipped(random, _, whole) {
    const stream = whole.slice();
    for (let nth = random(4); nth >= 0; nth--) {
      stream[random(stream.length)] ^= 1 + random(255);
    }
    return stream;
  },
  "flipped at its head"(random, _, whole) {
    const stream = whole.slice();
    stream[random(Math.min(8, stream.length))] ^= 1 << random(8);
    return stream;
  },
  longer: (random, _, whole) =>
    Uint8Array.from([...whole, ...noise(random, 64)]),
  spliced(random, codec, whole) {
    const other = streamOf(codec, pick(random, ...CODEC_PAGES).bytes);
    return Uint8Array.from([
      ...whole.subarray(0, random(whole.length)),
      ...other.subarray(random(other.length)),
    ]);
  },
  "of a larger page": (random, codec) => streamOf(codec, largePage(random)),
  random: (random) => noise(random, 300),
};

/** What came of hostile data. */
export interface Outcome {
  refused: number;
  made: number;
  /** Milliseconds of the slowest. */
  slowest: number;
}

/** Gives a decoder so many inputs; each of them must be refused or make a page. */
export function attack(codec: Codec, seed: number, inputs: number): Outcome {
  const random = randomFrom(seed);
  const outcome = { refused: 0, made: 0, slowest: 0 };
  const room = new Uint8Array(PAGE_SIZE + 2 * BESIDE).fill(UNTOUCHED);
  const back = room.subarray(BESIDE, BESIDE + PAGE_SIZE);
  for (let nth = 0; nth < inputs; nth++) {
    const page = pick(random, ...CODEC_PAGES).bytes;
    const whole = streamOf(codec, page);
    const damage = DAMAGES[pick(random, ...Object.keys(DAMAGES))];
    const hostile = damage(random, codec, whole);
    const started = performance.now();
    try {
      codec.decompress(hostile, back);
      outcome.made++;
    } catch (error) {
      assert(error instanceof CorruptDataError, `input ${nth}: ${error}`);
      assert(error.message.length > 0);
      outcome.refused++;
    }
    outcome.slowest = Math.max(outcome.slowest, performance.now() - started);
    codec.decompress(whole, back);
    assertEquals(back, page, `after input ${nth}`);
  }
  const beside = [...room.subarray(0, BESIDE), ...room.subarray(-BESIDE)];
  assert(beside.every((byte) => byte === UNTOUCHED), "written beside the page");
  return outcome;
}

if (import.meta.main) {
  const options = parseOptions(Deno.args, {
    string: ["inputs", "seed"],
    boolean: [],
  });
  const inputs = wholeOption(options, "inputs", 1, 1e9) ?? 10_000;
  const seed = wholeOption(options, "seed", 0, 2 ** 32 - 1) ?? 1;
  console.log(`seed ${seed}`);
  const names = Object.keys(DECODERS);
  const shown = progress("attacking", names.length);
  const rows = names.map((name, nth) => {
    const { refused, made, slowest } = attack(DECODERS[name], seed, inputs);
    shown.step(nth + 1);
    return [
      name,
      grouped(inputs),
      grouped(refused),
      grouped(made),
      slowest.toFixed(1),
    ];
  });
  shown.end();
  console.log(
    table([
      { title: "decoder", align: "left" },
      { title: "inputs" },
      { title: "refused" },
      { title: "made a page" },
      { title: "slowest, ms" },
    ], rows).trimEnd(),
  );
}
