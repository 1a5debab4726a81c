import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { LINUX_6_1, TargetMissing } from "../mod.ts";
import { findImage, newestFirst } from "../src/live/guest_image.ts";
import { buildInitrd } from "../src/live/guest_initrd.ts";
import { loadedModules, type Module } from "../src/live/guest_modules.ts";
import { bootGuest, findQemu } from "../src/live/guest_boot.ts";
import { GuestMachine } from "../src/live/guest_machine.ts";
import { bootSwap } from "../src/live/guest_swap.ts";
import { bootZram } from "../src/live/guest_zram.ts";
import { LiveZram } from "../src/live/live_zram.ts";
import { isRefusal } from "../src/targets/target.ts";
import {
  assertRefused,
  commandTest,
  commandTestUnless,
  noise,
  NOT_ALLOWED,
  ROOT,
  until,
  zspec,
} from "./command.ts";

/** The folder of one image. */
const VARIABLE = "ZSPEC_GUEST_IMAGE";
/** A folder that has one of an image for each release: `6.1`, `6.12`. */
const FOLDER_VARIABLE = "ZSPEC_GUEST_IMAGES";

/** The images that there are by release, in their order. */
function imagesByRelease(): (readonly [release: string, image: string])[] {
  const folder = NOT_ALLOWED === undefined
    ? Deno.env.get(FOLDER_VARIABLE)
    : undefined;
  if (folder === undefined) return [];
  return Array.from(Deno.readDirSync(folder), ({ name }) => name)
    .sort(newestFirst).reverse()
    .map((name) => [name, `${folder}/${name}`]);
}

const IMAGES = imagesByRelease();

