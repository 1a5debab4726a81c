import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { TargetMissing } from "../mod.ts";
import { cpioArchive } from "../src/live/cpio.ts";
import { readConfig } from "../src/live/guest_config.ts";
import {
  builtImage,
  findImage,
  type GuestImage,
} from "../src/live/guest_image.ts";
import { loadedModules, type Module } from "../src/live/guest_modules.ts";
import { commandTest, commandTestUnless } from "./command.ts";

/** One entry as a reader finds it. */
interface Found {
  path: string;
  mode: number;
  links: number;
  data: string;
}

/** Reads an archive from its definition: 110 bytes of header, all in hex. */
function readArchive(archive: Uint8Array): Found[] {
  const text = new TextDecoder("latin1").decode(archive);
  const aligned = (at: number) => at + (4 - at % 4) % 4;
  const entries: Found[] = [];
  for (let at = 0;;) {
    assertEquals(text.slice(at, at + 6), "070701");
    const field = (nth: number) =>
      parseInt(text.slice(at + 6 + 8 * nth, at + 14 + 8 * nth), 16);
    const [mode, links, bytes, pathBytes] = [1, 4, 6, 11].map(field);
    const path = text.slice(at + 110, at + 110 + pathBytes);
    assertEquals(path.indexOf("\0"), pathBytes - 1);
    const data = aligned(at + 110 + pathBytes);
    if (path === "TRAILER!!!\0") return entries;
    entries.push({
      path: path.slice(0, -1),
      mode,
      links,
      data: text.slice(data, data + bytes),
    });
    at = aligned(data + bytes);
  }
}

Deno.test("an archive has every entry at a multiple of four bytes, and a trailer", () => {
  for (const size of [0, 1, 2, 3, 4, 5, 4095]) {
    const data = new Uint8Array(size).fill(0x7a);
    for (const path of ["a", "ab", "modules/abc", "modules/abcd"]) {
      const archive = cpioArchive([
        { path: "dev", mode: 0o40755 },
        { path, mode: 0o100755, data },
      ]);
      assertEquals(archive.length % 4, 0);
      assertEquals(readArchive(archive), [
        { path: "dev", mode: 0o40755, links: 1, data: "" },
        { path, mode: 0o100755, links: 1, data: "z".repeat(size) },
      ]);
    }
  }
});

/** The start of a bzImage, by the offsets of the boot protocol. */
function bzImage(release: string, xloadflags = 0x7f): Uint8Array {
  const image = new Uint8Array(0x4000);
  const view = new DataView(image.buffer);
  image.set(new TextEncoder().encode("HdrS"), 0x202);
  view.setUint16(0x20e, 0x3000 - 0x200, true);
  view.setUint16(0x236, xloadflags, true);
  const text = `${release} (who@where) #1 SMP a day\0`;
  image.set(new TextEncoder().encode(text), 0x3000);
  return image;
}

/** A module as far as its `.modinfo` goes. */
function moduleFile(fields: Record<string, string>): Uint8Array {
  const rows = Object.entries(fields)
    .map(([name, value]) => `\0${name.replace(/[0-9]+$/, "")}=${value}`);
  return new TextEncoder().encode(`\x7fELF…${rows.join("")}\0`);
}

/** Writes a file, and the folders that it is in. */
async function put(path: string, data: Uint8Array | string): Promise<void> {
  await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
  await Deno.writeFile(
    path,
    typeof data === "string" ? new TextEncoder().encode(data) : data,
  );
}

