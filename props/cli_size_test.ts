import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import fc from "fast-check";
import {
  codecsOf,
  fillStated,
  LINUX_6_1,
  LINUX_6_18,
  LINUX_6_18_FULL,
  type Profile,
  PROFILES,
  RamBackingDevice,
  randomFrom,
  shuffle,
  statedCodecs,
  writeAttribute,
  Zram,
  zsGeometry,
} from "../mod.ts";
import { measurePages } from "../src/cli/measure.ts";
import { objectBytes } from "../src/cli/filled.ts";
import type { Algorithm, Measured, Mix } from "../src/cli/measuring.ts";
import { readInput } from "../src/cli/pages.ts";
import { describedData, histogramData } from "../src/cli/size_data.ts";
import { afterWriteback, inProportion, sampleOf } from "../src/cli/size_mix.ts";
import { planSize, type SizeRequest } from "../src/cli/size_plan.ts";
import { BACKING_PLACE, settingsOf } from "../src/cli/size_settings.ts";
import { classReport } from "../src/report/pool.ts";
import {
  assertRefused,
  commandTest,
  ROOT,
  writeFiles,
  zspec,
} from "./command.ts";
import { fuzz } from "./fuzz.ts";

const MIB = 1 << 20;

/** A request for so much RAM, half of it for zram. */
const requestOf = (profile: Profile, ram: number): SizeRequest => ({
  profile,
  ram,
  share: 0.5,
  backing: undefined,
  seed: 1,
});

/** Each page's length, 0 where it takes no memory, in a random order. */
function lengthsOf({ same, lengths }: Mix, seed: number): number[] {
  const all = new Array<number>(same).fill(0);
  lengths.forEach((count, length) => {
    for (let nth = 0; nth < count; nth++) all.push(length);
  });
  return shuffle(all, randomFrom(seed));
}

/** A device with a codec of stated lengths. */
function deviceOf(profile: Profile, pages: number, limit: number): Zram {
  const { pageSize, zram: { defaultAlgorithm } } = profile;
  const zram = new Zram(profile, { codecs: statedCodecs([defaultAlgorithm]) });
  zram.setDisksize(Math.max(1, pages) * pageSize);
  zram.limitPages = limit / pageSize;
  return zram;
}

/** Writes a page that becomes so many bytes, and answers whether it is taken. */
function write(zram: Zram, page: number, length: number): boolean {
  const data = new Uint8Array(zram.profile.pageSize);
  if (length > 0) fillStated(data, [length], page % 256);
  return typeof zram.write(page, data) === "number";
}

/** How many pages of a mix a device takes. */
function takenOf(zram: Zram, mix: Mix, seed: number): number {
  return lengthsOf(mix, seed)
    .filter((length, page) => write(zram, page, length)).length;
}

/** Samples of pages: of one word, of some lengths, and stored whole. */
const SAMPLES: fc.Arbitrary<Mix> = fc.record({
  same: fc.nat(20),
  huge: fc.nat(60),
  counts: fc.array(
    fc.tuple(
      fc.integer({ min: 30, max: 3200 }),
      fc.integer({ min: 1, max: 90 }),
    ),
    { minLength: 1, maxLength: 12 },
  ),
}).map(({ same, huge, counts }) => {
  const lengths = new Float64Array(4097);
  lengths[4096] = huge;
  for (const [length, count] of counts) lengths[length] += count;
  const pages = same + lengths.reduce((sum, count) => sum + count, 0);
  return { pages, same, lengths };
});

Deno.test("as many pages as size says are held within mem_limit by a device, in any order, and one more is not", () => {
  fuzz(
    fc.property(
      SAMPLES,
      fc.constantFrom(LINUX_6_1, LINUX_6_18),
      fc.nat(99),
      (sample, profile, seed) => {
        const plan = planSize(requestOf(profile, 4 * MIB), sample);
        const { memLimit, firstEio: { heldPages, freeChunks } } = plan;
        if (heldPages === undefined) return;
        const fitting = inProportion(sample, heldPages);
        const zram = deviceOf(profile, heldPages, memLimit);
        assertEquals(takenOf(zram, fitting, seed), heldPages);
        const free = classReport(zram.initialisedPool).reduce(
          (sum, one) => sum + one.objectsAllocated - one.objectsUsed,
          0,
        );
        assertEquals(free, freeChunks);
        const more = inProportion(sample, heldPages + 1);
        const next = deviceOf(profile, heldPages + 1, memLimit);
        assert(takenOf(next, more, seed) <= heldPages);
      },
    ),
    12,
  );
});

