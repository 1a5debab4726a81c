import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import {
  ALL_CODECS,
  codecsOf,
  LINUX_6_1,
  LINUX_6_18,
  mmStatText,
  type Profile,
  Zram,
} from "../mod.ts";
import { measurePages } from "../src/cli/measure.ts";
import { readInput } from "../src/cli/pages.ts";
import { fillWeyl } from "../src/programs/bytes.ts";
import { classReport } from "../src/report/pool.ts";
import { commandTest, writeFiles, zspec } from "./command.ts";

const ALGORITHMS = ALL_CODECS.map(({ name }) => name);

/** Devices to which the pages of files are written one by one. */
function storePages(paths: string[], profile: Profile, algorithm: string) {
  const zram = new Zram(profile, { codecs: codecsOf(profile.zram) });
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
            near: codecsOf(profile.zram)
              .find(({ name }) => name === algorithm)?.near,
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
    for (const { name, near } of codecsOf(LINUX_6_18.zram)) {
      if (!LINUX_6_18.zram.compAlgorithms.includes(name)) continue;
      const shown = near === undefined ? name : `${name} ≈`;
      assertMatch(stdout, new RegExp(`\n${shown} +8 .* 14 +2  █+▒*·+\n`));
    }
    const paths = ["inner/noise", "inner/zeros", "text"]
      .map((name) => `${folder}/files/${name}`);
    const lz4 = storePages(paths, LINUX_6_18, "lz4");
    assertStringIncludes(stdout, mmStatText(lz4.mmStat()));
    assertMatch(stdout, /Least memory: \S+ with chains of 8, /);
    const others = await zspec(
      folder,
      ...["predict", "files", "--algorithm", "lz4-wasm,lzo"],
    );
    assertStringIncludes(
      others.stdout,
      "≈ The lengths of lz4-wasm are near the kernel's: its encoder searches otherwise.",
    );
    assertStringIncludes(
      others.stdout,
      "Least memory: linux-6.18 has none of these; it has lz4, lz4hc, zstd, deflate.",
    );
    for (
      const absent of [
        "lz4-wasm; nor has any other profile.",
        "lzo; profiles that have it: linux-6.18-full, linux-6.1, linux-5.10, linux-4.0, linux-3.12.",
      ]
    ) {
      assertMatch(
        others.stdout,
        new RegExp(`Elsewhere: lz.* of the data. linux-6.18 has no ${absent}`),
      );
    }
    const both = await zspec(
      folder,
      ...["predict", "files", "--algorithm", "deflate,lzo"],
      ...["--profile", "linux-3.12"],
    );
    assertMatch(both.stdout, /\nLeast memory: lzo with chains of 4, /);
    assertMatch(
      both.stdout,
      /\nElsewhere: deflate .* linux-3.12 has no deflate; /,
    );
    const run = await zspec(
      folder,
      ...["run", "files", "--algorithm", "deflate", "--profile", "linux-3.12"],
    );
    assertStringIncludes(run.stdout, "\n\nlinux-3.12 has no deflate; ");
    const exact = await zspec(folder, "predict", "files", "--algorithm", "lz4");
    assert(!exact.stdout.includes("≈"));
    assert(!exact.stdout.includes("has no"));
  },
);

commandTest(
  "zspec predict takes what a kernel can tell an algorithm, and refuses what it cannot",
  async (folder) => {
    await writeFiles(folder);
    await Deno.writeTextFile(
      `${folder}/dict`,
      "what pages often hold ".repeat(9),
    );
    const predict = (...args: string[]) =>
      zspec(folder, "predict", "files", ...args);
    const { code, stdout } = await predict(
      ...[
        "--algorithm",
        "zstd:level=-5,zstd,zstd:level=19,lz4:dict=dict",
      ],
    );
    assertEquals(code, 0);
    for (const shown of ["zstd:level=-5", "zstd", "zstd:level=19"]) {
      assertMatch(stdout, new RegExp(`\n${shown} +8 `));
    }
    assertMatch(stdout, /\nlz4:dict \(198 bytes\) +8 /);
    const refusals: [string, string, ...string[]][] = [
      ["zstd:levl=1", "'levl=1' is not level=N, dict=FILE or winbits=N"],
      ["zstd:level=x", "the 'level' is 'x', not a whole number of 32 bits"],
      ["deflate:level=10", "linux-6.18 refuses it with EINVAL"],
      ["zstd:dict=nosuch", "Cannot read 'nosuch'"],
      [
        "zstd:level=1",
        "linux-6.1 has no algorithm_params, which came with 6.12",
        ...["--profile", "linux-6.1"],
      ],
      [
        "deflate:winbits=-12",
        "linux-6.12 has no deflate.winbits, which came with 6.16",
        ...["--profile", "linux-6.12"],
      ],
    ];
    for (const [algorithm, message, ...options] of refusals) {
      const refused = await predict("--algorithm", algorithm, ...options);
      assertEquals([refused.code, refused.stdout], [2, ""]);
      assertStringIncludes(refused.stderr, message);
      assertEquals(refused.stderr.trim().split("\n").length, 1);
    }
  },
);

commandTest("threads measure what one does, each page once", async (folder) => {
  const path = `${folder}/pages`;
  const bytes = new Uint8Array(4999 * 4096 + 100);
  for (let page = 0; page < 5000; page++) {
    const from = page * 4096;
    fillWeyl(bytes.subarray(from, from + page % 4096), page);
  }
  await Deno.writeFile(path, bytes);
  const { pageSize, wordBits, zram } = LINUX_6_18;
  const { sameFilled, zstd } = zram;
  const measuring = {
    pageSize,
    wordBits,
    zram: { sameFilled, zstd },
    algorithms: [{ name: "lz4", params: {} }, {
      name: "zstd",
      params: { level: -5 },
    }],
  };
  const input = readInput([path], pageSize);
  assertEquals(input.pages, 5000);
  const alone = await measurePages(measuring, input, 1);
  assertEquals(await measurePages(measuring, input, 2), alone);
  assertEquals([alone.pages, alone.same], [5000, 2]);
});

commandTest(
  "what a file has lost since it was counted is zeros, and told of, from a thread too",
  async (folder) => {
    const path = `${folder}/pages`;
    await Deno.writeFile(path, new Uint8Array(5000 * 4096));
    const { pageSize, wordBits, zram } = LINUX_6_18;
    const { sameFilled, zstd } = zram;
    const algorithms = [{ name: "lz4", params: {} }];
    const measuring = {
      pageSize,
      wordBits,
      zram: { sameFilled, zstd },
      algorithms,
    };
    const input = readInput([path], pageSize);
    const gone = {
      ...input,
      files: [{
        path: `${path}2`,
        at: 0,
        bytes: 5000 * pageSize,
        pages: 5000,
      }],
    };
    const { pages, same } = await measurePages(measuring, gone, 2);
    assertEquals([pages, same], [5000, 5000]);
    const [first] = gone.unread.first;
    assertStringIncludes(first, "there is no such file");
  },
);