commandTest(
  "a folder's newest kernel for x86-64 that has its modules is booted",
  async (folder) => {
    const add = async (
      release: string,
      modules: readonly string[],
      image = bzImage(release),
    ) => {
      await put(`${folder}/boot/vmlinuz-${release}`, image);
      for (const name of modules) {
        await put(
          `${folder}/lib/modules/${release}/kernel/drivers/block/${name}.ko`,
          "",
        );
      }
    };
    assertThrows(() => findImage(folder), TargetMissing, "linux-image-amd64");
    await add("6.1.0-12-amd64", []);
    assertThrows(
      () => findImage(folder),
      TargetMissing,
      `Linux 6.1.0-12-amd64 in '${folder}' has no modules in lib/modules or usr/lib/modules`,
    );
    await add("6.1.0-9-amd64", ["zram"]);
    await add("6.1.0-10-amd64", ["zram", "loop"]);
    await add("6.1.0-13-arm64", ["zram"], new Uint8Array(0x4000));
    await add("6.1.0-14-686", ["zram"], bzImage("6.1.0-14-686", 0));
    const { release, kernel, modules, builtin, config } = findImage(
      `${folder}/`,
    );
    assertEquals(release, "6.1.0-10-amd64");
    assertEquals(kernel, `${folder}/boot/vmlinuz-6.1.0-10-amd64`);
    assertEquals([...modules.keys()].sort(), ["loop", "zram"]);
    assertEquals([builtin, config], [undefined, undefined]);
  },
);

commandTest(
  "a kernel's parts may lie in usr/lib/modules, its image and its configuration too",
  async (folder) => {
    const home = `${folder}/usr/lib/modules/7.3.4+deb13-amd64`;
    await put(`${home}/vmlinuz`, bzImage("7.3.4+deb13-amd64"));
    await put(`${home}/config`, "CONFIG_ZSWAP=y\n");
    await put(
      `${home}/modules.builtin`,
      "kernel/drivers/char/virtio_console.ko\nkernel/lib/lzo/lzo-rle.ko\n",
    );
    await put(`${home}/kernel/a/zram.ko.xz`, "old");
    await put(`${home}/kernel/a/crc-itu-t.ko.zst`, "");
    await put(`${home}/kernel/a/brd.ko.gz`, "");
    await put(`${home}/kernel/a/zram.c`, "");
    await put(`${home}/updates/dkms/zram.ko`, "new");
    const image = findImage(folder);
    assertEquals(image.release, "7.3.4+deb13-amd64");
    assertEquals(image.kernel, `${home}/vmlinuz`);
    assertEquals(
      Object.fromEntries(image.modules),
      {
        zram: `${home}/updates/dkms/zram.ko`,
        crc_itu_t: `${home}/kernel/a/crc-itu-t.ko.zst`,
        brd: `${home}/kernel/a/brd.ko.gz`,
      },
    );
    assertEquals([...image.builtin ?? []], ["virtio_console", "lzo_rle"]);
    assertEquals([...image.config ?? []], [["ZSWAP", "y"]]);
  },
);

commandTest(
  "a kernel that was just built is named by its header, with modules of its release or with none",
  async (folder) => {
    const kernel = `${folder}/bzImage`;
    await put(kernel, bzImage("7.3.0-rc2-mine"));
    assertEquals(builtImage({ kernel }), {
      release: "7.3.0-rc2-mine",
      kernel,
      modules: new Map(),
      builtin: undefined,
      config: undefined,
    });
    assertThrows(
      () => builtImage({ kernel, modules: folder }),
      TargetMissing,
      "has no modules of Linux 7.3.0-rc2-mine: there is no folder lib/modules/7.3.0-rc2-mine",
    );
    const home = `${folder}/lib/modules/7.3.0-rc2-mine`;
    await put(`${home}/kernel/zram.ko`, "");
    assertEquals(
      [...builtImage({ kernel, modules: folder }).modules],
      [["zram", `${home}/kernel/zram.ko`]],
    );
    for (const path of [`${home}/kernel/zram.ko`, home]) {
      assertThrows(
        () => builtImage({ kernel: path }),
        TargetMissing,
        `'${path}' is no bzImage for x86-64`,
      );
    }
    assertThrows(
      () => builtImage({ kernel: `${folder}/nosuch` }),
      TargetMissing,
      `cannot read '${folder}/nosuch': there is no such file`,
    );
  },
);

