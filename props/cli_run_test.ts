import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { ALL_CODECS } from "../mod.ts";
import { commandTest, noise, writeFiles, zspec } from "./command.ts";

const ALGORITHMS = ALL_CODECS.map(({ name }) => name);

commandTest(
  "zspec run walks a folder and finds every page intact",
  async (folder) => {
    await writeFiles(folder);
    const { code, stdout, stderr } = await zspec(folder, "run", "files");
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(
      stdout,
      "3 files: 45 pages through zram of linux-6.18",
    );
    assertStringIncludes(stdout, "/dev/zram0  lz4");
    assertMatch(stdout, /same_pages +2 /);
    assertMatch(stdout, /huge_pages +14 /);
    assertStringIncludes(stdout, "given back");
    assertStringIncludes(
      stdout,
      "23 of 45 pages were left (--seed 1), read back, and are all intact.",
    );
  },
);

commandTest(
  "zspec run --json gives the same figures for the same seed, others for another",
  async (folder) => {
    await writeFiles(folder);
    const run = async (...args: string[]) => {
      const { code, stdout } = await zspec(
        folder,
        "run",
        "files",
        "--json",
        ...args,
      );
      assertEquals(code, 0);
      return JSON.parse(stdout);
    };
    const first = await run("--seed", "5");
    assertEquals(await run("--seed", "5"), first);
    assert(JSON.stringify(await run("--seed", "6")) !== JSON.stringify(first));
    assertEquals(first.pages, 45);
    assertEquals(first.freed, 22);
    assertEquals(first.intact, 23);
    assertEquals(first.written.mmStat.orig_data_size, 45 * 4096);
    const { aged, compacted, pagesCompacted } = first;
    assertEquals(
      aged.mmStat.mem_used_total - compacted.mmStat.mem_used_total,
      4096 * pagesCompacted,
    );
  },
);

commandTest(
  "zspec run takes a profile, an algorithm and a disksize",
  async (folder) => {
    await writeFiles(folder);
    const { stdout } = await zspec(
      folder,
      ...["run", "files", "--profile", "linux-6.1", "--algorithm", "lz4-wasm"],
      ...["--disksize", "1M", "--json"],
    );
    const run = JSON.parse(stdout);
    assertEquals(
      [run.profile, run.algorithm, run.disksize],
      ["linux-6.1", "lz4-wasm", 1 << 20],
    );
  },
);

commandTest("zspec run takes every algorithm there is", async (folder) => {
  await writeFiles(folder);
  const runs = await Promise.all(ALGORITHMS.map(async (name) => {
    const args = ["run", "files", "--json", "--algorithm", name];
    return JSON.parse((await zspec(folder, ...args)).stdout);
  }));
  assertEquals(runs.map(({ algorithm }) => algorithm), ALGORITHMS);
  for (const { intact } of runs) assertEquals(intact, 23);
});

commandTest(
  "zspec run --backing writes idle pages back, huge ones first, and reads them from there",
  async (folder) => {
    await writeFiles(folder);
    const run = async (...args: string[]) => {
      const command = ["run", "files", "--json", "--backing", ...args];
      const { code, stdout, stderr } = await zspec(folder, ...command);
      assertEquals([code, stderr], [0, ""]);
      return JSON.parse(stdout);
    };
    for (const profile of ["linux-6.18-full", "linux-6.1"]) {
      // Of three blocks the first is never used.
      const few = await run("12K", "--profile", profile);
      assertEquals(few.profile, profile);
      assertEquals(few.writtenBack.pages, 2);
      const { mmStat } = few.writtenBack.after;
      assertEquals(few.aged.mmStat.huge_pages - mmStat.huge_pages, 2);
      assertEquals(few.bdStat, { bd_count: 2, bd_reads: 2, bd_writes: 2 });
      assertEquals(few.intact, 23);

      const all = await run("1M", "--profile", profile);
      const { idle, pages } = all.writtenBack;
      assert(idle > 2 && pages === idle);
      assertEquals(all.bdStat.bd_reads, pages);
      assert(
        all.writtenBack.after.mmStat.compr_data_size <
          all.aged.mmStat.compr_data_size,
      );
    }
    assertEquals((await run("1M")).profile, "linux-6.18-full");
  },
);

commandTest(
  "zspec run --recompress makes idle and huge pages smaller with a second algorithm",
  async (folder) => {
    await writeFiles(folder);
    // Nothing for lz4, and half a page for zstd.
    await Deno.writeFile(`${folder}/files/symbols`, noise(16 * 4096, 16));
    const args = ["run", "files", "--recompress", "zstd"];
    const { code, stdout } = await zspec(folder, ...args, "--json");
    assertEquals(code, 0);
    const { profile, aged, recompressed, intact } = JSON.parse(stdout);
    assertEquals([profile, intact], ["linux-6.18-full", 31]);
    assertEquals(recompressed.algorithm, "zstd");
    assert(recompressed.pages > 0);
    // The noise that is left stays huge, and smaller pages may shrink too.
    const { huge_pages } = recompressed.after.mmStat;
    assert(huge_pages > 0 && huge_pages < aged.mmStat.huge_pages);
    assert(huge_pages >= aged.mmStat.huge_pages - recompressed.pages);
    assert(recompressed.incompressible > 0);
    assert(
      recompressed.after.mmStat.compr_data_size < aged.mmStat.compr_data_size,
    );
    const text = (await zspec(folder, ...args, "--backing", "16K")).stdout;
    assertMatch(
      text,
      /written back +[█▒·]+ +.* objects, 3 of \d+ idle pages on the backing/,
    );
    assertMatch(
      text,
      /recompressed +[█▒·]+ .* \d+ pages smaller by zstd, \d+ not/,
    );
    assertMatch(text, /bd_reads +3 +12K/);
    assertStringIncludes(text, "read back, 3 of them from the backing device");
  },
);
