import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import {
  attributeMode,
  attributeNames,
  classesText,
  type ExplainContext,
  explainPaste,
  type Explanation,
  KernelBug,
  mmStatText,
  PROFILES,
  programArbitrary,
  readAttribute,
  type Zram,
  zramMachine,
  ZsPool,
} from "../mod.ts";
import { releaseNumber, spanHas } from "../src/explain/release_span.ts";
import { mostGivenBack } from "../src/explain/pool_room.ts";
import { ExpandedPages } from "../src/programs/expanded.ts";
import { stoppingTarget } from "../src/targets/step_target.ts";
import { ZramModel, zramModelTarget } from "../src/targets/zram/model.ts";
import { TRANSCRIPTS } from "./transcripts.ts";

/** The only text of a paste. */
function explainOne(paste: string, context?: ExplainContext): Explanation {
  const { explanations, unread } = explainPaste(paste, context);
  assertEquals([explanations.length, unread], [1, []], paste);
  return explanations[0];
}

const says = (sentences: readonly string[], words: string) =>
  assertStringIncludes(sentences.join("\n"), words);

/** What a file shows; nothing where reading it would stop the kernel. */
function shownText(zram: Zram, name: string): string {
  try {
    const shown = readAttribute(zram, name);
    return "text" in shown ? shown.text : "";
  } catch (error) {
    if (error instanceof KernelBug) return "";
    throw error;
  }
}

/** What `grep . /sys/block/zram0/*` prints of a device. */
function grepped(zram: Zram): string {
  return attributeNames(zram)
    .filter((name) => ((attributeMode(zram, name) ?? 0) & 0o444) !== 0)
    .flatMap((name) => {
      return shownText(zram, name).split("\n").filter((line) => line !== "")
        .map((line) => `/sys/block/zram0/${name}:${line}\n`);
    }).join("");
}

/** What is said of a device of the model, which breaks no rule. */
function assertExplained(zram: Zram): void {
  const { profile } = zram;
  const number = releaseNumber(profile.release.name);
  const paste = grepped(zram);
  for (
    const context of [{ pageSize: profile.pageSize }, {
      pageSize: profile.pageSize,
      profile,
    }]
  ) {
    const explained = explainPaste(paste, context);
    assertEquals(explained.unread, [], paste);
    const { releases } = explained;
    assert(
      releases !== null && spanHas(releases, number),
      `${number}: ${paste}`,
    );
    for (const { broken } of explained.explanations) {
      assertEquals(broken, [], paste);
    }
  }
  if (attributeMode(zram, "mm_stat") === undefined) return;
  const text = mmStatText(zram.mmStat(), profile.zram.mmStatNumbers);
  const { numbers, broken, releases } = explainOne(text, {
    pageSize: profile.pageSize,
  });
  const expected = Object.entries(zram.mmStat())
    .slice(0, profile.zram.mmStatNumbers)
    .map(([name, value]) => [name, BigInt(value).toLocaleString("en-US")]);
  assertEquals(numbers.map(({ name, value }) => [name, value]), expected);
  assertEquals(broken, []);
  assert(releases !== null && spanHas(releases, number));
}

Deno.test("what any device of any kernel shows is read back, breaks no rule, and can be of that kernel", () => {
  const machine = {
    ...zramMachine,
    scope: { ...zramMachine.scope, maxSteps: 60 },
  };
  let texts = 0;
  fc.assert(
    fc.property(programArbitrary(fc, machine), ({ profile, steps }) => {
      const model = new ZramModel(profile);
      const target = stoppingTarget(
        zramModelTarget(model, new ExpandedPages()),
      );
      for (const step of steps) {
        target.ask(step);
        if (target.isStopped) continue;
        assertExplained(model.zram);
        texts++;
      }
    }),
    { seed: 1, numRuns: 60 },
  );
  assert(texts > 500, `${texts} texts`);
});

