import { assert, assertEquals } from "@std/assert";
import {
  describedProfile,
  parseTranscript,
  replay,
  zsGeometry,
} from "../mod.ts";

const FOLDER = new URL("findings/", import.meta.url);
const PAGE = Deno.readTextFileSync(new URL("linux.md", FOLDER));
const TRANSCRIPTS = [...Deno.readDirSync(FOLDER)]
  .map(({ name }) => name)
  .filter((name) => name.endsWith(".jsonl"))
  .sort();

Deno.test("each transcript of a finding is named on the page of findings", () => {
  assert(TRANSCRIPTS.length > 0);
  for (const name of TRANSCRIPTS) assert(PAGE.includes(`\`${name}\``), name);
});

for (const name of TRANSCRIPTS) {
  Deno.test(`the model has the defect that findings/${name} shows`, () => {
    const text = Deno.readTextFileSync(new URL(name, FOLDER));
    assertEquals(replay(parseTranscript(text)).failure, undefined);
  });
}

Deno.test("the classes and watermarks that the page of findings says are built are built", () => {
  const rows = [
    ...PAGE.matchAll(/^\|\s+(\d+) \|\s+\d+ \|\s+(\d+) \|\s+(\d+) \|$/gm),
  ]
    .map(([, ...numbers]) => numbers.map(Number));
  assertEquals(rows.length, 13);
  for (const [chainSize, classes, watermark] of rows) {
    const built = zsGeometry(
      describedProfile(`linux-7.3,chain-size=${chainSize}`),
    );
    assertEquals(built.classes.length, classes);
    // The watermark is the last class below a page; an object has its handle.
    assertEquals(built.hugeClassSize, watermark - 7);
  }
});