/** An image that has nothing but what is said. */
function imageWith(parts: Partial<GuestImage>): GuestImage {
  return {
    release: "7.3.4",
    kernel: "vmlinuz",
    modules: new Map(),
    builtin: undefined,
    config: undefined,
    ...parts,
  };
}

const ZRAM: Module = {
  name: "zram",
  option: "ZRAM",
  parameters: "num_devices=1 extra=2",
};
const BRD: Module = { name: "brd", option: "BLK_DEV_RAM", isOptional: true };
/** A configuration with all that every guest needs. */
const CONFIG = new Map(
  [
    ...["BINFMT_ELF", "BLK_DEV_INITRD", "DEVTMPFS", "PCI", "PROC_FS", "SYSFS"],
    "MODULES",
  ].map((name) => [name, "y"]),
);

commandTest(
  "modules are loaded after all that they depend on, whatever they are compressed by",
  async (folder) => {
    const vermagic = "7.3.4 SMP preempt";
    const lz4 = moduleFile({ name: "lz4_compress", vermagic });
    const files: Record<string, Uint8Array> = {
      "zram.ko.zst": zstdCompressSync(moduleFile({
        name: "zram",
        depends: "zsmalloc,lz4-compress,built-in",
        softdep1: "pre: brd nosuch post: later",
        vermagic,
      })),
      "zsmalloc.ko.gz": gzipSync(moduleFile({ name: "zsmalloc", vermagic })),
      "lz4_compress.ko": lz4,
      "brd.ko": moduleFile({ name: "brd", depends: "lz4_compress", vermagic }),
      "later.ko": moduleFile({ name: "later", vermagic }),
    };
    const modules = new Map<string, string>();
    for (const [name, data] of Object.entries(files)) {
      await put(`${folder}/${name}`, data);
      modules.set(name.replace(/\.ko.*/, ""), `${folder}/${name}`);
    }
    const builtin = new Set(["built_in"]);
    const image = imageWith({ modules, builtin });
    const loaded = await loadedModules(image, [ZRAM], [], []);
    assertEquals(
      loaded.files.map(({ name, parameters }) => [name, parameters]),
      [
        ["lz4_compress", ""],
        ["brd", ""],
        ["zsmalloc", ""],
        ["zram", "num_devices=1 extra=2"],
      ],
    );
    assertEquals(loaded.files[0].data, lz4);
    assertEquals(loaded.words, []);
    await assertRejects(
      () => loadedModules(imageWith({ modules }), [ZRAM], [], []),
      TargetMissing,
      "the module 'zram' needs 'built_in', which Linux 7.3.4 has not as a module",
    );
  },
);

commandTestUnless(
  await new Deno.Command("xz", { args: ["--version"] }).output()
    .then(() => undefined, () => "there is no xz"),
  "modules that xz compressed are loaded, and damaged ones refused",
  async (folder) => {
    const data = moduleFile({ name: "brd", vermagic: "7.3.4 SMP" });
    await put(`${folder}/brd.ko`, data);
    const { success } = await new Deno.Command("xz", {
      args: ["-k", `${folder}/brd.ko`],
    }).output();
    assertEquals(success, true);
    const load = (path: string) =>
      loadedModules(
        imageWith({ modules: new Map([["brd", path]]) }),
        [BRD],
        [],
        [],
      );
    const { files } = await load(`${folder}/brd.ko.xz`);
    assertEquals(files.map((one) => one.data), [data]);
    await put(`${folder}/bad.ko.xz`, "no xz");
    await assertRejects(
      () => load(`${folder}/bad.ko.xz`),
      TargetMissing,
      "bad.ko.xz",
    );
    await put(`${folder}/bad.ko`, "no module");
    await assertRejects(
      () => load(`${folder}/bad.ko`),
      TargetMissing,
      `'${folder}/bad.ko' is no module`,
    );
  },
);

