import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { ALL_CODECS, LINUX_6_1, LINUX_6_18, zsGeometry } from "../mod.ts";
import {
  assertRefused,
  commandTest,
  deno,
  ROOT,
  writeFiles,
  zspec,
} from "./command.ts";
import { TRANSCRIPTS } from "./transcripts.ts";

const ALGORITHMS = ALL_CODECS.map(({ name }) => name);

/** Command lines that cannot be run, and what is said of them. */
const REFUSED: readonly (readonly [args: string[], message: string])[] = [
  [
    ["fly"],
    "Unknown command 'fly': the commands are run, predict, size, explain, replay, record, classes, conform, guest, fuzz, races, merge, swap, age, claims, invariants, help",
  ],
  [["claims", "Density"], "Unknown claim 'Density': did you mean 'density'?"],
  [
    ["claims", "42.98"],
    "Unknown claim '42.98': with that word there is compaction-42-98-to-79-03",
  ],
  [
    ["claims", "zbud"],
    "Unknown claim 'zbud': with that word there are zbud-ratio-at-most-2,",
  ],
  [
    ["claims", "disk-limit", "--smallerDisk", "10"],
    "Unknown option '--smallerDisk': did you mean '--smaller-disk'?",
  ],
  [
    ["run", "--fly"],
    "Unknown option '--fly': the options are --profile",
  ],
  [
    ["run", "nosuch"],
    "Cannot read 'nosuch': there is no such file or folder",
  ],
  [
    ["run", "/dev/null"],
    "Cannot read '/dev/null': a device, not a file or folder",
  ],
  [["run", "files/empty"], "the files hold no bytes"],
  [
    ["run", "files", "--profile", "linux-9"],
    "Unknown profile 'linux-9': the profiles are linux-7.3, linux-7.2,",
  ],
  [
    ["run", "files", "--algorithm", "rar"],
    `Unknown algorithm 'rar': the algorithms are ${ALGORITHMS.join(", ")}`,
  ],
  [
    ["run", "files", "--disksize", "1000T"],
    "Cannot run: there is too little memory",
  ],
  [
    ["run", "files", "--mem-limit", "0"],
    "'--mem-limit' is '0', not a size such as 512M",
  ],
  [
    ["run", "files", "--disksize", "big"],
    "'--disksize' is 'big', not a size such as 512M",
  ],
  [
    ["run", "files", "--seed=-1"],
    "'--seed' is '-1', not a whole number from 0",
  ],
  [
    ["run", "files", "--seed=1.5"],
    "'--seed' is '1.5', not a whole number from 0",
  ],
  [
    ["run", "files", "--seed"],
    "The option '--seed' needs a value",
  ],
  [
    ["run", "files", "--backing", "4K"],
    "'--backing' is 4096 bytes, a page and block 0 need 8192",
  ],
  [
    ["run", "files", "--backing", "some"],
    "'--backing' is 'some', not a size such as 512M",
  ],
  [
    ["run", "files", "--backing", "1M", "--profile", "linux-6.18,writeback=no"],
    "linux-6.18,writeback=no is built without writeback; 'writeback=yes' behind",
  ],
  [
    ["run", "files", "--recompress", "zstd", "--profile", "linux-6.1"],
    "Cannot use '--recompress': linux-6.1 has no recompression, which came with 6.2",
  ],
  [
    ["run", "files", "--recompress", "rar"],
    "Unknown algorithm 'rar'",
  ],
  [
    ["predict", "--fly"],
    "Unknown option '--fly': the options are --profile",
  ],
  [["predict", "nosuch"], "Cannot read 'nosuch'"],
  [["predict", "files/empty"], "the files hold no bytes"],
  [
    ["predict", "files", "--profile", "linux-9"],
    "Unknown profile 'linux-9'",
  ],
  [
    ["predict", "files", "--algorithm", "lz4,rar"],
    "Unknown algorithm 'rar'",
  ],
  [
    ["predict", "files", "--algorithm", "lz4,"],
    "Unknown algorithm ''",
  ],
  [
    ["predict", "files", "--chain-size", "4,17"],
    "'--chain-size' is '17', not a whole number from 1 to 16",
  ],
  [
    ["predict", "files", "--chain-size", "4,,8"],
    "'--chain-size' is '', not a whole number from 1 to 16",
  ],
  [
    ["classes", "--page-size", "5000"],
    "The option '--page-size' is '5000', not a power of two from 4096 to 65536, or as in 16K",
  ],
  [
    ["size", "--ram", "8G", "--ratio", "2", "--algorithm", "lz4,zstd"],
    "The option '--algorithm' is 'lz4,zstd', not one algorithm: '--ratio' is of what one makes",
  ],
  [
    ["classes", "--word-bits", "33"],
    "The option '--word-bits' is '33', not 32 or 64",
  ],
  [
    ["classes", "--chain-size", "99"],
    "'--chain-size' is '99', not a whole number from 1 to 16",
  ],
  [["classes", "more"], "Unknown argument 'more'"],
  [["replay"], "no FILE is given"],
  [["replay", "nosuch"], "Cannot read 'nosuch'"],
  [["replay", "files"], "Cannot read 'files'"],
  [["replay", "files/empty"], "files/empty:1: the file is empty"],
  [
    ["replay", "files/inner/noise"],
    "is not UTF-8 text",
  ],
  [["replay", "files/text"], "files/text:1: the line is not JSON"],
  [
    ["replay", "files/text", "--sizes", "guessed"],
    "'--sizes' is 'guessed', not recorded or computed",
  ],
];

