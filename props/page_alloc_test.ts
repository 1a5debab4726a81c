/** The buddy allocator of pages, by example, and random programs of it. */
import { assertEquals, assertThrows } from "@std/assert";
import {
  assertPageAlloc,
  buddyinfo,
  checkPool,
  compactMemory,
  compactZone,
  extfragIndexText,
  GFP_HIGHUSER_MOVABLE,
  GFP_KERNEL,
  GFP_MOVABLE,
  GFP_RECLAIMABLE,
  InvariantError,
  LINUX_3_12,
  LINUX_4_0,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_18,
  Memory,
  type MemoryBuddyOptions,
  type MovableOperations,
  NO_PAGE,
  type PageAllocator,
  pageAllocMachine,
  pagetypeinfo,
  type Profile,
  PROFILES,
  programAt,
  unusableIndexText,
  ZbudPool,
  type ZoneOptions,
  ZsPool,
} from "zspec";
import { addToFreeList, deleteFromFreeList } from "../src/memory/free_area.ts";
import { Fields } from "../src/programs/fields.ts";
import { commandTest, deno, ROOT } from "./command.ts";

/** Memory of small blocks: up to 16 pages, pageblocks of 8. */
function memoryOf(
  { release: { pageAlloc: release } }: Profile,
  zones: readonly ZoneOptions[],
  options: Partial<MemoryBuddyOptions> = {},
): Memory {
  return new Memory({
    firstPfn: 0,
    buddy: { release, zones, maxOrder: 4, pageblockOrder: 3, ...options },
  });
}

/** The columns of `/proc/buddyinfo`. */
function freeBlocks({ buddy }: Memory): number[][] {
  return buddyinfo(buddy).trimEnd().split("\n")
    .map((line) => line.trim().split(/ +/).slice(4).map(Number));
}

/** The columns of a type's line in `/proc/pagetypeinfo`. */
function listed({ buddy }: Memory, type: string): number[] {
  const line = pagetypeinfo(buddy).split("\n")
    .find((one) => one.includes(` ${type} `) && one.startsWith("Node")) ?? "";
  return line.trim().split(/ +/).slice(6).map(Number);
}

const NORMAL = "Normal";

Deno.test("page_alloc: a block is halved down to its order, its rest is free, and merges again", () => {
  for (const profile of PROFILES) {
    const memory = memoryOf(profile, [{ name: NORMAL, pages: 16 }]);
    assertEquals(freeBlocks(memory), [[0, 0, 0, 0, 1]]);
    assertEquals(memory.allocPage(GFP_MOVABLE), 0);
    assertEquals(freeBlocks(memory), [[1, 1, 1, 1, 0]]);
    assertEquals(memory.allocPages(1, GFP_MOVABLE), 2);
    assertEquals(freeBlocks(memory), [[1, 0, 1, 1, 0]]);
    memory.freePage(0);
    assertEquals(freeBlocks(memory), [[0, 1, 1, 1, 0]]);
    memory.freePages(2, 1);
    assertEquals(freeBlocks(memory), [[0, 0, 0, 0, 1]]);
    assertPageAlloc(memory);
  }
});

Deno.test("page_alloc: half of the frames are free and no two of them together", () => {
  const memory = memoryOf(LINUX_6_18, [{ name: NORMAL, pages: 64 }]);
  const pages = Array.from({ length: 64 }, () => memory.allocPage());
  assertEquals(memory.allocPage(), NO_PAGE);
  for (const pfn of pages) if (pfn % 2 === 0) memory.freePage(pfn);
  assertEquals(freeBlocks(memory), [[32, 0, 0, 0, 0]]);
  assertEquals(memory.allocPages(1), NO_PAGE);
  assertPageAlloc(memory);
});