Deno.test("what is built in gets its parameters by the command line; what nothing tells of is tried", async () => {
  const words = ["zram.num_devices=1", "zram.extra=2"];
  const known: Partial<GuestImage>[] = [
    {},
    { builtin: new Set(["zram"]) },
    { config: new Map([...CONFIG, ["ZRAM", "y"]]) },
  ];
  for (const parts of known) {
    const loaded = await loadedModules(imageWith(parts), [ZRAM, BRD], [], []);
    assertEquals(loaded, { files: [], words });
  }
});

Deno.test("what a kernel is known to be built without is refused before it is booted", async () => {
  const refused = (
    parts: Partial<GuestImage>,
    message: string,
    needed: readonly string[] = [],
  ) =>
    assertRejects(
      () => loadedModules(imageWith(parts), [ZRAM, BRD], [], needed),
      TargetMissing,
      `Cannot boot a guest: Linux 7.3.4 ${message}`,
    );
  await refused({ builtin: new Set() }, "is built without CONFIG_ZRAM");
  await refused({ config: CONFIG }, "is built without CONFIG_ZRAM");
  await refused(
    { config: new Map([...CONFIG, ["ZRAM", "m"]]) },
    "has 'zram' as a module, and no such file is there",
  );
  await refused(
    { config: new Map([["ZRAM", "y"], ["PCI", "y"], ["ZSWAP", "y"]]) },
    "is built without CONFIG_BINFMT_ELF, CONFIG_BLK_DEV_INITRD, CONFIG_DEVTMPFS, CONFIG_PROC_FS, CONFIG_SYSFS, CONFIG_SWAP",
    ["SWAP", "ZSWAP"],
  );
  const modules = new Map([["zram", "/nosuch/zram.ko"]]);
  await refused(
    { modules, config: new Map([...CONFIG, ["MODULES", "n"]]) },
    "loads no modules: CONFIG_MODULES is off",
  );
});

commandTest(
  "a module of one's own takes the place of the kernel's, unless it is for another kernel",
  async (folder) => {
    const own = `${folder}/mine/zram.ko`;
    const theirs = `${folder}/zram.ko`;
    await put(theirs, moduleFile({ name: "zram", vermagic: "7.3.4 SMP" }));
    const load = () =>
      loadedModules(
        imageWith({ modules: new Map([["zram", theirs]]) }),
        [ZRAM],
        [own],
        [],
      );
    await assertRejects(load, TargetMissing, `cannot read '${own}'`);
    const data = moduleFile({ name: "zram", vermagic: "7.3.4 SMP", mine: "1" });
    await put(own, data);
    const { files } = await load();
    assertEquals(files.map((one) => [one.name, one.parameters, one.data]), [
      ["zram", "num_devices=1 extra=2", data],
    ]);
    await put(own, moduleFile({ name: "zram" }));
    await assertRejects(
      load,
      TargetMissing,
      `'${own}' is no module of a kernel`,
    );
    await put(own, moduleFile({ name: "zram", vermagic: "7.3.5 SMP" }));
    await assertRejects(
      load,
      TargetMissing,
      `the module '${own}' is for Linux 7.3.5, not 7.3.4`,
    );
    // With each symbol's version the kernel judges by those.
    await put(
      own,
      moduleFile({ name: "zram", vermagic: "7.3.5 SMP", __versions: "" }),
    );
    assertEquals((await load()).files.length, 1);
  },
);

commandTest(
  "a configuration is refused where the file is none",
  async (folder) => {
    const path = `${folder}/config`;
    assertThrows(
      () => readConfig(path),
      TargetMissing,
      `Cannot read '${path}': there is no such file`,
    );
    for (const text of ["", "int main;\n"]) {
      await put(path, text);
      assertThrows(() => readConfig(path), TargetMissing, `'${path}'`);
    }
  },
);
