import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import {
  LINUX_3_12,
  LINUX_4_0,
  LINUX_6_1,
  LINUX_6_18,
  lz4,
  lzo,
  objectsCrossingPages,
  type Profile,
  PROFILES,
  sizeClassIndex,
  Zram,
  zsGeometry,
  zspageWaste,
} from "../mod.ts";
import { type Experiment, renderAge } from "../src/cli/age.ts";
import { RULES } from "../src/cli/invariants.ts";
import { wrap } from "../src/report/wrap.ts";
import { assertRefused, commandTest, ROOT, zspec } from "./command.ts";

async function json(folder: string, ...args: string[]) {
  const { code, stdout, stderr } = await zspec(folder, ...args, "--json");
  assertEquals([code, stderr], [0, ""]);
  return JSON.parse(stdout);
}

/** A page that no algorithm makes much of, one word repeated, and text. */
async function writeFiles(folder: string): Promise<Uint8Array> {
  await Deno.mkdir(`${folder}/files`);
  const bytes = new Uint8Array(30 * 4096 + 100);
  const text = "a line of a file that compresses well\n".repeat(1500);
  bytes.set(new TextEncoder().encode(text).subarray(0, 50000));
  crypto.getRandomValues(bytes.subarray(16 * 4096, 22 * 4096));
  crypto.getRandomValues(bytes.subarray(22 * 4096, 22 * 4096 + 3300));
  for (let at = 24 * 4096; at < 28 * 4096; at++) bytes[at] = 7;
  await Deno.writeFile(`${folder}/files/all`, bytes);
  return bytes;
}

/** The statistics of a device to which `bytes` were written page by page. */
function written(
  profile: Profile,
  bytes: Uint8Array,
  algorithm: string,
) {
  const { pageSize } = profile;
  const pages = Math.ceil(bytes.length / pageSize);
  const zram = new Zram(profile, { codecs: [lz4, lzo] });
  zram.setAlgorithm(algorithm);
  zram.setDisksize(pages * pageSize);
  for (let nth = 0; nth < pages; nth++) {
    const page = new Uint8Array(pageSize);
    page.set(bytes.subarray(nth * pageSize, (nth + 1) * pageSize));
    zram.write(nth, page);
  }
  const stat = zram.mmStat();
  return {
    pages,
    bytes: pages * pageSize,
    samePages: stat.same_pages,
    hugePages: stat.huge_pages,
    objectBytes: stat.compr_data_size,
    pagesUsed: stat.mem_used_total / pageSize,
    bytesUsed: stat.mem_used_total,
    waste: stat.mem_used_total - stat.compr_data_size,
    ratio: stat.compr_data_size / stat.mem_used_total,
  };
}

/** What an object of each size up to a page costs, one after another. */
function means(profile: Profile) {
  const geometry = zsGeometry(profile);
  const { pageSize, handleSize } = geometry;
  let [chunkWaste, endWaste, crossing] = [0, 0, 0];
  for (let size = 1; size <= pageSize; size++) {
    const serving = geometry.classOf[
      sizeClassIndex(geometry, Math.min(size + handleSize, pageSize))
    ];
    const { objectsPerZspage } = serving;
    chunkWaste += (serving.size - size) / pageSize;
    endWaste += zspageWaste(serving, pageSize) / objectsPerZspage / pageSize;
    crossing += objectsCrossingPages(serving, pageSize) / objectsPerZspage /
      pageSize;
  }
  return { chunkWaste, endWaste, crossing };
}

commandTest(
  "zspec classes --compare has both kernels' classes, waste, crossing objects and huge threshold",
  async (folder) => {
    const names = ["linux-3.12", "linux-6.18,page-size=16384,chain-size=11"];
    const { kernels } = await json(folder, "classes", "--compare", ...names);
    const profiles = [
      LINUX_3_12,
      { ...LINUX_6_18, pageSize: 16384, chainSize: 11 },
    ];
    for (const [nth, profile] of profiles.entries()) {
      const found = kernels[nth];
      const { classes, hugeClassSize, sizeClasses } = zsGeometry(profile);
      assertEquals(found.name, names[nth]);
      assertEquals(
        [found.hugeClassSize, found.sizeClasses, found.pageSize],
        [hugeClassSize, sizeClasses, profile.pageSize],
      );
      assertEquals(
        found.classes,
        classes.map((one) => ({
          ...one,
          waste: zspageWaste(one, profile.pageSize),
          crossing: objectsCrossingPages(one, profile.pageSize),
        })),
      );
      for (const [name, mean] of Object.entries(means(profile))) {
        assert(Math.abs(found[name] - mean) < 1e-9, `${name} of ${found.name}`);
      }
    }
  },
);