Deno.test("page_alloc: a block whose buddy's buddy is free comes last in its list", () => {
  const memory = memoryOf(LINUX_6_18, [{ name: NORMAL, pages: 16 }]);
  const pages = Array.from({ length: 16 }, () => memory.allocPage());
  assertEquals(pages, pages.map((_, nth) => nth));
  for (const pfn of [8, 0, 2, 3, 1]) memory.freePage(pfn);
  // 1 merged with 0, 2 and 3; then 12 is first, and 10, beside 8 and 9, last.
  assertEquals(freeBlocks(memory), [[1, 0, 1, 0, 0]]);
  memory.freePage(12);
  memory.freePage(9);
  memory.freePage(10);
  assertEquals([memory.allocPage(), memory.allocPage()], [12, 10]);
});

Deno.test("page_alloc: what is freed must be what was allocated", () => {
  const memory = memoryOf(LINUX_6_18, [{ name: NORMAL, pages: 16 }]);
  const pfn = memory.allocPages(1);
  assertThrows(() => memory.freePage(pfn), Error, "2^1 were allocated there");
  assertThrows(() => memory.freePage(pfn + 1), Error, "not the first of");
  assertThrows(() => memory.freePages(64, 0), Error, "is not allocated");
  memory.freePages(pfn, 1);
  assertThrows(() => memory.freePages(pfn, 1), Error, "is not allocated");
  assertThrows(() => memory.allocPages(5), RangeError, "from 0 to 4");
  assertThrows(() => new Memory().allocPages(1), RangeError, "no zones");
});

Deno.test("page_alloc: zones and CMA areas that cannot be are refused", () => {
  const refused = (zones: readonly ZoneOptions[], message: string) =>
    assertThrows(() => memoryOf(LINUX_6_18, zones), RangeError, message);
  refused([], "there are no 'zones'");
  refused([{ name: NORMAL, pages: 0 }], "pages of zone Normal");
  refused(
    [{ name: NORMAL, pages: 8 }, { name: "DMA", pages: 8 }],
    "zone DMA is behind zone Normal",
  );
  refused(
    [{ name: "DMA", pages: 9 }, { name: NORMAL, pages: 8 }],
    "in the last pageblock of zone DMA",
  );
  refused([{ name: NORMAL, pages: 32, cma: [[4, 8]] }], "not multiples of 8");
  const cma = [[8, 8]] as const;
  assertThrows(
    () => memoryOf(LINUX_5_10, [{ name: NORMAL, pages: 32, cma }]),
    RangeError,
    "not multiples of 16",
  );
});

Deno.test("page_alloc: an allocation has its highest zone first, then lower ones", () => {
  const zones: ZoneOptions[] = [
    { name: "DMA", pages: 8 },
    { name: NORMAL, pages: 8 },
    { name: "HighMem", pages: 8 },
  ];
  const memory = memoryOf(LINUX_6_18, zones);
  const take = (pages: number, gfp = GFP_HIGHUSER_MOVABLE) =>
    Array.from({ length: pages }, () => memory.allocPage(gfp));
  assertEquals(take(9).at(-1), 8);
  assertEquals(take(1, GFP_KERNEL), [9]);
  take(14);
  assertEquals(take(1), [NO_PAGE]);
  assertEquals(take(1, GFP_KERNEL), [NO_PAGE]);
});

Deno.test("page_alloc: high memory is not for who needs its address", () => {
  const memory = memoryOf(LINUX_6_18, [{ name: "HighMem", pages: 8 }]);
  assertEquals(memory.allocPage(GFP_KERNEL), NO_PAGE);
  assertEquals(memory.allocPage(GFP_HIGHUSER_MOVABLE), 0);
});

Deno.test("page_alloc: watermarks leave pages in a zone, first more than at last", () => {
  const zones: ZoneOptions[] = [
    { name: "DMA", pages: 8 },
    { name: NORMAL, pages: 16, min: 4 },
  ];
  for (const profile of PROFILES) {
    const memory = memoryOf(profile, zones);
    const taken = Array.from({ length: 24 }, () => memory.allocPage());
    const had = taken.filter((pfn) => pfn !== NO_PAGE);
    // Down to 5 of Normal; then DMA to its last; then one more of Normal.
    assertEquals(
      had.map((pfn) => pfn >= 8 ? "N" : "D").join(""),
      [
        ..."NNNNNNNNNNN",
        ..."DDDDDDDD",
        "N",
      ].join(""),
    );
    assertPageAlloc(memory);
  }
});

