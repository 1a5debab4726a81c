import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { classesText, LINUX_6_1, ZsPool } from "../mod.ts";
import {
  assertRefused,
  commandTest,
  type Outcome,
  ROOT,
  zspec,
} from "./command.ts";

/** `zspec explain` with a text in its pipe. */
async function piped(
  folder: string,
  text: string | Uint8Array,
  ...args: string[]
): Promise<Outcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", `${ROOT}src/cli/main.ts`, "explain"],
      ...args,
    ],
    cwd: folder,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  // Who is refused does not read to the end.
  await writer.write(
    typeof text === "string" ? new TextEncoder().encode(text) : text,
  ).then(() => writer.close()).catch(() => {});
  const { code, stdout, stderr } = await child.output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

const MM_STAT =
  "95604736 64724258 67321856        0 67321856       40        0     2164     2164\n";

/** A device's folder, as sysfs has it. */
async function writeDevice(folder: string): Promise<void> {
  const device = `${folder}/zram3`;
  await Deno.mkdir(`${device}/queue`, { recursive: true });
  const files: Readonly<Record<string, string>> = {
    mm_stat: MM_STAT,
    io_stat: "       0        7 0        9\n",
    comp_algorithm: "lzo-rle lzo [lz4] zstd \n",
    disksize: "134217728\n",
    stat: "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n",
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${device}/${name}`, text);
  }
  // As reset and its like are: they can only be written.
  await Deno.writeTextFile(`${device}/writeback_limit`, "7\n");
  await Deno.chmod(`${device}/writeback_limit`, 0o200);
}

commandTest("zspec explain shows what the README shows", async (folder) => {
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const [, paste] =
    /echo (\S[^\n]*) \| npx [^\n]* zspec explain\n/.exec(readme) ?? [];
  assert(paste !== undefined);
  const { code, stdout, stderr } = await piped(folder, `${paste}\n`);
  assertEquals([code, stderr], [0, ""]);
  const shown = /zspec explain\n```\n\n```text\n([^]*?)```/.exec(readme)?.[1];
  assertEquals(stdout, shown);
  assertEquals(stdout.split("\n").filter((line) => line.length > 80), []);
});

commandTest(
  "zspec explain reads a device's folder, a file of it, and a pipe",
  async (folder) => {
    await writeDevice(folder);
    const whole = await zspec(folder, "explain", "zram3", "--json");
    assertEquals([whole.code, whole.stderr], [0, ""]);
    const { pageSize, explanations, releases, unread } = JSON.parse(
      whole.stdout,
    );
    assertEquals([pageSize, unread, releases], [4096, [], { since: "6.12" }]);
    assertEquals(
      explanations.map(({ kind, device }: { kind: string; device: string }) =>
        `${kind} ${device}`
      ),
      ["attributes zram3", "io_stat zram3", "mm_stat zram3"],
    );
    const one = await zspec(folder, "explain", "zram3/mm_stat");
    assertStringIncludes(one.stdout, "mm_stat of zram3: 9 numbers\n");
    const bare = await piped(folder, MM_STAT);
    assertEquals(
      bare.stdout.split("\n").slice(1),
      one.stdout.split("\n").slice(1),
    );
    const pool = new ZsPool(LINUX_6_1);
    pool.malloc(100);
    await Deno.mkdir(`${folder}/zsmalloc/zram0`, { recursive: true });
    await Deno.writeTextFile(
      `${folder}/zsmalloc/zram0/classes`,
      classesText(pool) ?? "",
    );
    const { stdout } = await zspec(folder, "explain", "zsmalloc/zram0/");
    assertStringIncludes(stdout, "classes of zram0: ");
    assertStringIncludes(stdout, "pages_compacted will not rise");
    assertStringIncludes(bare.stdout, "6.19, 6.18, 6.17, 6.16, 6.12, 6.1.");
  },
);

commandTest(
  "zspec explain ends with 1 where a rule is broken",
  async (folder) => {
    const larger = await piped(folder, MM_STAT, "--page-size", "64K");
    assertEquals(larger.code, 1);
    assertStringIncludes(
      larger.stdout,
      "Rules broken\n  - contract/orig-data-size:",
    );
    const other = await piped(folder, MM_STAT, "--profile", "linux-5.10");
    assertEquals(other.code, 1);
    assertStringIncludes(other.stdout, "8 numbers of linux-5.10; found 9");
    const right = await piped(folder, MM_STAT, "--profile", "linux-6.12");
    assertEquals(right.code, 0);
  },
);

commandTest(
  "what zspec explain cannot read is one line that says what it can",
  async (folder) => {
    await writeDevice(folder);
    await Deno.mkdir(`${folder}/empty`);
    await Deno.writeTextFile(`${folder}/large`, "1 2 3\n".repeat(200_000));
    await Deno.writeFile(
      `${folder}/binary`,
      Uint8Array.of(127, 69, 76, 70, 2, 1, 1, 0, 255),
    );
    const refused: readonly (readonly [args: string[], message: string])[] = [
      [["nosuch"], "Cannot read 'nosuch': there is no such file or folder"],
      [
        ["empty"],
        "Cannot explain 'empty': it has no file that zspec knows, such as mm_stat",
      ],
      [["large"], "Cannot explain 'large': it has more than 1 MiB"],
      [["binary"], "Cannot explain 'binary': it is no text"],
      [["zram3", "empty"], "zspec explain takes one FILE, not 2"],
      [["zram3/stat"], "17 numbers are the 'stat' of a block device"],
      [[], "Cannot explain standard input: it is empty"],
      [
        ["zram3", "--page-size", "5000"],
        "'--page-size' is 5000, not one of 4096",
      ],
      [["zram3", "--fly"], "Unknown option '--fly'"],
    ];
    for (const [args, message] of refused) {
      assertRefused(await zspec(folder, "explain", ...args), message);
    }
    assertRefused(
      await piped(folder, "hello\n"),
      "no line of it is one that zspec knows; it reads the files of /sys/block/zramN",
    );
    assertRefused(
      await piped(folder, "4096 74 -12288 0 12288 0 0\n"),
      "mm_stat's number '-12288' is out of range",
    );
    assertRefused(
      await piped(folder, "17\n"),
      "one number needs its file's name in front",
    );
    assertRefused(
      await piped(folder, "mm_stat: 1 2\n"),
      "mm_stat is 7, 8 or 9 whole numbers",
    );
    assertRefused(
      await piped(folder, new Uint8Array(2 << 20)),
      "it has more than 1 MiB",
    );
  },
);