Deno.test("mm_stat of recorded kernels breaks no rule, and can be of them", () => {
  let texts = 0;
  for (const [name, text] of Object.entries(TRANSCRIPTS)) {
    const release = /^linux-([0-9.]+)\//.exec(name)?.[1];
    if (release === undefined) continue;
    const recorded = text.matchAll(/"mm_stat":\[([0-9,]+)\]/g);
    for (const [nth, [, list]] of [...recorded].entries()) {
      // Each changes little of the one before.
      if (nth % 9 !== 0) continue;
      const numbers = list.split(",");
      const { broken, releases } = explainOne(numbers.join(" "));
      assertEquals(broken, [], `${name}: ${numbers.join(" ")}`);
      assert(releases !== null && spanHas(releases, release), name);
      texts++;
    }
  }
  assert(texts > 500, `${texts} texts`);
});

Deno.test("every kernel's table of classes breaks no rule, and tells its chain size", () => {
  for (const profile of PROFILES) {
    for (
      const chainSize of profile.release.zsmalloc.classesTable === "tenths"
        ? [4, 8, 13]
        : [4]
    ) {
      const pool = new ZsPool({ ...profile, chainSize });
      for (let nth = 0; nth < 900; nth++) {
        const handle = Number(pool.malloc(40 + nth * 37 % 4000));
        if (nth % 3 === 0) pool.free(handle);
      }
      const text = classesText(pool);
      if (text === undefined) continue;
      const { broken, follows, releases } = explainOne(text);
      assertEquals(broken, [], profile.name);
      assert(releases !== null);
      // The model of 4.0 has the table of 4.1, with which compaction came.
      const number = profile.name === "linux-4.0"
        ? "4.1"
        : releaseNumber(profile.release.name);
      assert(spanHas(releases, number), profile.name);
      says(follows, `chains at most ${chainSize} pages`);
      const freed = pool.pagesAllocated;
      pool.compact();
      const given = freed - pool.pagesAllocated;
      says(
        follows,
        given === 0
          ? "Compaction can give back nothing"
          : `Compaction can give back ${given} page`,
      );
      says(
        explainOne(text, {
          pageSize: 4096,
          profile: { ...profile, chainSize },
        }).follows,
        `The classes are those of ${profile.name}.`,
      );
    }
  }
});

Deno.test("what any zswap shows breaks no rule, and can be of its kernel", () => {
  for (const profile of PROFILES) {
    const { counters, parameters } = profile.zswap;
    const text = [
      ...counters.map((name) => `/sys/kernel/debug/zswap/${name}:0\n`),
      ...Object.keys(parameters)
        .map((name) => `/sys/module/zswap/parameters/${name}:1\n`),
    ].join("");
    const { broken, releases, numbers } = explainOne(text);
    assertEquals(broken, []);
    const count = counters.length + Object.keys(parameters).length;
    assertEquals(numbers.length, count);
    const number = releaseNumber(profile.release.name);
    assert(
      releases !== null && spanHas(releases, number),
      `${profile.name} ${JSON.stringify(releases)}`,
    );
  }
});