Deno.test("page_alloc: up to 4.3 smaller blocks are not free for a large one", () => {
  const took = (profile: Profile) => {
    const memory = memoryOf(profile, [{ name: NORMAL, pages: 64, min: 12 }]);
    const pages = Array.from({ length: 48 }, () => memory.allocPage());
    for (const pfn of pages) if (pfn % 2 === 0) memory.freePage(pfn);
    // A block of 16 is free, and behind it twice the mark, in single pages.
    assertEquals(freeBlocks(memory), [[24, 0, 0, 0, 1]]);
    return memory.allocPages(4) !== NO_PAGE;
  };
  assertEquals([LINUX_4_0, LINUX_5_10, LINUX_6_18].map(took), [
    false,
    true,
    true,
  ]);
});

Deno.test("page_alloc: unmovable pages have none of a CMA area", () => {
  for (const profile of PROFILES) {
    const memory = memoryOf(profile, [
      { name: NORMAL, pages: 32, cma: [[0, 16]] },
    ]);
    for (let nth = 0; nth < 16; nth++) {
      assertEquals(memory.allocPage() >= 16, true);
    }
    assertEquals(memory.allocPage(), NO_PAGE);
    assertEquals(memory.allocPage(GFP_MOVABLE) < 16, true);
    assertPageAlloc(memory);
  }
});

Deno.test("page_alloc: since 5.8 movable pages come from CMA where it is more than half of what is free", () => {
  const first = (profile: Profile, cma: number) => {
    const memory = memoryOf(profile, [
      { name: NORMAL, pages: 64, cma: [[0, cma]] },
    ]);
    return memory.allocPage(GFP_MOVABLE) < cma;
  };
  assertEquals(first(LINUX_5_10, 48), true);
  assertEquals(first(LINUX_6_18, 48), true);
  assertEquals(first(LINUX_6_18, 32), false);
  assertEquals(first(LINUX_4_0, 48), false);
  assertEquals(first(LINUX_3_12, 48), false);
});

Deno.test("page_alloc: an unmovable page takes over a movable pageblock that is half free", () => {
  for (const profile of [LINUX_4_0, LINUX_5_10, LINUX_6_1, LINUX_6_12]) {
    const memory = memoryOf(profile, [{ name: NORMAL, pages: 8 }], {
      maxOrder: 3,
    });
    for (let nth = 0; nth < 3; nth++) memory.allocPage(GFP_MOVABLE);
    // The page is of the largest block up to 4.0, then the smallest that came with it.
    const isLargest = profile === LINUX_4_0;
    assertEquals(memory.allocPage(), isLargest ? 4 : 3);
    assertEquals(
      listed(memory, "Unmovable"),
      isLargest ? [2, 1, 0, 0] : [0, 0, 1, 0],
    );
    assertEquals(listed(memory, "Movable"), [0, 0, 0, 0]);
    assertPageAlloc(memory);
  }
});

Deno.test("page_alloc: a movable page takes no unmovable pageblock for a small block", () => {
  const left = (profile: Profile) => {
    const memory = memoryOf(profile, [{ name: NORMAL, pages: 16 }], {
      pageblockOrder: 4,
    });
    const pages = Array.from({ length: 16 }, () => memory.allocPage());
    for (const pfn of [0, 1, 4]) memory.freePage(pages[pfn]);
    const pfn = memory.allocPage(GFP_MOVABLE);
    assertPageAlloc(memory);
    return [pfn, listed(memory, "Unmovable"), listed(memory, "Movable")];
  };
  const [none, two] = [[0, 0, 0, 0, 0], [0, 1, 0, 0, 0]];
  // The largest block, and what is left of it is the movable page's.
  assertEquals(left(LINUX_4_0), [0, [1, 0, 0, 0, 0], [1, 0, 0, 0, 0]]);
  // The smallest since 4.13.
  assertEquals(left(LINUX_6_1), [4, two, none]);
  assertEquals(left(LINUX_6_18), [4, two, none]);
});