Deno.test("a disk of the size that is planned holds all of its pages within mem_limit, and the figures are the device's", () => {
  fuzz(
    fc.property(SAMPLES, fc.nat(99), (sample, seed) => {
      const request = requestOf(LINUX_6_18, 4 * MIB);
      const plan = planSize(request, sample);
      const pages = plan.disksize / 4096;
      const zram = deviceOf(LINUX_6_18, pages, plan.memLimit);
      assertEquals(takenOf(zram, inProportion(sample, pages), seed), pages);
      const { mem_used_total, compr_data_size } = zram.mmStat();
      assertEquals(mem_used_total, plan.poolBytes);
      assertEquals(compr_data_size, plan.objectBytes);
      assertEquals(zram.tableBytes, plan.tableBytes);
      assert(plan.memLimit + plan.tableBytes <= 2 * MIB);
      const { full, half, compacted } = plan.aged;
      assert(plan.poolBytes * full <= plan.memLimit);
      assert(full >= 1 && half <= full && compacted <= half);
    }),
    12,
  );
});

Deno.test("parts of a sample in its proportions are whole, and the sample itself is one", () => {
  fuzz(
    fc.property(SAMPLES, fc.nat(100_000), (sample, pages) => {
      const { same, lengths } = inProportion(sample, pages);
      assertEquals(lengths.reduce((sum, count) => sum + count, same), pages);
      for (const [length, count] of lengths.entries()) {
        const exact = sample.lengths[length] * pages / sample.pages;
        assert(Math.abs(count - exact) < 1);
      }
      assertEquals(inProportion(sample, sample.pages), sample);
    }),
  );
});

/** A sample of 200 pages with some of each kind. */
function someSample(): Mix {
  const lengths = new Float64Array(4097);
  lengths[200] = 40;
  lengths[1500] = 70;
  lengths[2900] = 60;
  lengths[4096] = 20;
  return { pages: 200, same: 10, lengths };
}

Deno.test("with a backing device the disk is larger by what a device writes back, and what is left fits", () => {
  const sample = someSample();
  const request = {
    ...requestOf(LINUX_6_18_FULL, 4 * MIB),
    backing: MIB + 4096,
  };
  const { disksize, backed } = planSize(request, sample);
  assert(backed !== undefined && backed.disksize > disksize);
  // Block 0 is never used.
  assertEquals(backed.blocks, 256);
  const device = new RamBackingDevice(257, 4096);
  const zram = new Zram(LINUX_6_18_FULL, {
    codecs: statedCodecs(["lz4"]),
    backingDevices: new Map([["/dev/loop0", device]]),
  });
  zram.setAlgorithm("lz4");
  zram.setBackingDev("/dev/loop0");
  zram.setDisksize(backed.disksize);
  const mix = inProportion(sample, backed.disksize / 4096);
  takenOf(zram, mix, 1);
  assertEquals(writeAttribute(zram, "idle", "all"), undefined);
  assertEquals(writeAttribute(zram, "writeback", "idle"), "ENOSPC");
  zram.compact();
  const left = afterWriteback(LINUX_6_18_FULL, mix, 256);
  const { compr_data_size, mem_used_total } = zram.mmStat();
  assertEquals(compr_data_size, objectBytes(left));
  assert(mem_used_total <= backed.memLimit);
});

Deno.test("up to 6.12 huge pages are written back first and then any, since then the largest", () => {
  const mix = someSample();
  const counts = (profile: Profile, blocks: number) => {
    const { pages, lengths } = afterWriteback(profile, mix, blocks);
    return [pages, lengths[200], lengths[1500], lengths[2900], lengths[4096]];
  };
  assertEquals(counts(LINUX_6_18, 30), [170, 40, 70, 50, 0]);
  assertEquals(counts(LINUX_6_1, 30), [170, 37, 66, 57, 0]);
  assertEquals(counts(LINUX_6_1, 5), [195, 40, 70, 60, 15]);
  assertEquals(counts(LINUX_6_18, 500), [10, 0, 0, 0, 0]);
  assertEquals(counts(LINUX_6_1, 500), [10, 0, 0, 0, 0]);
});

