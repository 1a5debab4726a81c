import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { commandTest, zspec } from "./command.ts";

/** Files of text, of noise and of zeros: 60 pages. */
async function writeFiles(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/files`);
  const lines = Array.from({ length: 9000 }, (_, nth) => `line ${nth * nth}\n`);
  await Deno.writeTextFile(
    `${folder}/files/text`,
    lines.join("").slice(0, 81920),
  );
  await Deno.writeFile(
    `${folder}/files/noise`,
    crypto.getRandomValues(new Uint8Array(81920 / 2)),
  );
  await Deno.writeFile(`${folder}/files/zeros`, new Uint8Array(30 * 4096));
}

interface Run {
  readonly name: string;
  readonly held: number;
  readonly heldWithoutMemory: number;
  readonly memory: number;
  readonly refused: number;
  readonly inMemory: number;
}

/** The figures of `zspec swap --json`. */
async function swapRuns(folder: string, ...args: string[]): Promise<Run[]> {
  const { code, stdout, stderr } = await zspec(
    folder,
    "swap",
    "files",
    "--json",
    ...args,
  );
  assertEquals([code, stderr], [0, ""]);
  return JSON.parse(stdout).runs;
}

commandTest(
  "zspec swap puts zram and zswap over every allocator side by side, none above its memory",
  async (folder) => {
    await writeFiles(folder);
    const { code, stdout } = await zspec(folder, "swap", "files");
    assertEquals(code, 0);
    assertStringIncludes(stdout, "3 files: 60 pages under pressure, linux-6.1");
    assertStringIncludes(stdout, "Every page was read back (--seed 1)");
    const runs = await swapRuns(folder, "--memory", "40K");
    assertEquals(runs.map(({ name }) => name), [
      "zram",
      "zram, then a disk",
      "zram, written back",
      "zswap on zbud",
      "zswap on z3fold",
      "zswap on zsmalloc",
      "zswap above zram",
    ]);
    for (const { name, memory, held, heldWithoutMemory, inMemory } of runs) {
      // zswap looks at the limit before it stores, and may pass it once.
      assert(memory <= (name.startsWith("zram") ? 10 : 14) * 4096, name);
      // A full zswap refuses pages of zeros too; zram has no need of memory for them.
      const takesZeros = name.includes("zram") && name !== "zram, then a disk";
      assertEquals(heldWithoutMemory === 30, takesZeros, name);
      assert(held + inMemory <= 60);
    }
    const [zram] = runs;
    assertEquals(zram.held + zram.inMemory, 60);
  },
);

commandTest(
  "with memory for all, zbud holds two pages in one, z3fold up to three, and zsmalloc what there is room for",
  async (folder) => {
    await Deno.mkdir(`${folder}/files`);
    const lines = Array.from(
      { length: 90000 },
      (_, nth) => `page ${nth % 100}\n`,
    );
    await Deno.writeTextFile(`${folder}/files/text`, lines.join(""));
    const runs = await swapRuns(folder, "--memory", "4M");
    const zswaps = runs.filter(({ name }) => name.startsWith("zswap on"));
    const ratios = zswaps.map(({ held, heldWithoutMemory, memory }) =>
      (held - heldWithoutMemory) / (memory / 4096)
    );
    const [zbud, z3fold, zsmalloc] = ratios;
    assert(zbud > 1.9 && zbud <= 2, `zbud holds ${zbud} in a page`);
    assert(z3fold > 2 && z3fold <= 3, `z3fold holds ${z3fold}`);
    assert(zsmalloc > z3fold, `zsmalloc holds ${zsmalloc}`);
  },
);

commandTest(
  "zspec swap of linux-6.18 has zsmalloc alone, and refuses what it cannot read",
  async (folder) => {
    await writeFiles(folder);
    const runs = await swapRuns(folder, "--profile", "linux-6.18");
    assertEquals(runs.map(({ name }) => name), [
      "zram",
      "zram, then a disk",
      "zram, written back",
      "zswap on zsmalloc",
      "zswap above zram",
    ]);
    const cases = [
      [["--memory", "1"], "not at least a page of 4096"],
      [["--memory", "much"], "not a size such as 512M"],
      [["--profile", "linux-2.4"], "Unknown profile"],
      [["nothing"], "there is no such file"],
    ] as const;
    for (const [args, message] of cases) {
      const { code, stderr } = await zspec(folder, "swap", ...args);
      assertEquals(code, 2);
      assertStringIncludes(stderr, message);
    }
  },
);