Deno.test("page_alloc: since 6.10 what is left of a stolen block keeps its pageblock's type", () => {
  const left = (profile: Profile) => {
    const memory = memoryOf(profile, [{ name: NORMAL, pages: 16 }], {
      pageblockOrder: 4,
    });
    const pages = Array.from({ length: 16 }, () => memory.allocPage());
    for (const pfn of [0, 1]) memory.freePage(pages[pfn]);
    memory.allocPage(GFP_MOVABLE);
    return [listed(memory, "Unmovable")[0], listed(memory, "Movable")[0]];
  };
  assertEquals(left(LINUX_6_1), [0, 1]);
  assertEquals(left(LINUX_6_12), [1, 0]);
});

Deno.test("page_alloc: since 5.0 lower zones come before pageblocks of other types", () => {
  const zones: ZoneOptions[] = [
    { name: "DMA32", pages: 8 },
    { name: NORMAL, pages: 16 },
  ];
  const second = (profile: Profile, zones: readonly ZoneOptions[]) => {
    const memory = memoryOf(profile, zones);
    for (let nth = 0; nth < 9; nth++) memory.allocPage(GFP_MOVABLE);
    // Of Normal's two pageblocks one is full, the other has movable pages.
    return memory.allocPage(GFP_RECLAIMABLE) < 8;
  };
  assertEquals(second(LINUX_4_0, zones), false);
  assertEquals(second(LINUX_6_18, zones), true);
  const high: ZoneOptions = { name: "HighMem", pages: 8 };
  assertEquals(second(LINUX_6_18, [...zones, high]), false);
});

Deno.test("page_alloc: up to 4.3 a reserve of two pageblocks at most is the last to be had", () => {
  const memory = memoryOf(LINUX_4_0, [{ name: NORMAL, pages: 64, min: 17 }], {
    maxOrder: 3,
  });
  assertEquals(listed(memory, "Reserve"), [0, 0, 0, 2]);
  assertEquals(memory.allocPages(3) >= 16, true);
  assertEquals(
    listed(
      memoryOf(LINUX_6_18, [{
        name: NORMAL,
        pages: 64,
        min: 17,
      }]),
      "HighAtomic",
    ),
    [0, 0, 0, 0, 0],
  );
});

Deno.test("page_alloc: /proc/buddyinfo and /proc/pagetypeinfo as the kernel prints them", () => {
  const memory = memoryOf(LINUX_6_18, [
    { name: "DMA", pages: 8 },
    { name: NORMAL, pages: 32, cma: [[0, 8]] },
  ]);
  memory.allocPage();
  assertEquals(
    buddyinfo(memory.buddy),
    "Node 0, zone      DMA      0      0      0      1      0 \n" +
      "Node 0, zone   Normal      1      1      1      3      0 \n",
  );
  assertEquals(pagetypeinfo(memory.buddy).split("\n"), [
    "Page block order: 3",
    "Pages per block:  8",
    "",
    "Free pages count per migrate type at order       0      1      2      3      4 ",
    "Node    0, zone      DMA, type    Unmovable      0      0      0      0      0 ",
    "Node    0, zone      DMA, type      Movable      0      0      0      1      0 ",
    "Node    0, zone      DMA, type  Reclaimable      0      0      0      0      0 ",
    "Node    0, zone      DMA, type   HighAtomic      0      0      0      0      0 ",
    "Node    0, zone      DMA, type          CMA      0      0      0      0      0 ",
    "Node    0, zone      DMA, type      Isolate      0      0      0      0      0 ",
    "Node    0, zone   Normal, type    Unmovable      1      1      1      1      0 ",
    "Node    0, zone   Normal, type      Movable      0      0      0      1      0 ",
    "Node    0, zone   Normal, type  Reclaimable      0      0      0      0      0 ",
    "Node    0, zone   Normal, type   HighAtomic      0      0      0      0      0 ",
    "Node    0, zone   Normal, type          CMA      0      0      0      1      0 ",
    "Node    0, zone   Normal, type      Isolate      0      0      0      0      0 ",
    "",
    "Number of blocks type     Unmovable      Movable  Reclaimable   HighAtomic          CMA      Isolate ",
    "Node 0, zone      DMA            0            1            0            0            0            0 ",
    "Node 0, zone   Normal            2            1            0            0            1            0 ",
    "",
  ]);
});