Deno.test("every setting is accepted by the sysfs of each kernel, in its order", () => {
  for (const profile of PROFILES) {
    const { zram: { defaultAlgorithm, compAlgorithms, writeback } } = profile;
    const isTold = "algorithm_params" in profile.zram.attributes &&
      compAlgorithms.includes("zstd");
    const algorithm: Algorithm = isTold
      ? {
        name: "zstd",
        params: { level: 7, dict: new Uint8Array(99) },
        dictPath: "/etc/dict",
      }
      : { name: defaultAlgorithm, params: {} };
    const backing = writeback ? MIB : undefined;
    const request = { ...requestOf(profile, 16 * MIB), backing };
    const plan = planSize(request, someSample());
    const { setup, upkeep } = settingsOf(request, algorithm, plan);
    const zram = new Zram(profile, {
      codecs: codecsOf(profile.zram),
      backingDevices: new Map([[
        BACKING_PLACE,
        new RamBackingDevice(256, 4096),
      ]]),
      files: new Map([["/etc/dict", new Uint8Array(99)]]),
    });
    for (const { attribute, text } of [...setup, ...upkeep, ...upkeep]) {
      // echo ends its text with a newline.
      const errno = writeAttribute(zram, attribute, `${text}\n`);
      assertEquals(errno, undefined, `${profile.name}: ${attribute} ${text}`);
    }
    const { disksize, memLimit } = plan.backed ?? plan;
    assertEquals(zram.disksize, disksize);
    assertEquals([zram.algorithm, zram.backing?.path], [
      algorithm.name,
      backing && BACKING_PLACE,
    ]);
    const hasLimit = "mem_limit" in profile.zram.attributes;
    assertEquals(zram.mmStat().mem_limit, hasLimit ? memLimit : 0);
    assertEquals(upkeep.length > 0, writeback);
  }
});

/** Writes files, and lines of what lz4 makes of their pages to `histogram`. */
async function writeSample(folder: string): Promise<Measured> {
  await writeFiles(folder);
  const { pageSize, wordBits, zram: { sameFilled, zstd } } = LINUX_6_18;
  const algorithms = [{ name: "lz4", params: {} }];
  const measuring = {
    ...{ pageSize, wordBits, algorithms },
    zram: { sameFilled, zstd },
  };
  const input = readInput([`${folder}/files`], pageSize);
  const measured = await measurePages(measuring, input);
  const lines = [...measured.lengths[0].entries()]
    .filter(([, count]) => count > 0)
    .map(([length, count]) => `${length} ${count} # so many`);
  await Deno.writeTextFile(
    `${folder}/histogram`,
    ["# bytes count", "", `0 ${measured.same}`, ...lines].join("\n"),
  );
  return measured;
}

Deno.test("pages made to a description have its ratio and its share that is stored whole", () => {
  const { hugeClassSize } = zsGeometry(LINUX_6_18);
  for (const [ratio, huge] of [[2.8, 0.05], [1.5, 0.2], [40, 0], [1, 1]]) {
    const data = describedData(ratio, huge, 4096, hugeClassSize);
    const mix = inProportion(sampleOf(LINUX_6_18, data, 0), 2000);
    const zram = deviceOf(LINUX_6_18, 2000, 0);
    takenOf(zram, mix, 1);
    const { orig_data_size, compr_data_size, huge_pages } = zram.mmStat();
    const found = orig_data_size / compr_data_size;
    assert(Math.abs(found / ratio - 1) < 0.01, `${found}, not ${ratio}`);
    assertEquals(huge_pages, 2000 * huge);
  }
});

/** What `zspec size --json` finds. */
async function json(folder: string, ...args: string[]) {
  const { code, stdout, stderr } = await zspec(
    folder,
    ...["size", "--json", "--ram", "8G", ...args],
  );
  assertEquals([code, stderr], [0, ""]);
  return JSON.parse(stdout);
}

commandTest(
  "zspec size finds the same for files and for lines of their pages' lengths, and again for a seed",
  async (folder) => {
    const measured = await writeSample(folder);
    assertEquals(histogramData(`${folder}/histogram`, 4096), measured);
    const [plan] = (await json(folder, "files", "--algorithm", "lz4")).plans;
    const described = ["--histogram", "histogram"];
    assertEquals((await json(folder, ...described)).plans, [plan]);
    const { memLimit, tableBytes } = plan;
    assert(memLimit + tableBytes <= 2 ** 32);
    const other = await json(folder, ...described, "--seed", "2");
    assert(other.plans[0].aged.full !== plan.aged.full);
  },
);