/** What people paste, and words that a right answer has. */
const SITUATIONS: readonly (readonly [paste: string, ...words: string[]])[] = [
  [
    // The limit is hit: writes fail with EIO.
    `/sys/block/zram0/io_stat:       0      120 0        0
/sys/block/zram0/mm_stat: 2147483648 1063741824 1073741824 1073741824 1073745920 0 0 0 0
`,
    "120 writes failed with EIO",
    "The limit of 1G leaves 0B. io_stat counts 120 failed writes.",
    "fails with EIO",
    "mem_used_max is above the limit",
  ],
  [
    // Far more is used than the data needs.
    "mm_stat: 409600000 104857600 262144000 0 300000000 0 0 0 0",
    "The pool takes 2.48 times what its objects need at least",
    "Compaction can give back at most 149.2M (59.7%)",
    "mem_used_max in whole pages of 4,096 bytes",
  ],
  [
    // Under zswap nothing compresses.
    `1073741824 1063741824 1073741824 0 1073741824 1234 0 250000 260000
/sys/module/zswap/parameters/enabled:Y
`,
    "with the pool's own cost 1.00 times",
    "The ratio is near 1 as zswap is on and lies above this device",
  ],
  [
    "1073741824 1063741824 1073741824 0 1073741824 1234 0 250000 260000",
    "or zswap is above this device",
  ],
  [
    // Recompression by a weaker algorithm, and a backing device that it needs not.
    `/sys/block/zram0/backing_dev:none
/sys/block/zram0/comp_algorithm:lzo-rle lzo lz4 lz4hc [zstd] deflate 842 
/sys/block/zram0/disksize:4294967296
/sys/block/zram0/recomp_algorithm:#1: lzo-rle lzo [lz4] lz4hc zstd deflate 842 
/sys/block/zram0/bd_stat:       0        0        0
`,
    "Recompression by lz4 (priority 1) gains nothing over zstd",
    "Recompression needs none.",
    "reset it first",
    "Nothing was ever written back",
    "bd_stat says nothing of pages that were recompressed",
  ],
  [
    // Compaction that frees nothing.
    "mm_stat: 8192 8192 8192 0 8192 0 0 2 2",
    "Compaction can give back nothing",
    "pages_compacted is 0",
  ],
  [
    // Refused with memory free.
    `pool_limit_hit:812345
reject_compress_poor:11213
stored_pages:100000
pool_total_size:204800000
max_pool_percent:20
MemTotal:       16314968 kB
MemFree:         9314968 kB
`,
    "The limit is 3.1G: max_pool_percent, 20%, of MemTotal, 15.6G.",
    "The limit is a share of all memory, whatever is free. That 8.9G are free",
    "11,213 stores refused as the page does not compress",
    "reject_compress_poor is no error",
  ],
  [
    "mm_stat: 8192 4164 8192 8589934592 8192 1 0 0 0",
    "orig_data_size has the same-filled pages in it since 4.14",
    "mem_limit has 64 bits",
  ],
];

Deno.test("what people ask is answered from one paste", () => {
  for (const [paste, ...words] of SITUATIONS) {
    const said = explainPaste(paste).explanations.flatMap((one) => [
      ...one.follows,
      ...one.mistaken,
      ...one.broken.map(({ expected }) => expected),
    ]);
    for (const each of words) says(said, each);
  }
});

Deno.test("a mm_stat of 4.14, one of 5.10 and one of 6.12 are told apart", () => {
  const of = (text: string) => explainOne(text).releases;
  const seven = "4096000 1024000 1228800 0 1228800 10 0";
  assertEquals(of(seven), { since: "4.1", until: "4.17" });
  assertEquals(of(`${seven} 3`), { since: "4.18", until: "5.10" });
  assertEquals(of(`${seven} 3 4`), { since: "5.11" });
  // Pages of zeros that are not among those stored.
  assertEquals(of("4096 100 4096 0 4096 10 0"), {
    since: "4.1",
    until: "4.13",
  });
  // More in use than the maximum: recompression.
  assertEquals(of("8192 100 8192 0 4096 0 0 0 0"), { since: "6.2" });
  const ten = explainOne(`${seven} 3 4 5`);
  assertEquals([ten.releases, ten.numbers.at(-1)?.name], [null, "?"]);
  assertEquals(ten.broken.map(({ id }) => id), ["contract/attribute-text"]);
});