Deno.test("page_alloc: memory is brought back to what it was", () => {
  const memory = memoryOf(LINUX_6_18, [{ name: NORMAL, pages: 64 }]);
  const pages = Array.from({ length: 20 }, () => memory.allocPage());
  const before = pagetypeinfo(memory.buddy);
  const bringBack = memory.remember();
  for (const pfn of pages) memory.freePage(pfn);
  memory.bytes.fill(1);
  const next = memory.allocPages(2, GFP_MOVABLE);
  bringBack();
  assertEquals(pagetypeinfo(memory.buddy), before);
  assertEquals([memory.allocatedPages, memory.bytes[0]], [20, 0]);
  assertPageAlloc(memory);
  for (const pfn of pages) memory.freePage(pfn);
  assertEquals(memory.allocPages(2, GFP_MOVABLE), next);
});

/** Pages that can be moved, by what they are, each full of its own number. */
class UserPages implements MovableOperations {
  readonly pfnOf = new Map<number, number>();
  readonly isolated = new Set<number>();
  readonly stays = new Set<number>();
  readonly owner: number;
  constructor(readonly memory: Memory) {
    this.owner = memory.registerMovable(this);
  }
  make(page: number): number {
    const pfn = this.memory.allocPage(GFP_HIGHUSER_MOVABLE);
    if (pfn === NO_PAGE) return pfn;
    this.memory.setMovable(pfn, this.owner);
    this.memory.words.fill(page, pfn * 1024, (pfn + 1) * 1024);
    this.pfnOf.set(page, pfn);
    return pfn;
  }
  free(page: number): void {
    this.memory.freePage(this.pfnOf.get(page) ?? NO_PAGE);
    this.pfnOf.delete(page);
  }
  isolate(pfn: number): boolean {
    if (this.isolated.has(pfn)) return false;
    this.isolated.add(pfn);
    return true;
  }
  migrate(pfn: number, to: number): boolean {
    const { words } = this.memory;
    const page = words[pfn * 1024];
    if (this.stays.has(page) || this.pfnOf.get(page) !== pfn) return false;
    words.copyWithin(to * 1024, pfn * 1024, (pfn + 1) * 1024);
    this.pfnOf.set(page, to);
    return this.isolated.delete(pfn);
  }
  putback(pfn: number): void {
    this.isolated.delete(pfn);
  }
  check(): void {
    assertEquals(this.isolated.size, 0);
    for (const [page, pfn] of this.pfnOf) {
      const words = this.memory.words.subarray(pfn * 1024, (pfn + 1) * 1024);
      assertEquals(words.every((word) => word === page), true);
    }
  }
}

/** A zone full of pages of a user's, of which every second one was freed. */
function fragmented(profile: Profile, zone: Partial<ZoneOptions> = {}) {
  const memory = memoryOf(profile, [{ name: NORMAL, pages: 128, ...zone }]);
  const pages = new UserPages(memory);
  let page = 1;
  while (pages.make(page) !== NO_PAGE) page++;
  for (const [page, pfn] of [...pages.pfnOf]) if (pfn % 2 > 0) pages.free(page);
  return { memory, pages };
}

