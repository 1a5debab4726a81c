import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { LINUX_6_1, TargetMissing } from "../mod.ts";
import { buildInitrd, findImage } from "../src/live/guest_image.ts";
import { bootGuest, findQemu } from "../src/live/guest.ts";
import { GuestMachine } from "../src/live/guest_machine.ts";
import { LiveZram } from "../src/live/live_zram.ts";
import {
  assertRefused,
  commandTest,
  commandTestUnless,
  NOT_ALLOWED,
  ROOT,
  until,
  zspec,
} from "./command.ts";

const VARIABLE = "ZSPEC_GUEST_IMAGE";

/** Where the guest's kernel is, or why no guest can be booted. */
async function bootable(): Promise<
  { readonly image: string } | { readonly none: string }
> {
  if (NOT_ALLOWED !== undefined) return { none: NOT_ALLOWED };
  const image = Deno.env.get(VARIABLE) ?? "/";
  const folder = await Deno.makeTempDir({ prefix: "zspec-" });
  try {
    await findQemu();
    await buildInitrd(findImage(image), [], folder);
    return { image };
  } catch (error) {
    if (!(error instanceof TargetMissing)) throw error;
    return { none: error.message };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const guest = await bootable();
const image = "image" in guest ? guest.image : "";

/** A test that boots a guest, left out with what there is to install. */
function guestTest(name: string, fn: (folder: string) => Promise<void>): void {
  commandTestUnless("none" in guest ? guest.none : undefined, name, fn);
}

/** The processes of QEMU that have a file in `folder`. */
function qemuIn(folder: string): number[] {
  return Array.from(Deno.readDirSync("/proc"), ({ name }) => Number(name))
    .filter((pid) => {
      try {
        const command = Deno.readTextFileSync(`/proc/${pid}/cmdline`);
        return command.includes("qemu-system") && command.includes(folder);
      } catch {
        return false;
      }
    });
}

/** Starts a command that uses a guest, whose files are in `folder`. */
function spawnGuest(folder: string, ...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", `${ROOT}src/cli/main.ts`, "guest", ...args],
      ...["--image", image],
    ],
    cwd: folder,
    env: { TMPDIR: folder, NO_COLOR: "1" },
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** Waits for the first words of a command's output, its guest being booted. */
async function untilBooted({ stdout }: Deno.ChildProcess): Promise<void> {
  const { value } = await stdout.getReader().read();
  assertStringIncludes(new TextDecoder().decode(value), "in QEMU: linux-");
}

/** What both do at once: a guest takes one processor. */
function ofBoth(use: (target: string) => Promise<void>): Promise<unknown> {
  return Promise.all(["zram", "zswap"].map(use));
}

guestTest(
  "a kernel in QEMU answers programs of zram and of zswap as the model does",
  async (folder) => {
    await ofBoth(async (target) => {
      const { code, stdout, stderr } = await zspec(
        folder,
        ...["guest", "conform", target, "--image", image, "--seed", "3"],
        ...["--runs", target === "zram" ? "20" : "2", "--junit", target],
      );
      assertEquals(code, 0, stdout + stderr);
      assertStringIncludes(stdout, "in QEMU: linux-");
      assertStringIncludes(
        stdout,
        `${target} conforms at level exact to linux-`,
      );
      const junit = await Deno.readTextFile(`${folder}/${target}`);
      assertStringIncludes(junit, "exact/same-answer");
    });
  },
);

guestTest(
  "what zspec guest record writes of both, zspec replay follows",
  async (folder) => {
    await ofBoth(async (target) => {
      const recorded = await zspec(
        folder,
        ...["guest", "record", target, "--image", image],
        ...["--out", `${target}.jsonl.gz`, "--steps", "250"],
      );
      assertEquals(recorded.code, 0, recorded.stderr);
      const { code, stdout } = await zspec(
        folder,
        "replay",
        `${target}.jsonl.gz`,
      );
      assertEquals(code, 0, stdout);
      assertStringIncludes(stdout, `${target}.jsonl.gz: 250 operations`);
    });
  },
);

/** The message of the error that is thrown. */
function errorOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => "none", (error: Error) => error.message);
}

guestTest(
  "a guest that panics is a failure of its target, which restart boots anew",
  async () => {
    await using machine = await GuestMachine.start(() =>
      bootGuest({ image, modules: [["zram", "num_devices=1"]] })
    );
    const target = new LiveZram(machine, "zram0", LINUX_6_1);
    await target.create();
    const panic = await errorOf(machine.writeFile("/proc/sysrq-trigger", "c"));
    assertStringIncludes(panic, "the guest is gone; its console says");
    assertStringIncludes(panic, "Kernel panic");
    assertStringIncludes(
      await errorOf(target.create()),
      "The guest does not answer",
    );
    await machine.restart();
    const { guest } = machine;
    await target.create();
    // One that answers stays.
    await machine.restart();
    assert(machine.guest === guest);
  },
);

/** When zspec is ended, and by what. */
const ENDS = [
  ["running", "SIGINT"],
  ["running", "SIGKILL"],
  ["booting", "SIGKILL"],
] as const;

guestTest(
  "an interrupt ends the guest and leaves nothing of it; where zspec is killed, the guest powers off, also while it boots",
  async (folder) => {
    await Promise.all(ENDS.map(async ([when, signal]) => {
      const own = `${folder}/${when}-${signal}`;
      await Deno.mkdir(own);
      const child = spawnGuest(own, "conform", "zram", "--runs", "1000000");
      await until(() => qemuIn(own).length === 1, "QEMU runs");
      if (when === "running") await untilBooted(child);
      else await child.stdout.cancel();
      child.kill(signal);
      const { code } = await child.status;
      if (signal === "SIGKILL") {
        return await until(() => qemuIn(own).length === 0, "QEMU has ended");
      }
      assertEquals(code, 130);
      assertEquals(qemuIn(own), []);
      assertEquals(Array.from(Deno.readDirSync(own)), []);
    }));
  },
);

guestTest(
  "a folder without a kernel is refused in one line",
  async (folder) => {
    for (const verb of [["conform"], ["record", "--out", "r"]]) {
      const [name, ...rest] = verb;
      assertRefused(
        await zspec(folder, "guest", name, "zram", ...rest, "--image", folder),
        `there is no kernel with its modules in '${folder}/boot' and '${folder}/lib/modules'; install linux-image-amd64`,
      );
    }
  },
);

commandTest(
  "what zspec guest cannot do is refused in one line",
  async (folder) => {
    const refused = async (line: string, message: string) =>
      assertRefused(await zspec(folder, "guest", ...line.split(" ")), message);
    await refused("boot", "'boot' is not conform or record");
    await refused(
      "conform zbud",
      "one target is needed, zram or zswap, not 'zbud'",
    );
    await refused("record zram", "Cannot record: no --out is given");
    await refused(
      "conform zswap --level contract",
      "The option '--level' is 'contract', not exact",
    );
    await refused("conform zram --runs none", "The option '--runs' is 'none'");
  },
);

commandTest("without QEMU zspec guest says what to install", async (folder) => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", `${ROOT}src/cli/main.ts`],
      ...["guest", "conform", "zram"],
    ],
    env: { PATH: folder },
  }).output();
  const [out, said] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  assertRefused(
    { code, stdout: out, stderr: said },
    "Cannot boot a guest: there is no qemu-system-x86_64; install qemu-system-x86",
  );
});