commandTest(
  "zspec classes --compare --on finds what a zram device of each kernel uses for the files",
  async (folder) => {
    const bytes = await writeFiles(folder);
    const compared = [
      { name: "linux-4.0", profile: LINUX_4_0 },
      { name: "linux-6.18", profile: LINUX_6_18 },
      {
        name: "linux-6.18,chain-size=16",
        profile: { ...LINUX_6_18, chainSize: 16 },
      },
      {
        name: "linux-6.1,page-size=16384",
        profile: { ...LINUX_6_1, pageSize: 16384 },
      },
    ];
    const on = async (a: number, b: number, algorithm: string) => {
      const found = await json(
        folder,
        ...["classes", "--compare", compared[a].name, compared[b].name],
        ...["--on", "files", "--algorithm", algorithm],
      );
      assertEquals(found.algorithm, algorithm);
      assertEquals(
        found.kernels.map(({ stored }: { stored: unknown }) => stored),
        [a, b].map((nth) => written(compared[nth].profile, bytes, algorithm)),
      );
    };
    await on(0, 1, "lzo");
    await on(2, 3, "lz4");
  },
);

commandTest(
  "zspec classes --compare shows two kernels side by side",
  async (folder) => {
    await writeFiles(folder);
    const { code, stdout, stderr } = await zspec(
      folder,
      ...["classes", "--compare", "linux-6.1", "linux-6.18"],
      ...["--on", "files/all", "files"],
    );
    assertEquals([code, stderr], [0, ""]);
    assertStringIncludes(stdout, "A: linux-6.1\nB: linux-6.18\n");
    assertMatch(stdout, /\n {2}classes +69 +119\n/);
    assertMatch(stdout, /\n {2}huge threshold, bytes +3,257 +3,625\n/);
    assertMatch(stdout, /\n {2}pages stored +62 +62\n/);
    // 3,300 bytes of noise: whole on 6.1; twice, as the file is named twice.
    assertMatch(stdout, /\n {2}pages stored whole +14 +12\n/);
    assertMatch(stdout, /\n {2}ratio of objects to bytes used +\d+\.\d% +\d/);
    assertMatch(stdout, /\n +80 +1 +51 +16 +0 +5 +256 +0 +4\n/);
    assertMatch(stdout, /\n3632 {2,}8 +9 +80 +7\n/);
    assertMatch(stdout, /\n\d+ classes are the same in both\.\n$/);
    const same = await zspec(
      folder,
      ...["classes", "--compare", "linux-6.1", "linux-6.1,chain-size=4"],
    );
    assertMatch(same.stdout, /\n69 classes are the same in both\.\n$/);
  },
);

commandTest(
  "what cannot be compared is refused in one line",
  async (folder) => {
    await writeFiles(folder);
    await Deno.writeFile(`${folder}/empty`, new Uint8Array(0));
    const refused = async (args: string[], message: string) =>
      assertRefused(await zspec(folder, "classes", ...args), message);
    const names = PROFILES.map(({ name }) => name).join(", ");
    const pair = ["--compare", "linux-6.1", "linux-6.18"];
    await refused(pair.slice(0, 2), "'--compare' needs two names, not 1");
    await refused([...pair, "linux-4.0"], "'--compare' needs two names, not 3");
    await refused(["--compare"], "The option '--compare' needs a value");
    await refused(
      ["--compare", "linux-6.1", "linux-9"],
      `Unknown profile 'linux-9': the profiles are ${names}`,
    );
    await refused(
      ["--compare", "linux-6.1", "linux-6.18,fly=3"],
      "Unknown change 'fly=3' of linux-6.18: the changes are page-size=…",
    );
    await refused(
      ["--compare", "linux-6.1", "linux-6.18,chain-size=99"],
      "the chain-size of 'linux-6.18,chain-size=99' is '99', not a whole number from 1 to 16",
    );
    await refused(
      ["--compare", "linux-6.1", "linux-6.18,class-bits=10"],
      "Cannot build size classes: the 'classBits' is 10",
    );
    await refused([...pair, "--page-size", "4096"], "'--page-size' is not for");
    await refused([...pair, "--on"], "The option '--on' needs a value");
    await refused([...pair, "--on", "nosuch"], "Cannot read 'nosuch'");
    await refused([...pair, "--on", "empty"], "the files hold no bytes");
    await refused([...pair, "--algorithm", "lzo"], "is only for '--on'");
    await refused(
      [...pair, "--on", "files", "--algorithm", "lz5"],
      "Unknown algorithm 'lz5': the algorithms are lzo-rle, lzo, lz4, lz4hc",
    );
    await refused(["--on", "files"], "'--on' is only for '--compare'");
    await refused(["--class-bits", "10"], "the 'classBits' is 10");
  },
);

/** The bytes used and the ratio that a line of `zspec age` shows. */
function assertAgeLine(shown: string, name: string, expected: number): void {
  const pattern = new RegExp(
    `${name} +[\\d,]+ +60,212,066 +([\\d,]+) +([\\d.]+)%\n`,
  );
  const [, used, ratio] = pattern.exec(shown) ?? [];
  const bytesUsed = Number(used.replaceAll(",", ""));
  assertEquals((100 * 60212066 / bytesUsed).toFixed(2), ratio);
  assert(Math.abs(Number(ratio) - expected) <= 1, `${name}: ${ratio} %`);
}