Deno.test("page_alloc: compaction moves what moves up, and joins what is free below", () => {
  for (const profile of PROFILES) {
    const { memory, pages } = fragmented(profile);
    assertEquals(freeBlocks(memory), [[64, 0, 0, 0, 0]]);
    assertEquals(memory.allocPages(4), NO_PAGE);
    assertEquals(compactMemory(memory), [
      { outcome: "complete", moved: 28, failed: 0 },
    ]);
    pages.check();
    assertPageAlloc(memory);
    // Where the scanners meet two pageblocks stay as they were.
    assertEquals(freeBlocks(memory), [[8, 0, 0, 1, 3]]);
    assertEquals([...pages.pfnOf.values()].every((pfn) => pfn >= 56), true);
  }
});

Deno.test("page_alloc: compaction for an allocation ends where that can be had", () => {
  for (const profile of PROFILES) {
    const { memory, pages } = fragmented(profile);
    const [zone] = memory.buddy?.zones ?? [];
    const asked = { order: 3, gfp: GFP_HIGHUSER_MOVABLE };
    const { outcome, moved } = compactZone(memory, zone, asked);
    pages.check();
    assertPageAlloc(memory);
    assertEquals([outcome, moved < 32], ["success", true]);
    assertEquals(memory.allocPages(3, GFP_HIGHUSER_MOVABLE) !== NO_PAGE, true);
  }
});

Deno.test("page_alloc: what stays is put back, and its target freed", () => {
  for (const profile of [LINUX_3_12, LINUX_5_10, LINUX_6_18]) {
    const { memory, pages } = fragmented(profile);
    for (const page of pages.pfnOf.keys()) pages.stays.add(page);
    const before = freeBlocks(memory);
    const [{ moved, failed }] = compactMemory(memory);
    assertEquals([moved, failed > 0], [0, true]);
    pages.check();
    assertPageAlloc(memory);
    assertEquals(freeBlocks(memory), before);
  }
});

Deno.test("page_alloc: unmovable pages stay, and nothing is moved among them", () => {
  const memory = memoryOf(LINUX_6_18, [{ name: NORMAL, pages: 64 }]);
  const pages = new UserPages(memory);
  const kernel = Array.from({ length: 24 }, () => memory.allocPage());
  for (let page = 1; pages.make(page) !== NO_PAGE; page++);
  for (const pfn of kernel) if (pfn % 2 > 0) memory.freePage(pfn);
  const kept = kernel.filter((pfn) => pfn % 2 === 0);
  compactMemory(memory);
  pages.check();
  assertEquals(
    [...pages.pfnOf.values()].some((pfn) => kernel.includes(pfn)),
    false,
  );
  for (const pfn of kept) memory.freePage(pfn);
  assertPageAlloc(memory);
});

/** A pool whose objects' zspages are half empty, all over a zone. */
function agedPool(profile: Profile) {
  const zone = { name: NORMAL, startPfn: 8, pages: 256 } as const;
  const memory = memoryOf(profile, [zone]);
  const pool = new ZsPool(profile, { memory });
  const handles: number[] = [];
  for (let nth = 0; nth < 5000; nth++) {
    const handle = pool.malloc(100 + nth % 5 * 300);
    if (typeof handle !== "number") break;
    pool.write(handle, new Uint8Array(100).fill(nth));
    handles.push(handle);
  }
  const live = new Map(handles.map((handle, nth) => [handle, nth]));
  for (const [nth, handle] of handles.entries()) {
    if (nth % 4 === 0) continue;
    pool.free(handle);
    live.delete(handle);
  }
  pool.compact();
  return { memory, pool, live };
}