/** Where the guest's kernel is, or why no guest can be booted. */
async function bootable(
  image: string,
): Promise<{ readonly image: string } | { readonly none: string }> {
  if (NOT_ALLOWED !== undefined) return { none: NOT_ALLOWED };
  const folder = await Deno.makeTempDir({ prefix: "zspec-" });
  try {
    await findQemu();
    const { files } = await loadedModules(findImage(image), [ZRAM], [], []);
    await buildInitrd(files, folder);
    return { image };
  } catch (error) {
    if (!(error instanceof TargetMissing)) throw error;
    return { none: error.message };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The image that most tests boot. */
function usualImage(): string {
  if (NOT_ALLOWED !== undefined) return "/";
  return Deno.env.get(VARIABLE) ?? IMAGES.at(0)?.[1] ?? "/";
}

const ZRAM: Module = {
  name: "zram",
  option: "ZRAM",
  parameters: "num_devices=1",
};

const guest = await bootable(usualImage());
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
      bootGuest({ image, modules: [ZRAM] })
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

/** A release for the name of a test, and its image or why there is none. */
const RELEASES: (readonly [string, string | undefined])[] = IMAGES.length > 0
  ? IMAGES.map(([release, image]) => [`Linux ${release}`, image])
  : [["each release", undefined]];

/** Of so many bytes pages fill a pool of one per cent, by every allocator. */
const BYTES = 3000;

for (const [name, image] of RELEASES) {
  const there = image === undefined
    ? { none: `${FOLDER_VARIABLE} names no folder of images` }
    : await bootable(image);
  const none = "none" in there ? there.none : undefined;
  const at = image ?? "";

  // The usual image has answered more of them.
  if (at !== image) {
    commandTestUnless(
      none,
      `${name} answers a few programs of zram and of zswap as the model does`,
      async (folder) => {
        await ofBoth(async (target) => {
          const { code, stdout } = await zspec(
            folder,
            ...["guest", "conform", target, "--image", at, "--seed", "5"],
            ...["--runs", target === "zram" ? "10" : "2"],
          );
          assertEquals(code, 0, stdout);
        });
      },
    );
  }

  commandTestUnless(
    none,
    `${name} boots with 128 MB: its zram takes pages, gives them back and tells of itself`,
    async () => {
      await using guest = await bootZram({ image: at });
      const { target, profile, backingPages } = guest;
      assertEquals(backingPages, 64);
      await target.create();
      const get = async (attr: string) => {
        const shown = await target.get(attr);
        return isRefusal(shown) ? shown.error : shown.value;
      };
      const algorithms = [...profile.zram.compAlgorithms].map((one) =>
        one === profile.zram.defaultAlgorithm ? `[${one}]` : one
      );
      assertEquals(
        (await get("comp_algorithm")).trim().split(" "),
        algorithms,
      );
      assertEquals(await target.set("backing_dev", "/dev/loop0"), undefined);
      assertEquals(await get("backing_dev"), "/dev/loop0\n");
      assertEquals(await target.set("disksize", "1M"), undefined);
      const pages = [noise(4096), new Uint8Array(4096).fill(7), noise(4096, 4)];
      for (const [page, data] of pages.entries()) {
        const written = await target.write(page, data);
        assert(!isRefusal(written), `page ${page}`);
      }
      assertEquals(await target.set("idle", "all"), undefined);
      assertEquals(await target.set("writeback", "huge"), undefined);
      assertEquals((await target.bdStat())[0], 1);
      for (const [page, data] of pages.entries()) {
        assertEquals(await target.read(page), { data });
      }
    },
  );

  commandTestUnless(
    none,
    `${name} pages out through zswap, and what its worker does is done when a step ends`,
    async () => {
      const run = async () => {
        await using guest = await bootSwap({ image: at });
        const { target, profile } = guest;
        await target.create();
        assertEquals(await target.set("max_pool_percent", "1"), undefined);
        const rows: unknown[] = [];
        const page = noise(4096).fill(0, BYTES);
        for (let nth = 0; nth < 240; nth++) {
          const data = page.map((byte, at) => at < BYTES ? byte ^ nth : 0);
          assertEquals(await target.write(nth, data), undefined);
          assertEquals(await target.pageOut(nth), { out: true });
          rows.push(await target.counters());
        }
        const first = await target.read(0);
        assert(!isRefusal(first));
        assertEquals(first.data.subarray(0, BYTES), page.subarray(0, BYTES));
        const counters = await target.counters();
        assert(!isRefusal(counters));
        const { counters: names } = profile.zswap;
        const writtenBack = names.indexOf("written_back_pages");
        assert(counters.counters[writtenBack] > 0, "nothing is written back");
        return rows;
      };
      const rows = await run();
      // Nothing but what was asked decides what is counted.
      if (at === image) assertEquals(await run(), rows);
    },
  );
}

guestTest(
  "a guest's clock goes on while it sleeps",
  async () => {
    await using guest = await bootGuest({ image, modules: [ZRAM] });
    const uptime = async () => {
      const [text] = await guest.readFiles(["/proc/uptime"]);
      return Number(text.split(" ")[0]);
    };
    const before = await uptime();
    await guest.sleep(1.5);
    assert(await uptime() - before >= 1.49);
    assertEquals(await guest.settle(), undefined);
  },
);

guestTest(
  "a kernel that was just built is refused before its boot for what its .config or its modules are without",
  async (folder) => {
    const { kernel } = findImage(image);
    const config = `${folder}/config`;
    await Deno.writeTextFile(
      config,
      ["64BIT", "ZRAM", "ZSMALLOC", "CRYPTO_LZ4"]
        .map((option) => `CONFIG_${option}=y\n`).join(""),
    );
    const conform = ["guest", "conform", "zram", "--kernel", kernel];
    assertRefused(
      await zspec(folder, ...conform, "--config", config, ...PROFILE),
      "is built without CONFIG_VIRTIO_PCI, CONFIG_VIRTIO_CONSOLE, CONFIG_BINFMT_ELF",
    );
    assertRefused(
      await zspec(folder, ...conform, "--modules", folder, ...PROFILE),
      `'${folder}' has no modules of Linux `,
    );
  },
);

guestTest(
  "a module that the kernel refuses is told of in one line",
  async (folder) => {
    const own = `${folder}/zram.ko`;
    const { release } = findImage(image);
    await Deno.writeTextFile(
      own,
      `\x7fELF\0name=zram\0vermagic=${release} SMP\0`,
    );
    await assertRejects(
      () => bootGuest({ image, modules: [ZRAM], ownModules: [own] }),
      TargetMissing,
      `Cannot boot a guest: Linux ${release}: /modules/zram.ko: Exec format error`,
    );
    const refused = await zspec(
      folder,
      ...["guest", "conform", "zram", "--image", image, "--module", own],
    );
    assertRefused(refused, "/modules/zram.ko: Exec format error");
  },
);

/** The kernel to compare with, where nothing is compared. */
const PROFILE = ["--profile", "linux-6.1"];

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
    await refused("boot", "'boot' is not conform, record or get");
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
    await refused(
      "conform zram --accel xen",
      "The option '--accel' is 'xen', not tcg or kvm",
    );
    await refused("conform zram --cpus 0", "The option '--cpus' is '0'");
    await refused(
      "conform zram --kernel a --image b",
      "both '--image' and '--kernel' are given",
    );
    await refused(
      "conform zram --modules a",
      "'--modules' is given without '--kernel'",
    );
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

commandTest(
  "without xz a kernel whose modules it compressed is refused before its boot",
  async (folder) => {
    const home = `${folder}/usr/lib/modules/6.1.0`;
    await Deno.mkdir(`${home}/kernel`, { recursive: true });
    await Deno.mkdir(`${folder}/bin`);
    // A header of the boot protocol: magic, the place of the release, 64 bits.
    const kernel = new Uint8Array(0x400);
    kernel.set(new TextEncoder().encode("HdrS"), 0x202);
    kernel.set([0x00, 0x01], 0x20e);
    kernel[0x236] = 1;
    kernel.set(new TextEncoder().encode("6.1.0 (me)\0"), 0x300);
    await Deno.writeFile(`${home}/vmlinuz`, kernel);
    await Deno.writeTextFile(`${home}/kernel/zram.ko.xz`, "");
    await Deno.writeTextFile(`${folder}/bin/qemu-system-x86_64`, "#!/bin/sh\n");
    await Deno.chmod(`${folder}/bin/qemu-system-x86_64`, 0o755);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", `${ROOT}src/cli/main.ts`],
        ...["guest", "conform", "zram", "--image", folder],
      ],
      env: { PATH: `${folder}/bin` },
    }).output();
    const [out, said] = [stdout, stderr].map((bytes) =>
      new TextDecoder().decode(bytes)
    );
    assertRefused(
      { code, stdout: out, stderr: said },
      "Cannot boot a guest: its modules are compressed by xz and there is no xz; install xz-utils",
    );
  },
);