commandTest("what cannot be run is refused in one line", async (folder) => {
  await writeFiles(folder);
  for (const [args, message] of REFUSED) {
    assertRefused(await zspec(folder, ...args), message);
  }
});

commandTest(
  "zspec replay ends with 0 where all is equal, 1 with the line where not, 2 where it cannot follow",
  async (folder) => {
    const text = TRANSCRIPTS["linux-6.18/lz4-errors-limits"];
    await Deno.writeTextFile(`${folder}/equal`, text);
    await Deno.writeTextFile(`${folder}/cut`, text.slice(0, 5000));
    const lines = text.split("\n");
    const at = 400;
    const stat = JSON.parse(lines[at]).mm_stat;
    lines[at] = lines[at].replace(String(stat[1]), String(stat[1] + 1));
    await Deno.writeTextFile(`${folder}/false`, lines.join("\n"));

    const equal = await zspec(folder, "replay", "equal");
    assertEquals([equal.code, equal.stderr], [0, ""]);
    assertStringIncludes(equal.stdout, "equal: 1,531 operations, ");
    assertStringIncludes(equal.stdout, "all equal (sizes computed)");

    const differs = await zspec(folder, "replay", "false");
    assertEquals([differs.code, differs.stderr], [1, ""]);
    assertStringIncludes(differs.stdout, `false:${at + 1}: `);
    assertMatch(
      differs.stdout,
      new RegExp(`mm_stat compr_data_size +${stat[1] + 1} +${stat[1]}\n`),
    );

    assertRefused(await zspec(folder, "replay", "cut"), "was cut off");
    const all = await zspec(folder, "replay", "cut", "false", "equal");
    assertEquals(all.code, 2);
    assertStringIncludes(all.stdout, "equal: 1,531 operations");
  },
);

commandTest("zspec classes prints each kernel's classes", async (folder) => {
  for (const profile of [LINUX_6_1, LINUX_6_18]) {
    const args = ["classes", "--profile", profile.name];
    const { code, stdout } = await zspec(folder, ...args, "--json");
    assertEquals(code, 0);
    const { hugeClassSize, classes } = zsGeometry(profile);
    assertEquals(
      JSON.parse(stdout),
      JSON.parse(JSON.stringify({ hugeClassSize, classes })),
    );
    const table = (await zspec(folder, ...args)).stdout;
    assertStringIncludes(table, `${classes.length} classes serve 255 sizes`);
  }
  const pae = await zspec(
    folder,
    "classes",
    "--word-bits",
    "32",
    "--phys-bits",
    "36",
    "--json",
  );
  assertEquals(JSON.parse(pae.stdout).classes[0].size, 128);
});

commandTest("zspec and each of its commands have a help", async (folder) => {
  const { stdout: usage } = await zspec(folder);
  assertStringIncludes(usage, "usage: zspec COMMAND");
  const commands = Array.from(
    usage.matchAll(/^ {2}([a-z]+) /gm),
    ([, one]) => one,
  );
  assertEquals(commands.length, 16);
  for (const command of commands) {
    const { code, stdout } = await zspec(folder, command, "--help");
    assertEquals(code, 0);
    assertStringIncludes(stdout, `zspec ${command} `);
    const wide = stdout.split("\n").filter((line) => line.length > 80);
    assertEquals(wide, [], `zspec ${command} --help`);
  }
});

/** Serves the checkout on a free port while `use` runs. */
async function withServer(
  use: (origin: string) => Promise<void>,
): Promise<void> {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      const source = await Deno.readTextFile(`${ROOT}${pathname}`);
      return new Response(source, {
        headers: { "content-type": "application/typescript" },
      });
    },
  );
  await use(`http://127.0.0.1:${server.addr.port}`);
}

commandTest(
  "the README's example runs in an empty folder, mod.ts being imported by URL",
  async (folder) => {
    const readme = await Deno.readTextFile(`${ROOT}README.md`);
    const example = /```ts\n([^]*?)```/.exec(readme)?.[1] ?? "";
    assert(example.trimEnd().split("\n").length < 15, "too long an example");
    await withServer(async (origin) => {
      const source = example.replace(
        /https:[^"]*\/mod\.ts/,
        `${origin}/mod.ts`,
      );
      assertStringIncludes(source, origin);
      await Deno.writeTextFile(`${folder}/example.ts`, source);
      const { code, stdout, stderr } = await deno(
        folder,
        ...[
          "run",
          "--check",
          "--no-lock",
          `--allow-import=${new URL(origin).host}`,
        ],
        "example.ts",
      );
      assertEquals(code, 0, stderr);
      const shown = /```ts\n[^]*?```text\n([^]*?)```/.exec(readme)?.[1];
      assertEquals(stdout, shown);
    });
  },
);
