/** Where `zspec predict` and others get pages from. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { pageFiles, readInput, readPages } from "../src/cli/pages.ts";
import { nothingUnread, unreadText } from "../src/cli/unread.ts";
import { progressLine } from "../src/cli/progress.ts";
import {
  assertRefused,
  commandTest,
  commandTestUnless,
  noise,
  zspec,
} from "./command.ts";

const PAGE = 4096;

/** A segment of a core dump, and its kind: 1 is PT_LOAD, 4 a note. */
interface Made {
  readonly kind: number;
  readonly data: Uint8Array;
}

/** An ELF core dump of segments, each where its data is. */
function coreDump(
  segments: readonly Made[],
  { isLong, isLittle }: {
    readonly isLong: boolean;
    readonly isLittle: boolean;
  },
): Uint8Array<ArrayBuffer> {
  const [header, entry] = isLong ? [64, 56] : [52, 32];
  const start = header + entry * segments.length + 5;
  const total = segments.reduce((sum, { data }) => sum + data.length, start);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  const long = (at: number, value: number) =>
    isLong
      ? view.setBigUint64(at, BigInt(value), isLittle)
      : view.setUint32(at, value, isLittle);
  view.setUint32(0, 0x7f454c46);
  bytes[4] = isLong ? 2 : 1;
  bytes[5] = isLittle ? 1 : 2;
  view.setUint16(16, 4, isLittle);
  long(isLong ? 32 : 28, header);
  view.setUint16(isLong ? 54 : 42, entry, isLittle);
  view.setUint16(isLong ? 56 : 44, segments.length, isLittle);
  let at = start;
  segments.forEach(({ kind, data }, nth) => {
    const here = header + nth * entry;
    view.setUint32(here, kind, isLittle);
    long(here + (isLong ? 8 : 4), at);
    long(here + (isLong ? 32 : 16), data.length);
    bytes.set(data, at);
    at += data.length;
  });
  return bytes;
}

/** The pages of a path, each a copy. */
function pagesOf(path: string, pageSize = PAGE): Uint8Array[] {
  const { files } = readInput([path], pageSize);
  return Array.from(readPages(files, pageSize), (page) => page.slice());
}

Deno.test("a core dump's pages are its PT_LOAD segments, in either word size and order of bytes", () => {
  const path = Deno.makeTempFileSync({ prefix: "zspec-" });
  try {
    const [first, second] = [noise(2 * PAGE), noise(PAGE + 100, 3)];
    const segments = [
      { kind: 4, data: noise(333) },
      { kind: 1, data: first },
      { kind: 1, data: new Uint8Array(0) },
      { kind: 1, data: second },
    ];
    for (const isLong of [true, false]) {
      for (const isLittle of [true, false]) {
        const core = coreDump(segments, { isLong, isLittle });
        Deno.writeFileSync(path, core);
        const pages = pagesOf(path);
        assertEquals(pages.length, 4);
        assertEquals(pages[0], first.slice(0, PAGE));
        assertEquals(pages[1], first.slice(PAGE));
        assertEquals(pages[2], second.slice(0, PAGE));
        assertEquals(pages[3].slice(0, 100), second.slice(PAGE));
        // What follows a segment in the file is none of its pages.
        assertEquals(pages[3].slice(100), new Uint8Array(PAGE - 100));
        // Cut off within the last segment: what is there counts.
        Deno.writeFileSync(path, core.subarray(0, core.length - PAGE));
        assertEquals(pagesOf(path).length, 3);
        // And before it begins.
        Deno.writeFileSync(path, core.subarray(0, core.length - 2 * PAGE));
        const unread = nothingUnread();
        const parts = [...pageFiles([path], PAGE, unread)];
        assertEquals(parts.map(({ pages }) => pages), [2]);
        assertStringIncludes(unreadText(unread), "the core dump is cut off");
      }
    }
  } finally {
    Deno.removeSync(path);
  }
});

const NO_PAGEMAP = Deno.build.os !== "linux" ? "it needs Linux" : undefined;

