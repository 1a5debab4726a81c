/** How the zspec command behaves towards whoever calls it. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { gzipSync } from "node:zlib";
import { resolve } from "node:path";
import { assertRefused, commandTest, deno, ROOT, zspec } from "./command.ts";

commandTest(
  "zspec --version says which, help is there by either name, and a word that is nearly one is told",
  async (folder) => {
    const version = await zspec(folder, "--version");
    assertEquals([version.code, version.stdout], [0, "zspec 0.1.0\n"]);
    const [help, named] = [
      await zspec(folder, "races", "--help"),
      await zspec(folder, "help", "races"),
    ];
    assertEquals(named, help);
    assertEquals(await zspec(folder, "help"), await zspec(folder));
    assertRefused(await zspec(folder, "fuz"), "did you mean 'fuzz'?");
    assertRefused(await zspec(folder, "hepl"), "did you mean 'help'?");
    assertRefused(
      await zspec(folder, "fuzz", "--sed", "1"),
      "Unknown option '--sed': did you mean '--seed'?",
    );
    assertRefused(
      await zspec(folder, "fuzz", "zramm"),
      "Unknown machine 'zramm': did you mean 'zram'?",
    );
  },
);

commandTest(
  "a number below 0 is said to be wrong of the option that it is given to",
  async (folder) => {
    const refused = await zspec(folder, "fuzz", "--seed", "-1");
    assertRefused(
      refused,
      "The option '--seed' is '-1', not a whole number from 0 to 4294967295",
    );
  },
);

commandTest(
  "sizes are read as people write them",
  async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "words ".repeat(1000));
    const disksizes = await Promise.all(
      ["1.5G", "1536M", "1536MiB", "1610612736"].map(async (disksize) => {
        const options = ["--disksize", disksize, "--json"];
        const { stdout } = await zspec(folder, "run", "file", ...options);
        return JSON.parse(stdout).disksize;
      }),
    );
    assertEquals(disksizes, Array(4).fill(1.5 * 2 ** 30));
    for (const size of ["", "0", "-1", "1.5X", "G", "1e3"]) {
      const { code, stderr } = await zspec(
        folder,
        ...["run", "file", `--disksize=${size}`],
      );
      assertEquals(code, 2, size);
      assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
    }
  },
);

commandTest(
  "a command for a target that misses its '--' is told so",
  async (folder) =>
    assertRefused(
      await zspec(folder, "conform", "zram", "node", "x.mjs"),
      "'--' is missing before the COMMAND, as in 'conform zram -- node x.mjs'",
    ),
);

commandTest(
  "the task of deno.json takes paths from where its caller stands",
  async (folder) => {
    await Deno.mkdir(`${folder}/inner`);
    await Deno.writeTextFile(`${folder}/inner/file`, "words ".repeat(1000));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["task", "--quiet", "--config", `${ROOT}deno.json`],
        ...["zspec", "predict", "--algorithm", "lz4", "inner/file"],
      ],
      cwd: folder,
      env: { NO_COLOR: "1", INIT_CWD: folder },
    }).output();
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
    assertStringIncludes(
      new TextDecoder().decode(stdout),
      "inner/file: 2 pages",
    );
  },
);

commandTest(
  "deno task install writes a script by which zspec is called from anywhere",
  async (folder) => {
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", `${ROOT}src/cli/install.ts`],
      cwd: folder,
      env: { NO_COLOR: "1", DENO_INSTALL_ROOT: `${folder}/root` },
    }).output();
    assertEquals(code, 0);
    const script = `${folder}/root/bin/zspec`;
    assertStringIncludes(new TextDecoder().decode(stdout), script);
    const called = await new Deno.Command(script, {
      args: ["races", "z3fold", "--profile", "linux-5.10", "--seed", "3"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder().decode(called.stdout);
    assertEquals(called.code, 1, text);
    // What is to be run again can be pasted, and finds the same.
    const [, again = ""] = /^ {2}zspec (races .*)$/m.exec(text) ?? [];
    const [, replay = ""] = /--replay '(.*)'$/.exec(again) ?? [];
    const repeated = await zspec(
      folder,
      ...["races", "z3fold", "--replay", replay],
    );
    assertEquals(repeated.code, 1, repeated.stderr);
  },
);

commandTest(
  "what is to be run again can be pasted where nothing is installed",
  async (folder) => {
    const options = [
      "races",
      "z3fold",
      "--profile",
      "linux-5.10",
      "--seed",
      "3",
    ];
    const { stdout } = await zspec(folder, ...options);
    const again = / run -A (\S+) races z3fold --replay '/.exec(stdout);
    assert(again !== null, stdout);
    assertEquals(resolve(folder, again[1]), `${ROOT}src/cli/main.ts`);
  },
);

commandTest(
  "output that cannot be written is one line",
  async (folder) => {
    const { code, stderr } = await deno(
      folder,
      ...["eval", "--quiet"],
      `const { code, stderr } = await new Deno.Command("sh", {
         args: ["-c", 'exec "$0" run -A --quiet "$1" invariants > /dev/full',
           Deno.execPath(), ${JSON.stringify(`${ROOT}src/cli/main.ts`)}],
       }).output();
       await Deno.stderr.write(stderr);
       Deno.exit(code);`,
    );
    assertEquals(code, 2);
    assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
    assertStringIncludes(stderr, "Cannot write to standard output");
  },
);

commandTest(
  "a walk goes on past what it cannot read, counts it, and ends with 2 where there was nothing",
  async (folder) => {
    await Deno.mkdir(`${folder}/files`);
    await Deno.mkdir(`${folder}/none`);
    await Deno.writeTextFile(`${folder}/files/text`, "words ".repeat(1000));
    using _socket = Deno.listen({
      transport: "unix",
      path: `${folder}/files/socket`,
    });
    await new Deno.Command("mkfifo", { args: [`${folder}/none/fifo`] })
      .output();
    const made = ["sh", "-c", 'printf x > "$(printf "none/\\377")"'];
    await new Deno.Command(made[0], { args: made.slice(1), cwd: folder })
      .output();
    const some = await zspec(folder, "predict", "--algorithm", "lz4", "files");
    assertEquals(some.code, 0);
    assertStringIncludes(some.stdout, "2 pages");
    assertEquals(
      some.stderr,
      "zspec: Passed over 1 file: 'files/socket' (not a file or folder)\n",
    );
    const none = await zspec(folder, "predict", "--algorithm", "lz4", "none");
    assertRefused(none, "Passed over 2 files: 'none/");
    assertStringIncludes(none.stderr, "(its name is not UTF-8)");
    assertStringIncludes(none.stderr, "'none/fifo' (not a file or folder)");
    assertRefused(
      await zspec(folder, "predict", "files/socket"),
      "Cannot read 'files/socket': not a file or folder",
    );
  },
);

commandTest(
  "a file that says it is empty is what a read gives",
  async (folder) => {
    const options = ["predict", "--algorithm", "lz4"];
    const { stdout } = await zspec(folder, ...options, "/proc/meminfo");
    assertStringIncludes(stdout, "/proc/meminfo: 1 page (4K)");
  },
);

commandTest(
  "what is read of a transcript is bounded, and what is wrong with it said as what it is",
  async (folder) => {
    const header =
      '{"zspec":"transcript/1","target":"zram","kernel":"x","profile":"linux-6.18","pageSize":4096,"wordBits":64,"chainSize":8';
    const text = new TextEncoder().encode(`${header}}\n`.repeat(9));
    const zeros = new Uint8Array(20 << 20);
    const files = {
      cut: gzipSync(text).subarray(0, 60),
      damaged: gzipSync(text).fill(7, 20, 30),
      endless: zeros,
      bomb: gzipSync(zeros),
      "not-text": Uint8Array.of(0x61, 0x0a, 0xff, 0x0a),
      doubled: new TextEncoder().encode(
        `${header},"pageSize":4096}\n`,
      ),
    };
    const wrong = {
      cut: "Cannot read 'cut': the gzip file was cut off",
      damaged: "Cannot read 'damaged': the gzip file is damaged",
      endless: "Cannot read 'endless': line 1 is longer than 16M",
      bomb: "Cannot read 'bomb': line 1 is longer than 16M",
      "not-text": "Cannot read 'not-text': line 2 is not UTF-8 text",
      doubled: "doubled:1: the field 'pageSize' is there twice",
    };
    for (const [name, bytes] of Object.entries(files)) {
      await Deno.writeFile(`${folder}/${name}`, bytes);
    }
    for (const [name, message] of Object.entries(wrong)) {
      assertRefused(await zspec(folder, "replay", name), message);
    }
    assertRefused(
      await zspec(folder, "replay", "/dev/zero"),
      "Cannot read '/dev/zero': line 1 is longer than 16M",
    );
  },
);

commandTest(
  "a refusal has at most 300 letters, however long what was given is",
  async (folder) => {
    const refused = await zspec(folder, "fuzz", "x".repeat(5000));
    assertRefused(refused, "zspec: Unknown machine 'xxx");
    assert(refused.stderr.length <= 301, `${refused.stderr.length}`);
  },
);