Deno.test("page_alloc: zsmalloc's frames are moved since 4.8, and its objects stay whole", () => {
  for (const profile of PROFILES) {
    const { memory, pool, live } = agedPool(profile);
    const { length } = freeBlocks(memory)[0];
    const large = freeBlocks(memory)[0][length - 1];
    const [{ moved, failed }] = compactMemory(memory);
    assertEquals([moved > 0, failed], [profile.movable, 0]);
    assertEquals(freeBlocks(memory)[0][length - 1] > large, profile.movable);
    checkPool(pool);
    assertPageAlloc(memory);
    for (const [handle, nth] of live) {
      assertEquals(pool.read(handle, new Uint8Array(100))[99], nth & 255);
      pool.free(handle);
    }
    assertEquals(memory.allocatedPages, 0);
    assertPageAlloc(memory);
  }
});

Deno.test("page_alloc: zsmalloc has movable pages and high memory; zbud and z3fold have neither", () => {
  const zones: ZoneOptions[] = [
    { name: NORMAL, startPfn: 8, pages: 16 },
    { name: "HighMem", pages: 16 },
  ];
  for (const profile of PROFILES) {
    const memory = memoryOf(profile, zones);
    new ZsPool(profile, { memory }).malloc(3000);
    const type = profile.movable ? "Movable" : "Unmovable";
    assertEquals(memory.buddy?.zones.map((zone) => zone.freePages > 15), [
      true,
      false,
    ]);
    assertEquals(blocksOf(memory, type)[1] > 0, true);
    const zbud = memoryOf(profile, zones);
    new ZbudPool(profile, { memory: zbud }).alloc(100);
    assertEquals(zbud.buddy?.zones.map(({ freePages }) => freePages), [15, 16]);
    assertEquals(blocksOf(zbud, "Unmovable")[0] > 0, true);
  }
});

/** How many pageblocks of each zone are of a type. */
function blocksOf({ buddy }: Memory, type: string): number[] {
  const lines = pagetypeinfo(buddy).trimEnd().split("\n");
  const at = lines.findIndex((line) => line.startsWith("Number of blocks"));
  const names = lines[at].trim().split(/ +/).slice(4);
  return lines.slice(at + 1).map((line) =>
    Number(line.trim().split(/ +/).slice(4)[names.indexOf(type)])
  );
}