Deno.test("each rule that numbers of mm_stat can break is told by its name", () => {
  const cases: readonly (readonly [text: string, id: string])[] = [
    ["4097 100 4096 0 4096 0 0 0 0", "contract/orig-data-size"],
    ["4096 100 4000 0 4096 0 0 0 0", "contract/mem-used-total"],
    ["4096 100 69632 0 69632 0 0 0 0", "contract/mem-used-total"],
    ["8192 8192 4096 0 8192 0 0 2 2", "contract/mem-used-total"],
    ["4096 5000 8192 0 8192 0 0 0 0", "contract/compr-data-size"],
    ["8192 4000 4096 0 4096 0 0 1 1", "contract/compr-data-size"],
    ["4096 0 0 100 0 0 0 0 0", "contract/mem-limit"],
    ["4096 100 4096 0 0 0 0 0", "contract/mem-used-max"],
    ["4096 0 0 0 0 2 0 0 0", "contract/same-pages"],
    ["4096 4096 4096 0 4096 0 0 2 2", "contract/huge-pages"],
    ["4096 4096 4096 0 4096 0 0 1 0", "contract/huge-pages"],
  ];
  for (const [text, id] of cases) {
    const ids = explainOne(text).broken.map((one) => one.id);
    assert(ids.includes(id), `${text}: ${ids}`);
  }
  const large = { pageSize: 16384 };
  const [{ found }] = explainOne("4096 100 4096 0 4096 0 0 0 0", large).broken;
  assertStringIncludes(found, "pages of 4,096");
  assertEquals(
    explainOne("bd_stat: 1 4 8", large).broken.map(({ id }) => id),
    ["explain/bd-stat-units"],
  );
});

Deno.test("a table of classes that does not add up breaks rules by their names", () => {
  const table = (row: string, total: string) =>
    " class  size almost_full almost_empty obj_allocated   obj_used pages_used pages_per_zspage freeable\n" +
    `${row}\n\n Total ${total}\n`;
  // From the patch that brought freeable, which shows classes of this geometry.
  const right = table("    54   896 1 12 117 57 26 2 12", "1 12 117 57 26 12");
  assertEquals(explainOne(right).broken, []);
  const cases: readonly (readonly [row: string, total: string, id: string])[] =
    [
      [
        "54 896 1 12 117 118 26 2 0",
        "1 12 117 118 26 0",
        "zsmalloc/class-objects-used",
      ],
      [
        "54 896 1 12 116 57 26 2 12",
        "1 12 116 57 26 12",
        "zsmalloc/class-objects-allocated",
      ],
      [
        "54 896 1 12 117 57 25 2 12",
        "1 12 117 57 25 12",
        "zsmalloc/class-pages-used",
      ],
      [
        "54 896 2 12 117 57 26 2 12",
        "2 12 117 57 26 12",
        "zsmalloc/class-groups",
      ],
      [
        "54 896 1 12 117 57 26 2 13",
        "1 12 117 57 26 13",
        "explain/classes-freeable",
      ],
      [
        "54 896 1 12 117 57 26 2 12",
        "1 12 117 57 27 12",
        "explain/classes-total",
      ],
    ];
  for (const [row, total, id] of cases) {
    const ids = explainOne(table(row, total)).broken.map((one) => one.id);
    assertEquals(ids, [id]);
  }
});

Deno.test("zramctl's table is read with columns missing, blanks lost and no heading", () => {
  const heading =
    "NAME       ALGORITHM DISKSIZE  DATA COMPR  TOTAL STREAMS MOUNTPOINT\n";
  const rows = [
    heading + "/dev/zram0 zstd            4G  1.9G  604M   630M       8 [SWAP]",
    heading + "/dev/zram0 zstd            4G  1.9G  604M   630M         [SWAP]",
    "NAME ALGORITHM DISKSIZE DATA COMPR TOTAL STREAMS MOUNTPOINT\n/dev/zram0 zstd 4G 1.9G 604M 630M [SWAP]",
    "/dev/zram0 zstd 4G 1.9G 604M 630M 8 [SWAP]",
  ];
  for (const paste of rows) {
    const { device, follows, numbers } = explainOne(`$ zramctl\n${paste}\n`);
    assertEquals(device, "zram0");
    says(
      follows,
      "Compressed 3.22 times smaller; with the pool's own cost 3.09 times",
    );
    const cells = numbers.map(({ name, value }) => `${name} ${value}`);
    assert(cells.includes("MOUNTPOINT [SWAP]"), cells.join());
  }
  const bytes = (total: number) =>
    `NAME DISKSIZE DATA COMPR TOTAL\n/dev/zram1 1073741824 8192 300 ${total}\n`;
  assertEquals(explainOne(bytes(8192)).broken, []);
  assertEquals(
    explainOne(bytes(8191)).broken.map(({ id }) => id),
    ["contract/mem-used-total", "contract/mem-used-max"],
  );
});

