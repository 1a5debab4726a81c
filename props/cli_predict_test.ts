import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import {
  ALL_CODECS,
  KERNEL_CODECS,
  LINUX_6_1,
  LINUX_6_18,
  mmStatText,
  type Profile,
  Zram,
} from "../mod.ts";
import { classReport } from "../src/report/pool.ts";
import { commandTest, writeFiles, zspec } from "./command.ts";

const ALGORITHMS = ALL_CODECS.map(({ name }) => name);

/** Devices to which the pages of files are written one by one. */
function storePages(paths: string[], profile: Profile, algorithm: string) {
  const zram = new Zram(profile, { codecs: ALL_CODECS });
  zram.setAlgorithm(algorithm);
  zram.setDisksize(1 << 20);
  let page = 0;
  for (const path of paths) {
    const bytes = Deno.readFileSync(path);
    for (let at = 0; at < bytes.length; at += 4096) {
      const data = new Uint8Array(4096);
      data.set(bytes.subarray(at, at + 4096));
      zram.write(page++, data);
    }
  }
  return zram;
}

commandTest(
  "zspec predict shows the mm_stat of devices to which the files are written",
  async (folder) => {
    await writeFiles(folder);
    const paths = ["inner/noise", "inner/zeros", "text"]
      .map((name) => `${folder}/files/${name}`);
    for (const profile of [LINUX_6_1, LINUX_6_18]) {
      const { code, stdout, stderr } = await zspec(
        folder,
        ...["predict", "files", "--json", "--profile", profile.name],
        ...["--chain-size", "4,8", "--algorithm", ALGORITHMS.join(",")],
      );
      assertEquals([code, stderr], [0, ""]);
      const { predictions, ...rest } = JSON.parse(stdout);
      assertEquals(rest, { profile: profile.name, files: 3, pages: 45 });
      const expected = ALGORITHMS.flatMap((algorithm) =>
        [4, 8].map((chainSize) => {
          const kernel = { ...profile, chainSize };
          const zram = storePages(paths, kernel, algorithm);
          return {
            algorithm,
            kernelLengths: KERNEL_CODECS.some(({ name }) => name === algorithm),
            chainSize,
            mmStat: zram.mmStat(),
            classes: classReport(zram.initialisedPool),
          };
        })
      );
      assertEquals(predictions, JSON.parse(JSON.stringify(expected)));
    }
  },
);

commandTest(
  "zspec predict draws each algorithm and says which lengths are the kernel's",
  async (folder) => {
    await writeFiles(folder);
    const { code, stdout } = await zspec(folder, "predict", "files");
    assertEquals(code, 0);
    assertStringIncludes(
      stdout,
      "3 files: 45 pages (180K) as zram of linux-6.18 would store them",
    );
    for (const name of ["lz4", "lzo", "lzo-rle", "deflate", "zstd ≈"]) {
      assertMatch(stdout, new RegExp(`\n${name} +8 .* 14 +2  █+▒*·+\n`));
    }
    const paths = ["inner/noise", "inner/zeros", "text"]
      .map((name) => `${folder}/files/${name}`);
    const lz4 = storePages(paths, LINUX_6_18, "lz4");
    assertStringIncludes(stdout, mmStatText(lz4.mmStat()));
    assertStringIncludes(stdout, "≈ These lengths are not the kernel's");
    assertMatch(stdout, /Least memory: \S+ with chains of 8, /);
    assertStringIncludes(
      stdout,
      "linux-6.18 has no lzo, lzo-rle.",
    );
    const exact = await zspec(folder, "predict", "files", "--algorithm", "lz4");
    assert(!exact.stdout.includes("≈"));
    assert(!exact.stdout.includes("has no"));
  },
);