commandTest(
  "page_alloc: the README's fragments are what its example shows",
  async (folder) => {
    const readme = await Deno.readTextFile(`${ROOT}README.md`);
    const section = readme.slice(readme.indexOf("\n## Fragments\n"));
    const [, example = "", shown] =
      /```ts\n([^]*?)```\n\n```text\n([^]*?)```/.exec(section) ?? [];
    const source = example.replace(/https:[^"]*\/mod\.ts/, `${ROOT}mod.ts`);
    assertEquals(source.includes(ROOT), true);
    await Deno.writeTextFile(`${folder}/example.ts`, source);
    const { code, stdout, stderr } = await deno(
      folder,
      ...["run", "--check", "--no-lock", "-A", "example.ts"],
    );
    assertEquals(code, 0, stderr);
    assertEquals(stdout, shown);
  },
);

Deno.test("page_alloc: extfrag_index and unusable_index as debugfs prints them", () => {
  const memory = memoryOf(LINUX_6_18, [{ name: NORMAL, pages: 64 }]);
  const pages = Array.from({ length: 64 }, () => memory.allocPage());
  const zero = "Node 0, zone   Normal  0.000  0.000  0.000  0.000  0.000 \n";
  assertEquals(extfragIndexText(memory.buddy), zero);
  assertEquals(
    unusableIndexText(memory.buddy),
    "Node 0, zone   Normal 1.000 1.000 1.000 1.000 1.000 \n",
  );
  for (const pfn of pages) if (pfn % 3 !== 2) memory.freePage(pfn);
  // Two of three are free, every other two of them buddies.
  assertEquals(freeBlocks(memory), [[21, 11, 0, 0, 0]]);
  assertEquals(
    unusableIndexText(memory.buddy),
    "Node 0, zone   Normal 0.000 0.488 1.000 1.000 1.000 \n",
  );
  // 1 less (1 and 43 / 4) / 32, and so on.
  assertEquals(
    extfragIndexText(memory.buddy),
    "Node 0, zone   Normal -1.000 -1.000  0.633  0.801  0.885 \n",
  );
  const one = memoryOf(LINUX_6_18, [{ name: NORMAL, pages: 3 }]);
  one.allocPage();
  one.allocPage();
  // With a single block there are fractions below 0, printed as C prints them.
  assertEquals(freeBlocks(one), [[1, 0, 0, 0, 0]]);
  assertEquals(
    extfragIndexText(one.buddy),
    "Node 0, zone   Normal -1.000  0.-500  0.-250  0.-125  0.-62 \n",
  );
});

/** What breaks a rule of the allocator, in a memory that is used. */
const BREAKS: readonly (readonly [
  id: string,
  change: (buddy: PageAllocator, memory: Memory) => void,
])[] = [
  ["list-heads", (buddy) => buddy.prev[firstOf(buddy)] = 0],
  ["one-place", (buddy) => buddy.allocated[firstOf(buddy)] = 0],
  ["one-place", (buddy) => buddy.orders[firstOf(buddy)] = -1],
  ["one-place", (_, { page }) => page[3] = 0],
  ["nr-free", ({ zones }) => zones[0].nrFree[0]++],
  ["free-pages", ({ zones }) => zones[0].freePages--],
  ["free-cma", ({ zones }) => zones[0].freeCma++],
  ["cma-blocks", ({ blockTypes }) => blockTypes[7] = 1],
  ["watermark", ({ zones }) => Object.assign(zones[0], { min: 62 })],
  ["list-type", ({ blockTypes }) => blockTypes[1] = 2],
  ["cma-lists", ({ blockTypes }) => blockTypes.reverse()],
  ["merged", (buddy) => splitFirst(buddy)],
];

/** The first frame that is free. */
function firstOf({ orders }: PageAllocator): number {
  return orders.findIndex((order) => order >= 0);
}

/** Halves the largest free block, and lists both. */
function splitFirst(buddy: PageAllocator): void {
  const [zone] = buddy.zones;
  const pfn = buddy.orders.findIndex((order) => order > 1);
  const order = buddy.orders[pfn];
  const type = buddy.blockTypes[pfn >>> buddy.pageblockOrder];
  deleteFromFreeList(buddy, zone, pfn);
  for (const half of [pfn, pfn + 2 ** (order - 1)]) {
    addToFreeList(buddy, zone, half, order - 1, type, "head");
  }
}

for (const [nth, [id, change]] of BREAKS.entries()) {
  Deno.test(`page_alloc: the rule ${id} is broken by what breaks it, and told (${nth})`, () => {
    const zone = { name: NORMAL, pages: 64, cma: [[56, 8]] } as const;
    // Since 6.10 another rule speaks first.
    const profile = id === "cma-lists" ? LINUX_6_1 : LINUX_6_18;
    const memory = memoryOf(profile, [zone]);
    for (const gfp of [GFP_KERNEL, GFP_MOVABLE, GFP_KERNEL]) {
      memory.allocPage(gfp);
    }
    assertPageAlloc(memory);
    if (memory.buddy !== undefined) change(memory.buddy, memory);
    const error = assertThrows(() => assertPageAlloc(memory), InvariantError);
    assertEquals(error.id, `page_alloc/${id}`);
  });
}

Deno.test("page_alloc: every step of a program can be written and read, and every simpler one", () => {
  const { language, scope } = pageAllocMachine;
  const seen = new Set<string>();
  for (let nth = 0; nth < 30; nth++) {
    const { steps } = programAt(pageAllocMachine, { seed: 2, nth });
    for (const step of steps) {
      seen.add(step.op);
      for (const one of [step, ...language.simpler(step)]) {
        const fields = new Fields(
          JSON.parse(JSON.stringify(one)),
          (message) => new Error(message),
        );
        assertEquals(language.parse(fields), one);
        fields.end();
      }
    }
  }
  assertEquals([...seen].sort(), [...scope.ops].sort());
});
