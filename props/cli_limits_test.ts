import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { assertRefused, commandTest, noise, zspec } from "./command.ts";

/** Sixteen pages that do not compress. */
async function writeNoise(folder: string): Promise<void> {
  await Deno.writeFile(`${folder}/noise`, noise(16 * 4096));
}

async function run(folder: string, ...args: string[]) {
  const command = ["run", "noise", "--json", ...args];
  const { code, stdout, stderr } = await zspec(folder, ...command);
  assertEquals([code, stderr], [0, ""]);
  return JSON.parse(stdout);
}

commandTest(
  "zspec run on a disk that is too small writes until ENOSPC, and goes on with what is stored",
  async (folder) => {
    await writeNoise(folder);
    const { disksize, written, refused, pages, freed, intact } = await run(
      folder,
      ...["--disksize", "37K"],
    );
    assertEquals(disksize, 40960);
    assertEquals(refused, { page: 10, errno: "ENOSPC", by: "disksize" });
    assertEquals(written.mmStat.orig_data_size, 40960);
    assertEquals([pages, freed, intact], [16, 5, 5]);
    const { stdout } = await zspec(
      folder,
      ...["run", "noise", "--disksize", "40K"],
    );
    assertStringIncludes(
      stdout,
      "Page 10 is refused with ENOSPC: the disk of 40K ends before it. 10 pages are\nstored, and 5 behind it were not tried.",
    );
    assertStringIncludes(stdout, "5 of 10 pages were left (--seed 1)");
  },
);

commandTest(
  "zspec run --mem-limit writes until EIO, and mm_stat shows what the refused page took",
  async (folder) => {
    await writeNoise(folder);
    const { written, refused } = await run(folder, "--mem-limit", "28K");
    assertEquals(refused, { page: 7, errno: "EIO", by: "mem_limit" });
    const { mem_used_total, mem_limit, mem_used_max } = written.mmStat;
    // The eighth page was in the pool before zram looked.
    assertEquals(
      [mem_used_total, mem_limit, mem_used_max],
      [7 * 4096, 7 * 4096, 8 * 4096],
    );
    // 4.0 does not count it.
    const of40 = await run(
      folder,
      ...["--mem-limit", "28K", "--profile", "linux-4.0", "--algorithm", "lzo"],
    );
    assertEquals(of40.refused, refused);
    assertEquals(of40.written.mmStat.mem_used_max, 7 * 4096);
    const none = await run(folder, "--mem-limit", "64K");
    assertEquals([none.refused, none.intact], [undefined, 8]);
    assertRefused(
      await zspec(
        folder,
        ...["run", "noise", "--mem-limit", "64K", "--profile", "linux-3.12"],
      ),
      "linux-3.12 has no mem_limit",
    );
    for (
      const [option, message] of [
        [
          "--recompress",
          "linux-3.12 has no recompression, which came with 6.2",
        ],
        ["--backing", "linux-3.12 has no writeback, which came with 4.14"],
      ]
    ) {
      const value = option === "--backing" ? "4M" : "zstd";
      const { stderr, ...refused } = await zspec(
        folder,
        ...["run", "noise", option, value, "--profile", "linux-3.12"],
      );
      assertRefused({ ...refused, stderr }, message);
      assert(stderr.endsWith(`${message}\n`), stderr);
    }
  },
);

commandTest(
  "the memory that predict shows is the least limit with which run writes all",
  async (folder) => {
    await writeNoise(folder);
    const text = Array.from({ length: 9000 }, (_, nth) => `item ${nth ** 2}, `);
    await Deno.writeTextFile(`${folder}/noise`, text.join(""), {
      append: true,
    });
    const predicted = await zspec(
      folder,
      ...["predict", "noise", "--json", "--algorithm", "lz4"],
    );
    const [{ mmStat: { mem_used_total } }] =
      JSON.parse(predicted.stdout).predictions;
    const limited = (bytes: number) => run(folder, "--mem-limit", `${bytes}`);
    const { refused, written } = await limited(mem_used_total);
    assertEquals(refused, undefined);
    assertEquals(written.mmStat.mem_used_total, mem_used_total);
    const less = await limited(mem_used_total - 4096);
    assertEquals([less.refused.errno, less.refused.by], ["EIO", "mem_limit"]);
  },
);

commandTest(
  "zspec run --level and --dict tell the algorithm, as far as the kernel can",
  async (folder) => {
    const text = Array.from({ length: 4000 }, (_, nth) => `item ${nth ** 2}, `);
    await Deno.writeTextFile(`${folder}/noise`, text.join(""));
    await Deno.writeTextFile(`${folder}/a:b`, text.slice(0, 60).join(""));
    const compressed = async (...args: string[]) => {
      const { algorithm, written, intact, pages } = await run(folder, ...args);
      assertEquals(intact, Math.ceil(pages / 2));
      return [algorithm, written.mmStat.compr_data_size];
    };
    const [, plain] = await compressed("--algorithm", "lz4");
    const [name, told] = await compressed("--dict", "a:b");
    assertMatch(name, /^lz4:dict \(\d+ bytes\)$/);
    assertEquals(told < plain, true);
    const predicted = await zspec(
      folder,
      ...["predict", "noise", "--json", "--algorithm", "zstd:level=19"],
    );
    const [{ mmStat }] = JSON.parse(predicted.stdout).predictions;
    assertEquals(
      await compressed("--algorithm", "zstd", "--level", "19"),
      ["zstd:level=19", mmStat.compr_data_size],
    );
    assertRefused(
      await zspec(
        folder,
        ...["run", "noise", "--level", "3", "--profile", "linux-6.1"],
      ),
      "linux-6.1 has no algorithm_params",
    );
  },
);

commandTest(
  "run, predict, swap and age take another machine's pages, and refuse what is none",
  async (folder) => {
    await writeNoise(folder);
    const json = async (...args: string[]) => {
      const { code, stdout, stderr } = await zspec(folder, ...args, "--json");
      assertEquals([code, stderr], [0, ""]);
      return JSON.parse(stdout);
    };
    for (const [text, pages] of [["16K", 4], ["65536", 1]] as const) {
      const bytes = 65536 / pages;
      const ran = await json("run", "noise", "--page-size", text);
      assertEquals(
        [ran.profile, ran.pages, ran.pageSize, ran.written.mmStat.huge_pages],
        [`linux-6.18,page-size=${bytes}`, pages, bytes, pages],
      );
      const { predictions: [{ mmStat }] } = await json(
        ...["predict", "noise", "--page-size", text, "--algorithm", "lz4"],
      );
      assertEquals(mmStat, ran.written.mmStat);
      const swapped = await json("swap", "noise", "--page-size", text);
      assertEquals([swapped.pages, swapped.runs[0].pageSize], [pages, bytes]);
    }
    const aged = await json("age", "--page-size", "64K");
    assertEquals(aged.pageSize, 65536);
    assertEquals(Math.round(aged.grown.objects * 65536 / 2 ** 30 * 10), 75);
    const refusals = [
      [
        ["--page-size", "5000"],
        "The option '--page-size' is '5000', not a power",
      ],
      [["--page-size", "128K"], "not a power of two from 4096 to 65536, or as"],
      [
        ["--page-size", "4K", "--profile", "linux-6.18,page-size=16K"],
        "'linux-6.18,page-size=16K' says it too",
      ],
    ] as const;
    for (const [args, message] of refusals) {
      assertRefused(await zspec(folder, "run", "noise", ...args), message);
    }
  },
);
