import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { conformZram } from "../mod.ts";
import { takeDevice } from "../src/live/device.ts";
import {
  assertRefused,
  commandTest,
  commandTestUnless,
  NOT_ALLOWED,
  ROOT,
  until,
  zspec,
} from "./command.ts";
import { idleDevice } from "./live_zram.ts";

const idle = NOT_ALLOWED === undefined
  ? await idleDevice()
  : { none: NOT_ALLOWED };
const path = "path" in idle ? idle.path : "";
const FOLDER = `/sys/block/${path.slice("/dev/".length)}`;
const MEBIBYTE = 2 ** 20;

/** A test on the running kernel's device, left out with the reason. */
function deviceTest(name: string, fn: (folder: string) => Promise<void>): void {
  commandTestUnless("none" in idle ? idle.none : undefined, name, fn);
}

const shown = (attr: string) =>
  Deno.readTextFileSync(`${FOLDER}/${attr}`).trim();

function set(attr: string, value: string): void {
  Deno.writeTextFileSync(`${FOLDER}/${attr}`, value, { create: false });
}

/** What a user has set on an idle device, and what it was before, to be set again. */
function userSettings(algorithm: string, limit: number): Disposable {
  const before = /\[(.+)\]/.exec(shown("comp_algorithm"))?.[1] ?? "";
  set("comp_algorithm", algorithm);
  set("mem_limit", String(limit));
  return {
    [Symbol.dispose]() {
      set("reset", "1");
      set("comp_algorithm", before);
    },
  };
}

const isDisk = () => shown("disksize") !== "0";

/** Algorithms of the device, none of them chosen more than others. */
function algorithms(): string[] {
  return shown("comp_algorithm").replace(/[[\]]/g, "").split(/\s+/);
}

deviceTest(
  "the live kernel answers random programs as the model does",
  async () => {
    await using device = await takeDevice(path);
    const { profile, target } = device;
    const options = { profile, level: "exact", runs: 60, seed: 7 } as const;
    const { finding, steps } = await conformZram(target, options);
    assertEquals(finding, undefined);
    assert(steps > 1000);
  },
);

deviceTest(
  "zspec conform says what kernel it found, and that it conforms at level exact",
  async (folder) => {
    const { code, stdout, stderr } = await zspec(
      folder,
      ...["conform", "zram", "--device", path, "--runs", "5", "--seed", "1"],
    );
    assertEquals(code, 0, stderr);
    assertStringIncludes(
      stdout,
      `${path} of Linux ${Deno.osRelease()}: linux-`,
    );
    assertStringIncludes(stdout, "zram conforms at level exact to linux-");
  },
);

deviceTest(
  "a live kernel is not another kernel: its answers are told apart",
  async (folder) => {
    const other = Deno.osRelease().startsWith("6.1.")
      ? "linux-6.18"
      : "linux-6.1";
    const { code, stdout, stderr } = await zspec(
      folder,
      ...["conform", "zram", "--device", path, "--profile", other],
      ...["--seed", "1"],
    );
    assertEquals(code, 1, stderr);
    assertStringIncludes(
      stdout,
      `zram does not conform at level exact to ${other}`,
    );
    assertEquals(shown("disksize"), "0");
  },
);

for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
  deviceTest(
    `${signal} leaves the device reset, and its settings as they were`,
    async (folder) => {
      for (const command of ["conform zram --runs 1000000", "record --out r"]) {
        const algorithm = algorithms().at(-1) ?? "";
        using _settings = userSettings(algorithm, 16 * MEBIBYTE);
        const child = new Deno.Command(Deno.execPath(), {
          args: [
            ...["run", "-A", "--quiet", `${ROOT}src/cli/main.ts`],
            ...[...command.split(" "), "--device", path, "--seed", "1"],
            ...command.startsWith("record") ? ["--steps", "1000000"] : [],
          ],
          cwd: folder,
          stdout: "null",
          stderr: "null",
          // As a terminal has it: the signal is for the whole group.
          detached: true,
        }).spawn();
        await until(isDisk, "the device is used");
        Deno.kill(-child.pid, signal);
        const status = await child.status;
        assertEquals(
          signal === "SIGKILL" ? status.signal : status.code,
          signal === "SIGKILL" ? "SIGKILL" : 130,
        );
        // What was killed leaves that to its guardian, which has the lock.
        await until(
          () => !isDisk() && shown("comp_algorithm").includes(`[${algorithm}]`),
          "the device is given back",
        );
        let again = await idleDevice();
        while ("none" in again) again = await idleDevice();
        const [, , , limit] = shown("mm_stat").split(/\s+/);
        assertEquals(Number(limit), 16 * MEBIBYTE);
        // A recording that was not finished is not there.
        assertEquals(Array.from(Deno.readDirSync(folder)), []);
      }
    },
  );
}

deviceTest(
  "a device that is in use is refused in one line, and left alone",
  async (folder) => {
    const conform = () => zspec(folder, "conform", "zram", "--device", path);
    {
      await using _device = await takeDevice(path);
      assertRefused(await conform(), "it is in use: another zspec tests it");
    }
    {
      using _file = Deno.openSync(path);
      assertRefused(await conform(), "it is in use: a process has it open");
    }
    try {
      set("disksize", "1M");
      assertRefused(
        await conform(),
        `Cannot use '${path}': it is in use: its 'disksize' is 1048576, not 0`,
      );
      assertEquals(shown("disksize"), "1048576");
    } finally {
      set("reset", "1");
    }
  },
);

deviceTest(
  "what zspec record writes of the live kernel, zspec replay follows",
  async (folder) => {
    for (const out of ["live.jsonl", "live.jsonl.gz"]) {
      const recorded = await zspec(
        folder,
        ...["record", "--device", path, "--out", out, "--steps", "600"],
      );
      assertEquals(recorded.code, 0, recorded.stderr);
      const [first] = await Deno.readFile(`${folder}/${out}`);
      assertEquals(first === 0x1f, out.endsWith(".gz"));
      const { code, stdout } = await zspec(folder, "replay", out);
      assertEquals(code, 0, stdout);
      assertStringIncludes(stdout, `${out}: 600 operations`);
    }
  },
);

commandTest("what is no zram device is refused in one line", async (folder) => {
  assertRefused(
    await zspec(folder, "conform", "zram", "--device", "/dev/null"),
    "Cannot use '/dev/null': it is not a zram device such as /dev/zram0",
  );
  assertRefused(
    await zspec(folder, "conform", "zswap", "--device", "/dev/zram0"),
    "Cannot conform: 'zswap' has no device to test by '--device', zram alone has",
  );
  assertRefused(
    await zspec(folder, "record", "--out", "r"),
    "Cannot record: no --device is given",
  );
});
