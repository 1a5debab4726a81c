import { assert, assertEquals } from "@std/assert";
import { commandTest, deno, ROOT } from "./command.ts";

commandTest(
  "what zram keeps beyond its frames is at most 64 bytes a slot",
  async (folder) => {
    const { code, stdout, stderr } = await deno(
      folder,
      ...["run", "-A", "--quiet", "--v8-flags=--expose-gc"],
      `${ROOT}bench/zram_memory.ts`,
    );
    assertEquals(code, 0, stderr);
    const figures = [
      ...stdout.matchAll(/(words|code): ([0-9.]+) bytes a slot/g),
    ];
    assertEquals(figures.length, 4);
    for (const [line, , bytes] of figures) assert(Number(bytes) <= 64, line);
  },
);