Deno.test("lines are read as they are pasted: prompts, quotes, CRLF, names, several devices", () => {
  const nine = "8192 4164 8192 0 8192 0 0 1 1";
  const pastes = [
    nine,
    `    ${nine}\r\n`,
    `> ${nine}`,
    `mm_stat:${nine}`,
    `mm_stat ${nine}`,
    `/sys/block/zram0/mm_stat: ${nine}`,
    `\x1b[35m/sys/block/zram0/mm_stat\x1b[m\x1b[36m:\x1b[m${nine}`,
    `[root@box ~]# cat /sys/block/zram0/mm_stat\n${nine}\n[root@box ~]#`,
    `user@box:~$ sudo cat /sys/block/zram0/mm_stat\n${nine}\nuser@box:~$ `,
    `==> /sys/block/zram0/mm_stat <==\n${nine}`,
    "```\n" + nine + "\n```",
  ];
  for (const paste of pastes) {
    const { kind, releases } = explainOne(paste);
    assertEquals([kind, releases], ["mm_stat", { since: "5.11" }], paste);
  }
  const { explanations } = explainPaste(
    `zram0/mm_stat:${nine}\nzram1/mm_stat:${nine}\n${nine}\n${nine}\n0 0 0\n`,
  );
  assertEquals(
    explanations.map(({ kind, device }) => `${kind} ${device}`),
    [
      "mm_stat zram0",
      "mm_stat zram1",
      "mm_stat undefined",
      "mm_stat undefined",
      "bd_stat undefined",
    ],
  );
  const { unread, explanations: [one] } = explainPaste(`${nine}\n17\nhello\n`);
  assertEquals(one.kind, "mm_stat");
  assertEquals(unread.map(({ line, text }) => [line, text]), [[2, "17"], [
    3,
    "hello",
  ]]);
});

Deno.test("compaction of a device that compressed pages gives back no more than explain says", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 4096 }), {
        minLength: 1,
        maxLength: 80,
      }),
      fc.integer({ min: 1, max: 9 }),
      (lengths, kept) => {
        const [profile] = PROFILES;
        const pool = new ZsPool(profile);
        const objects = lengths.map((length) => ({
          length,
          handle: Number(pool.malloc(length)),
        }));
        const [gone, left] = [
          objects.filter((_, nth) => nth % kept !== 0),
          objects.filter((_, nth) => nth % kept === 0),
        ];
        for (const { handle } of gone) pool.free(handle);
        const bytes = left.reduce((sum, { length }) => sum + length, 0);
        const before = pool.pagesAllocated;
        const stat = {
          orig_data_size: left.length * 4096,
          compr_data_size: bytes,
          mem_used_total: before * 4096,
        };
        const most = mostGivenBack({ stat, pageSize: 4096, onDevice: 0 });
        pool.compact();
        const given = (before - pool.pagesAllocated) * 4096;
        assert(given <= most, `${given} of ${most}: ${lengths} ${kept}`);
        if (left.length === 1) assertEquals(most, 0);
      },
    ),
    { seed: 1, numRuns: 500 },
  );
});