commandTest(
  "zspec age finds what the README shows, the ratios of 2015 within one point",
  async (folder) => {
    const options = ["--profile", "linux-4.0", "--seed", "1"];
    const found: Experiment = await json(folder, "age", ...options);
    assertEquals([found.profile, found.seed], ["linux-4.0", 1]);
    assertEquals(
      found.aged.bytesUsed - found.compacted.bytesUsed,
      4096 * found.pagesCompacted,
    );
    assert(found.objectsMigrated > 0);

    const shown = renderAge(found);
    const readme = await Deno.readTextFile(`${ROOT}README.md`);
    assertStringIncludes(readme, `\n\`\`\`text\n${shown}\`\`\`\n`);
    assertAgeLine(shown, "aged", 42.98);
    assertAgeLine(shown, "compacted", 79.03);
    assertMatch(shown, /Memory: █ objects/);
    assertMatch(shown, /[\d,]+ objects were moved, [\d,]+ pages .* intact\./);
  },
);

commandTest("what cannot be aged is refused in one line", async (folder) => {
  const refused = async (args: string[], message: string) =>
    assertRefused(await zspec(folder, "age", ...args), message);
  await refused(["more"], "Unknown argument 'more'");
  await refused(
    ["--seed=1.5"],
    "The option '--seed' is '1.5', not a whole number from 0",
  );
  await refused(["--profile", "linux-9"], "Unknown profile 'linux-9'");
});

commandTest(
  "zspec invariants prints every room's list, wrapped, or some rooms'",
  async (folder) => {
    const all = await zspec(folder, "invariants");
    assertEquals([all.code, all.stderr], [0, ""]);
    const words = all.stdout.replace(/\s+/g, " ");
    for (const [room, rules] of Object.entries(RULES)) {
      assertStringIncludes(all.stdout, `${room}: ${rules.length} rules\n`);
      for (const { id, sentence, source } of rules) {
        assertStringIncludes(words, `${id} ${sentence} Source: ${source}`);
      }
    }
    assert(all.stdout.split("\n").every((line) => line.length <= 80));
    const found = await json(folder, "invariants", "zbud", "zsmalloc");
    assertEquals(
      found,
      [...RULES.zbud, ...RULES.zsmalloc].map(({ id, sentence, source }) => ({
        id,
        sentence,
        source,
      })),
    );
    assertRefused(
      await zspec(folder, "invariants", "fly"),
      "Unknown room 'fly': the rooms are zsmalloc, zram, ",
    );
  },
);

commandTest(
  "these commands have a help that names every profile",
  async (folder) => {
    for (const command of ["classes", "age", "invariants"]) {
      const { code, stdout } = await zspec(folder, command, "--help");
      assertEquals(code, 0);
      assertStringIncludes(stdout, `zspec ${command} `);
      assert(stdout.split("\n").every((line) => line.length <= 80), command);
    }
    for (const command of ["run", "classes", "age"]) {
      const { stdout } = await zspec(folder, command, "--help");
      for (const { name } of PROFILES) assertStringIncludes(stdout, name);
    }
  },
);

/** What a room's rules begin with, where that is not its name. */
const RULES_OF: Readonly<Record<string, string>> = {
  dm_cache: "dm-cache",
  zcache: "(zcache|tmem)",
};

Deno.test("no two rules have one id, and each begins with its room", () => {
  const ids = Object.entries(RULES).flatMap(([room, rules]) =>
    rules.map(({ id }) => {
      assertMatch(
        id,
        new RegExp(`^${RULES_OF[room] ?? room}/[a-z0-9]+(-[a-z0-9]+)*$`),
      );
      return id;
    })
  );
  assertEquals(ids.length, new Set(ids).size);
});

Deno.test("each rule is a sentence with a full stop, its source a function, a file and a release, or a document and a release", () => {
  for (const rules of Object.values(RULES)) {
    for (const { id, sentence, source } of rules) {
      assertMatch(sentence, /^\S.*[^.]\.$/, id);
      if (/^Documentation\/[\w/-]+\.(txt|rst), [2-7]\.\d+$/.test(source)) {
        continue;
      }
      assertMatch(source, /^[A-Za-z_]\w+\b.*, [\w/-]+\.[ch]\b/, id);
      assertMatch(source, /\.[ch], (since )?[2-7]\.\d+\b/, id);
    }
  }
});

Deno.test("text is wrapped at the last blank before the width, a longer word alone", () => {
  assertEquals(wrap("aa bb cc", 5), "aa bb\ncc\n");
  assertEquals(wrap("aa bb cc", 5, " "), " aa\n bb\n cc\n");
  assertEquals(wrap("a bbbbbbb c", 4), "a\nbbbbbbb\nc\n");
});
