import { assertEquals, assertThrows } from "@std/assert";
import { TargetMissing } from "../mod.ts";
import { cpioArchive } from "../src/live/cpio.ts";
import { findImage } from "../src/live/guest_image.ts";
import { commandTest } from "./command.ts";

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

commandTest(
  "a folder's newest kernel that has its modules is booted",
  async (folder) => {
    const add = async (release: string, modules: readonly string[]) => {
      await Deno.mkdir(`${folder}/boot`, { recursive: true });
      await Deno.writeTextFile(`${folder}/boot/vmlinuz-${release}`, "");
      const drivers = `${folder}/lib/modules/${release}/kernel/drivers/block`;
      await Deno.mkdir(drivers, { recursive: true });
      for (const name of modules) {
        await Deno.writeTextFile(`${drivers}/${name}.ko`, "");
      }
    };
    assertThrows(() => findImage(folder), TargetMissing, "linux-image-amd64");
    await add("6.1.0-9-amd64", ["zram"]);
    await add("6.1.0-10-amd64", ["zram", "loop"]);
    await add("6.1.0-11-amd64", []);
    await add("6.1.0-12-arm64", ["zram"]);
    const { release, kernel, modules } = findImage(`${folder}/`);
    assertEquals(release, "6.1.0-10-amd64");
    assertEquals(kernel, `${folder}/boot/vmlinuz-6.1.0-10-amd64`);
    assertEquals([...modules.keys()].sort(), ["loop", "zram"]);
  },
);