Deno.test("where there is one object compaction can do nothing, and nobody is told to compact", () => {
  for (
    const paste of [
      "4096 74 12288 0 12288 0 0",
      "4096 74 12288 0 12288 0 0 0 0",
      "/dev/zram0 lzo-rle 4G 4K 64B 20K 8 [SWAP]",
    ]
  ) {
    const { follows } = explainOne(paste);
    says(
      follows,
      "Compaction can give back nothing: a class that has an object keeps a zspage for it.",
    );
    assert(!follows.join().includes("echo 1"), follows.join());
  }
  // Up to 4.13 the page of zeros may be a third one, and there are two objects.
  says(
    explainOne("8192 148 24576 0 24576 1 0").follows,
    "Compaction can give back at most 12K (50.0%)",
  );
});

Deno.test("what zramctl has rounded is told without a fraction of a page or a digit that nobody knows", () => {
  const { follows } = explainOne(
    "NAME DATA COMPR TOTAL ZERO-PAGES MIGRATED\n/dev/zram0 2.1G 604M 630M 12345 1.2M\n",
  );
  says(
    follows,
    "about 550,000 pages of 4K stored: about 540,000 compressed, 12,345 of one word",
  );
  says(follows, "Compaction has freed about 1,260,000 pages (4.8G)");
  const exact = explainOne(
    "NAME DATA COMPR TOTAL MIGRATED\n/dev/zram0 8192 604 4096 1B\n",
  );
  says(exact.follows, "2 pages of 4K stored: 2 compressed.");
  says(exact.follows, "Compaction has freed 1 page (4K)");
});

Deno.test("a zswap that has more objects in a page than its allocator can is told", () => {
  const paste = (zpool: string, stored: number, same = 80012) =>
    `/sys/module/zswap/parameters/zpool:${zpool}\npool_total_size:1653551104\n` +
    `stored_pages:${stored}\nsame_filled_pages:${same}\n`;
  const said = (text: string) => explainOne(text).follows.join("\n");
  const pages = 1653551104 / 4096;
  assertStringIncludes(
    said(paste("zbud", 1211312)),
    "zbud holds at most two objects in a page, and here are 2.80: older pools of another allocator are still there, or the counters are of different moments.",
  );
  const unlikely = "holds at most";
  assert(!said(paste("z3fold", 1211312)).includes(unlikely));
  assert(!said(paste("zsmalloc", 1211312)).includes(unlikely));
  assert(!said(paste("zbud", 2 * pages + 9, 9)).includes(unlikely));
  assertStringIncludes(said(paste("zbud", 2 * pages + 10, 9)), unlikely);
  assertStringIncludes(
    said(paste("z3fold", 3 * pages + 10, 9)),
    "z3fold holds at most three objects",
  );
});

/** Each text's kind and device, and each line that was not read. */
function readOf(paste: string): { texts: string[]; unread: string[] } {
  const { explanations, unread } = explainPaste(paste);
  return {
    texts: explanations.map(({ kind, device }) => `${kind} ${device ?? "-"}`),
    unread: unread.map(({ line, text }) => `${line} ${text}`),
  };
}

Deno.test("what follows a file that was printed is not of it: prose, other commands, another machine", () => {
  const nine = "8192 4164 8192 0 8192 0 0 1 1";
  const cat = `$ cat /sys/block/zram0/mm_stat\n${nine}\n`;
  assertEquals(readOf(`${cat}thanks\n$ uname -r\n6.12.9-arch\n`), {
    texts: ["mm_stat zram0"],
    unread: ["3 thanks", "4 $ uname -r", "5 6.12.9-arch"],
  });
  assertEquals(readOf(`first box\n${cat}\nsecond box\n${cat}bye\n`), {
    texts: ["mm_stat zram0", "mm_stat zram0"],
    unread: ["1 first box", "5 second box", "8 bye"],
  });
  const grepped = `/sys/block/zram0/mm_stat:${nine}\n` +
    "/sys/block/zram0/io_stat:0 0 0 0\n";
  assertEquals(readOf(grepped + grepped), {
    texts: ["mm_stat zram0", "io_stat zram0", "mm_stat zram0", "io_stat zram0"],
    unread: [],
  });
  assertEquals(
    readOf(
      "$ cat /sys/block/zram0/disksize\n4096\nsmall, is it not?\n" +
        "$ cat /sys/kernel/debug/zswap/stored_pages\n17\nfew, are they not?\n" +
        "$ cat /sys/block/zram0/debug_stat\nversion: 1\n       0        2\nthat was it\n",
    ),
    {
      texts: ["attributes zram0", "zswap -", "debug_stat zram0"],
      unread: [
        "3 small, is it not?",
        "6 few, are they not?",
        "10 that was it",
      ],
    },
  );
  const priorities = "#1: lzo [lz4] zstd\n#2: lzo lz4 [zstd]\n";
  assertEquals(
    readOf(
      `$ cat /sys/block/zram0/recomp_algorithm\n${priorities}two of them\n`,
    ),
    { texts: ["attributes zram0"], unread: ["4 two of them"] },
  );
});