commandTestUnless(
  NO_PAGEMAP,
  "of a process those pages are taken that it has, and what it never touched is not",
  async (folder) => {
    // 3 pages are touched of 64M, and hold a text.
    const program = `import ctypes, mmap, sys
memory = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for nth in range(3):
    memory[nth * 8192:nth * 8192 + 4096] = (b"zspec was here %d. " % nth * 999)[:4096]
print("ready", flush=True)
sys.stdin.read()
`;
    let child: Deno.ChildProcess;
    try {
      child = new Deno.Command("python3", {
        args: ["-c", program],
        stdin: "piped",
        stdout: "piped",
      }).spawn();
    } catch {
      return;
    }
    const reader = child.stdout.getReader();
    await reader.read();
    try {
      const path = `/proc/${child.pid}/mem`;
      const pages = pagesOf(path);
      for (const nth of [0, 1, 2]) {
        const text = `zspec was here ${nth}. `.repeat(999).slice(0, PAGE);
        const page = new TextEncoder().encode(text);
        assert(pages.some((one) => one.every((byte, at) => byte === page[at])));
      }
      assert(pages.length < 8192, `${pages.length} pages`);
      const { code, stdout, stderr } = await zspec(
        folder,
        ...["predict", path, "--algorithm", "lz4", "--json"],
      );
      assertEquals(code, 0, stderr);
      assertEquals(JSON.parse(stdout).pages, pages.length);
      // On larger pages, one is taken of which any part is there.
      const large = pagesOf(path, 16384).length;
      assert(large <= pages.length && large >= pages.length / 4);
    } finally {
      await child.stdin.close();
      await reader.cancel();
      await child.status;
    }
  },
);

commandTest(
  "devices and the kernel's memory are refused in one line",
  async (folder) => {
    assertRefused(
      await zspec(folder, "predict", "/dev/zero"),
      "Cannot read '/dev/zero': a device, not a file or folder",
    );
    const gone = await zspec(folder, "predict", "/proc/4194305/mem");
    assertRefused(gone, "no such file or folder");
    if (Deno.build.os !== "linux") return;
    assertRefused(
      await zspec(folder, "size", "--ram", "1G", "/proc/kcore"),
      "Cannot read '/proc/kcore': ",
    );
  },
);

commandTest(
  "a sparse file larger than memory may be is counted page by page in bounded memory",
  async (folder) => {
    const file = await Deno.create(`${folder}/sparse`);
    await file.truncate(64 * 2 ** 30);
    file.close();
    const before = Deno.memoryUsage().rss;
    const { pages, files } = readInput([`${folder}/sparse`], PAGE);
    assertEquals(pages, 2 ** 24);
    // A large part of it is read here, by the same buffer over and over.
    let read = 0;
    for (const page of readPages(files, PAGE)) {
      if (page[0] !== 0 || ++read === 2 ** 17) break;
    }
    assertEquals(read, 2 ** 17);
    assert(Deno.memoryUsage().rss - before < 64 * 2 ** 20);
    const small = await Deno.create(`${folder}/small`);
    await small.truncate(2 ** 28);
    small.close();
    const { stdout } = await zspec(
      folder,
      ...["predict", "small", "--algorithm", "lz4", "--json"],
    );
    const [{ mmStat }] = JSON.parse(stdout).predictions;
    assertEquals([mmStat.same_pages, mmStat.mem_used_total], [65536, 0]);
  },
);

Deno.test("progress says speed and time left, and never fills a line", () => {
  const work = { label: "measuring", done: 500, total: 2000, seconds: 2 };
  assertEquals(
    progressLine({ ...work, steps: "pages" }, 80),
    `measuring  ${"█".repeat(8)}${"░".repeat(24)} 25%  0:06 left 250 pages/s`,
  );
  const at = (width: number, more = {}) =>
    progressLine({ ...work, steps: "pages", ...more }, width);
  for (const width of [40, 60, 80, 120]) {
    for (const done of [0, 1, 999, 2000]) {
      for (const seconds of [0, 1, 90000]) {
        assert(at(width, { done, seconds }).length < width);
      }
    }
  }
  assertStringIncludes(at(40), " 25%  0:06 left");
  assert(!at(40).includes("pages/s"));
  assert(!at(80, { seconds: 0.1 }).includes("left"));
  assertStringIncludes(at(80, { seconds: 3600 }), " 3:00:00 left");
  assert(!at(80, { steps: undefined }).includes("/s"));
});