commandTest(
  "zspec size shows each algorithm, the rule, what happens beyond, and settings in their order",
  async (folder) => {
    await writeFiles(folder);
    const { code, stdout, stderr } = await zspec(
      folder,
      ...["size", "files", "--ram", "2G", "--share", "25%"],
      ...["--algorithm", "lz4,zstd:level=3", "--backing", "256M"],
    );
    assertEquals([code, stderr], [0, ""]);
    for (const line of stdout.split("\n")) assert(line.length <= 80, line);
    assertMatch(stdout, /^3 files: 45 pages as a sample, zram of linux-6.18-/);
    assertMatch(stdout, /\nlz4 +2\.\d\d +\d\.\dG +\d+M +[\d.]+M +\+[\d.]+% /);
    assertMatch(stdout, /\nzstd:level=3 /);
    assertStringIncludes(stdout, "in 512M (25% of RAM)");
    assertStringIncludes(
      stdout,
      "65,535 pages go to a backing device of 256M.",
    );
    assertStringIncludes(stdout, "The pool is at mem_limit: EIO.");
    const attributes = [
      ...stdout.matchAll(/^echo .* > \/sys\/block\/zram0\/(.*)$/gm),
    ]
      .map(([, name]) => name);
    const name = /Settings for (\S+),/.exec(stdout)?.[1];
    assertEquals(attributes, [
      "comp_algorithm",
      ...name === "lz4" ? [] : ["algorithm_params"],
      ...["backing_dev", "disksize", "mem_limit"],
      ...["writeback", "idle"],
    ]);
    assertMatch(stdout, /\[zram0\]\n(# .*\n)+zram-size = \d+\n/);
    assertMatch(stdout, /\nzram-resident-limit = \d+\n/);
    assertMatch(stdout, /\nwriteback-device = \/dev\/disk\//);
  },
);

commandTest(
  "zspec size takes described data and another machine's pages, for any RAM within its share",
  async (folder) => {
    const ask = async (ram: string, ...args: string[]) => {
      const { code, stdout } = await zspec(
        folder,
        ...["size", "--json", "--ratio", "2.8", "--huge", "5%", "--ram", ram],
        ...args,
      );
      assertEquals(code, 0);
      return JSON.parse(stdout);
    };
    for (
      const [ram, gibibytes] of [["2G", 2], ["8G", 8], ["64G", 64]] as const
    ) {
      const { plans: [plan], pages } = await ask(ram);
      assertEquals(pages, 1_000_000);
      const { disksize, memLimit, tableBytes } = plan;
      const share = gibibytes * 2 ** 29;
      assert(memLimit + tableBytes <= share);
      assert(memLimit + tableBytes > share - 2 * MIB);
      // Not quite the ratio: there is room around objects, and pools age.
      assert(disksize / memLimit > 2.6 && disksize / memLimit < 2.8);
    }
    const asahi = await ask("8G", "--page-size", "16K");
    assertEquals(
      [asahi.profile, asahi.pageSize],
      ["linux-6.18,page-size=16384", 16384],
    );
    assert(asahi.plans[0].tableBytes < 20 * MIB);
  },
);

/** Whether the README has a text in a block of its own. */
async function assertInReadme(text: string): Promise<void> {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  assertStringIncludes(readme, `\n\`\`\`text\n${text.trimEnd()}\n\`\`\`\n`);
}

commandTest(
  "zspec size finds what the README shows, and its rows for other machines",
  async (folder) => {
    const size = async (ram: string) => {
      const data = ["--ratio", "2.8", "--huge", "5%", "--ram", ram];
      const { stdout } = await zspec(folder, "size", ...data);
      return stdout;
    };
    await assertInReadme(await size("8G"));
    const readme = await Deno.readTextFile(`${ROOT}README.md`);
    for (const ram of ["2G", "8G", "64G"]) {
      const [, ...cells] = /\nlz4 +\S+ +(\S+) +(\S+) +(\S+) +\S+ +\S+ +(\S+)\n/
        .exec(await size(ram)) ?? [];
      const row = readme.split("\n")
        .find((line) => line.startsWith(`| \`--ram ${ram}\``)) ?? "";
      const shown = row.split("|").slice(2, -1).map((cell) => cell.trim());
      assertEquals(shown, cells);
    }
  },
);

commandTest(
  "zspec size leaves out what a kernel has not, and says what is never reached",
  async (folder) => {
    await Deno.writeTextFile(`${folder}/same`, "0 100\n");
    const size = async (...args: string[]) => {
      const { code, stdout } = await zspec(
        folder,
        ...["size", "--histogram", "same", "--ram", "1G", ...args],
      );
      assertEquals(code, 0);
      return stdout;
    };
    const shown = await size();
    assertMatch(shown, /\nlz4 +∞ +64G .* never /);
    assertStringIncludes(shown, "Such data never reaches it.");
    assertMatch(shown, /more than 64\s+times the RAM/);
    assertStringIncludes(
      shown,
      "# 64G of pages: 64 times the RAM, as a larger one is not looked for; with such\n# data it is full before the limit.\n",
    );
    const oldest = await size("--profile", "linux-3.12");
    assertStringIncludes(oldest, "linux-3.12 has no mem_limit");
    assertMatch(oldest, /\nlzo +∞ +64G +– +\S+ +\S+ +– +–\n/);
    for (
      const absent of ["mem_limit: what the", "EIO at:", "below:", "the limit"]
    ) {
      assert(!oldest.includes(absent), absent);
    }
    for (
      const absent of ["comp_algorithm", "resident", "> /sys/block/zram0/mem"]
    ) {
      assert(!oldest.includes(absent), absent);
    }
  },
);

commandTest(
  "zspec size takes a ratio of 1 for pages that do not compress, and says when a disk is as large as any",
  async (folder) => {
    const { code, stdout } = await zspec(
      folder,
      ...["size", "--ratio", "1", "--ram", "1G"],
    );
    assertEquals(code, 0);
    assertMatch(stdout, /^1:1, 100% huge: /);
    assertMatch(stdout, /\nlz4 +1\.00 /);
    const sized = ["size", "--ratio", "2.8", "--ram", "1G", "--backing"];
    const capped = await zspec(folder, ...sized, "128G");
    assertMatch(
      capped.stdout,
      /64 times the RAM, as a larger one[^]*written\s+(# )?back in time/,
    );
    assert(!capped.stdout.includes("just before"), capped.stdout);
    const within = await zspec(folder, ...sized, "4G");
    assertStringIncludes(within.stdout, "it is full just before");
    assert(!within.stdout.includes("64 times"), within.stdout);
  },
);

commandTest(
  "zspec size keeps the usual algorithm where --backing takes another kernel, and a named kernel's own",
  async (folder) => {
    const algorithm = async (...args: string[]) => {
      const { profile, settings } = await json(
        folder,
        ...["--ratio", "2.8", ...args],
      );
      return [profile, settings.algorithm];
    };
    assertEquals(await algorithm(), ["linux-6.18", "lz4"]);
    assertEquals(
      await algorithm("--backing", "4G"),
      ["linux-6.18-full", "lz4"],
    );
    assertEquals(
      await algorithm("--profile", "linux-6.18-full", "--backing", "4G"),
      ["linux-6.18-full", "lzo-rle"],
    );
  },
);

commandTest("zspec size refuses what it cannot size", async (folder) => {
  await writeFiles(folder);
  await Deno.writeTextFile(`${folder}/h`, "100 1\n5000 3\n");
  await Deno.writeTextFile(`${folder}/none`, "# nothing\n");
  const ram = ["--ram", "8G"];
  const cases: readonly (readonly [readonly string[], string])[] = [
    [["files"], "The option '--ram' is needed"],
    [["files", "--ram", "1K"], "too little for a disk of a mebibyte"],
    [["files", ...ram, "--share", "half"], "not a share such as 50%"],
    [["files", ...ram, "--share", "120%"], "not a share such as 50%"],
    [["files", ...ram, "--huge", "5%"], "'--huge' is only for '--ratio'"],
    [["files", ...ram, "--ratio", "2"], "Unknown argument 'files'"],
    [["--ratio", "0.5", ...ram], "not a number from 1 on"],
    [["--ratio", "3", "--huge", "50%", ...ram], "There are no such pages"],
    [
      ["--ratio", "3", "--huge", "100%", ...ram],
      "There are no such pages: all of them stored whole have a ratio of 1, not 3",
    ],
    [["--ratio", "1", "--huge", "0%", ...ram], "There are no such pages"],
    [["--histogram", "h", ...ram], "h:2: '5000 3' is not the bytes of a page"],
    [["--histogram", "none", ...ram], "it has no pages"],
    [["--histogram", "h", "--ratio", "2", ...ram], "both describe the data"],
    [["files", ...ram, "--backing", "4K"], "a page and block 0 need 8192"],
    [["files", ...ram, "--algorithm", "rar"], "Unknown algorithm 'rar'"],
  ];
  for (const [args, message] of cases) {
    assertRefused(await zspec(folder, "size", ...args), message);
  }
});