Deno.test("mm_stat that a mail has wrapped is put together, with its name and without", () => {
  const nine = "8192 4164 8192 0 8192 0 0 1 1".split(" ");
  for (const at of [1, 2, 5, 6, 7, 8]) {
    const wrapped = `${nine.slice(0, at).join(" ")}\n${
      nine.slice(at).join(" ")
    }`;
    for (const prompt of ["", "$ cat /sys/block/zram0/mm_stat\n"]) {
      const { kind, title, numbers } = explainOne(`${prompt}${wrapped}\n`);
      assertEquals([kind, numbers.length], ["mm_stat", 9], wrapped);
      if (prompt === "") assertStringIncludes(title, "nine numbers on 2 lines");
    }
  }
  // Each of these is a file of its own.
  assertEquals(readOf("1 0 1\n0 0 0 0\n").texts, ["bd_stat -", "io_stat -"]);
  assertEquals(
    readOf(`version: 1\n0 0\n${nine.slice(0, 7).join(" ")}\n`).texts,
    ["debug_stat -", "mm_stat -"],
  );
  assertEquals(
    readOf("1 2 3 4 5\n\n1 2 3 4\n").unread,
    ["1 1 2 3 4 5"],
  );
});

Deno.test("a number that 64 bits do not hold is told, with its file", () => {
  const why = (paste: string) => explainPaste(paste).unread[0].why;
  const most = "is out of range: 0 to 18,446,744,073,709,551,615";
  for (const name of ["", "mm_stat: "]) {
    assertEquals(
      why(`${name}4096 74 -12288 0 12288 0 0`),
      `mm_stat's number '-12288' ${most}`,
    );
    assertEquals(
      why(`${name}4096 74 12288 0 12288 0 0 0 123456789012345678901`),
      `mm_stat's number '123456789012345678901' ${most}`,
    );
  }
  assertEquals(why("-1 5"), `the number '-1' ${most}`);
  for (const name of ["disksize", "bd_stat", "pool_total_size"]) {
    assertEquals(why(`${name}: -4096`), `${name}'s number '-4096' ${most}`);
  }
});

Deno.test("whatever is pasted, it is read or named, and nothing throws", () => {
  const word = fc.oneof(
    fc.constantFrom(
      ...["mm_stat:", "version: 1", "class size", "NAME DATA", "#1: [lz4]"],
      ...["/dev/zram0", "Total", "zswap", "MemTotal:", "disksize", "[zstd]"],
      ...["18446744073709551616", "18446744073709551615", "-1", "1.5G", "%"],
    ),
    fc.nat().map(String),
    fc.string(),
  );
  const line = fc.array(word, { maxLength: 12 }).map((words) =>
    words.join(" ")
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const { explanations, unread } = explainPaste(lines.join("\n"));
      for (const { follows, mistaken } of explanations) {
        const said = [...follows, ...mistaken].join(" ");
        assert(!/NaN|Infinity|undefined/.test(said), said);
      }
      assert(unread.length <= lines.join("\n").split("\n").length);
    }),
    { seed: 1, numRuns: 3000 },
  );
});
