import { assert, assertEquals } from "@std/assert";
import {
  describedProfile,
  isRefusal,
  modelZram,
  parseTranscript,
  type Profile,
  type Refusal,
  type ZramTarget,
} from "../mod.ts";
import type { Kernel } from "../src/live/kernel.ts";
import { LiveZram } from "../src/live/live_zram.ts";
import { recordZram } from "../src/live/record.ts";
import { expandBytes } from "../src/programs/bytes.ts";
import { conform } from "../src/search/conform.ts";
import { replay } from "../src/search/replay.ts";
import { backedZramSuite } from "../src/search/suites/zram.ts";

const BACKING_PAGES = 16;
const PAGE_SIZE = 4096;
const RECOMPRESSING = ["linux-6.12", "linux-6.18", "linux-7.3"].map((release) =>
  describedProfile(`${release},recompression=yes,algorithms=lzo-rle:lzo:lz4`)
);

/** The rows of `block_state` with times, as debugfs has them. */
async function rows(model: ZramTarget): Promise<{ text: string } | Refusal> {
  const state = await model.blockState?.() ?? [];
  if (isRefusal(state)) return state;
  const text = state.map(([page, flags]) => `${page} 1.000000 ${flags}\n`);
  return { text: text.join("") };
}

/** A kernel whose one device is the model's. */
function modelKernel(profile: Profile): Kernel {
  const model = modelZram(profile, BACKING_PAGES);
  const attributeAt = (path: string) => path.split("/").at(-1) ?? "";
  return {
    async readFile(path) {
      if (path.endsWith("/block_state")) return rows(model);
      const shown = await model.get(attributeAt(path));
      return isRefusal(shown) ? shown : { text: shown.value };
    },
    writeFile: async (path, text) =>
      await model.set(attributeAt(path), text) ?? undefined,
    readBlocks: async (_device, offset) => await model.read(offset / PAGE_SIZE),
    async writeBlocks(_device, offset, data) {
      const answer = await model.write(offset / PAGE_SIZE, data);
      return isRefusal(answer) ? answer : undefined;
    },
    discardBlocks: async (_device, offset, bytes) =>
      await model.discard(offset / PAGE_SIZE, bytes / PAGE_SIZE) ?? undefined,
    closeDevice: () => Promise.resolve(),
    sleep: () => Promise.resolve(),
  };
}

/** A page that LZ4 makes smaller than LZO does. */
const WORDS = new TextEncoder().encode("compressed ".repeat(400))
  .subarray(0, PAGE_SIZE);
/** A page that none makes smaller. */
const NOISE = expandBytes({ xorshift: 7, bytes: PAGE_SIZE }, PAGE_SIZE);

for (const profile of RECOMPRESSING) {
  Deno.test(`a live device of ${profile.name} tells how a page is stored, but not in the place of a recompressed one`, async () => {
    const live = new LiveZram(modelKernel(profile), "zram0", profile);
    await live.create();
    await live.set("comp_algorithm", "lzo");
    await live.set("recomp_algorithm", "algo=lz4 priority=1");
    await live.set("disksize", "64K");
    const first = [await live.write(0, WORDS), await live.write(1, NOISE)];
    assert(first.every((answer) => "stored" in answer));
    await live.set("recompress", "priority=1");
    assertEquals([live.tellsStored(0), live.tellsStored(1)], [false, true]);
    // In the place of the recompressed page, and once more in the place of that.
    assertEquals(await live.write(0, WORDS), {});
    assertEquals(await live.write(0, NOISE), {});
    // The other was tried, and is as it was.
    assertEquals(await live.write(1, NOISE), first[1]);
    await live.discard(0, 1);
    assertEquals(await live.write(0, WORDS), first[0]);
  });

  Deno.test(`a live device of ${profile.name} conforms to its own kernel at level exact`, async () => {
    const live = new LiveZram(modelKernel(profile), "zram0", profile);
    const suite = backedZramSuite(BACKING_PAGES);
    const options = { level: "exact", profile, runs: 40, seed: 1 } as const;
    const { finding } = await conform(suite, live, options);
    assertEquals(finding, undefined);
  });

  Deno.test(`recordings of ${profile.name} that recompress tell every length, and are followed`, async () => {
    const plan = { profile, steps: 1200, backingPages: BACKING_PAGES };
    let recompressed = 0;
    for (let seed = 1; seed <= 8; seed++) {
      const live = new LiveZram(modelKernel(profile), "zram0", profile);
      let text = "";
      for await (
        const line of recordZram(live, "the model", { ...plan, seed })
      ) {
        text += line;
      }
      recompressed += text.match(/"state".*"....r."/g)?.length ?? 0;
      const { sizes, failure } = replay(parseTranscript(text));
      assertEquals([seed, sizes, failure], [seed, "computed", undefined]);
    }
    assert(recompressed > 0, "no recording shows a recompressed page");
  });
}

Deno.test("an age of 0 that a recording has marks every page that was accessed before", () => {
  const [{ name }] = RECOMPRESSING;
  const text = [
    `{"zspec":"transcript/1","target":"zram","kernel":"6.12","profile":"${name}","pageSize":4096,"wordBits":64,"chainSize":8}`,
    '{"op":"set","attr":"disksize","value":"64K"}',
    '{"op":"write","page":0,"data":{"xorshift":7,"bytes":4096},"stored":4096}',
    '{"op":"set","attr":"idle","value":"0"}',
    '{"op":"block_state","state":[[0,"..hi.."]]}',
  ].join("\n");
  assertEquals(replay(parseTranscript(text)).failure, undefined);
});
