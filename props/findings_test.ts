import { assert, assertEquals } from "@std/assert";
import {
  describedProfile,
  parseTranscript,
  RACE_ROOMS,
  readRaceProgram,
  replay,
  replayRace,
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

/** What the page of findings says to run: a schedule that breaks something. */
const REPLAYS = [...PAGE.matchAll(/^zspec races (\S+) --replay '(.*)'$/gm)];

Deno.test("each schedule of a finding breaks something in the model of its release", () => {
  assertEquals(REPLAYS.length, 6);
  for (const [, name, text] of REPLAYS) {
    const [program, schedule, profile] = text.split(" @ ");
    const room = RACE_ROOMS.find((one) => one.name === name);
    assert(room !== undefined, name);
    const { finding } = room.explore(
      describedProfile(profile),
      readRaceProgram(program),
      (trial) => replayRace(trial, schedule),
    );
    assert(finding !== undefined, text);
  }
});

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
