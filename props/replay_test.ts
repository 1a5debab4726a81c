import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseTranscript, replay, TranscriptError } from "../mod.ts";
import { fuzz } from "./fuzz.ts";
import { RECORDED_ONLY, TRANSCRIPTS } from "./transcripts.ts";

for (const [name, text] of Object.entries(TRANSCRIPTS)) {
  // A transcript of zswap has no sizes.
  const froms = name.includes("/zswap-")
    ? ["computed"] as const
    : RECORDED_ONLY.includes(name)
    ? ["recorded"] as const
    : ["recorded", "computed"] as const;
  for (const from of froms) {
    Deno.test(`the model shows what the kernel showed in ${name}, sizes ${from}`, () => {
      const transcript = parseTranscript(text);
      const verdict = replay(transcript, from);
      assertEquals(verdict.failure, undefined);
      assertEquals(verdict.operations, transcript.operations.length);
      assert(verdict.observations > 7 * verdict.operations);
    });
  }
}

const WRITEBACK = TRANSCRIPTS["linux-6.1/lz4-writeback"].trimEnd().split("\n");
const ZSWAP = TRANSCRIPTS["linux-6.1/zswap-zbud"].trimEnd().split("\n");
const LIMITS = TRANSCRIPTS["linux-6.18/lz4-errors-limits"].trimEnd().split(
  "\n",
);

type Json = Record<string, unknown>;

/** Changes one observation of a line to another of its kind, or not at all. */
function falsify(line: Json, nth: number): Json | undefined {
  const kinds = [
    "mm_stat",
    "bd_stat",
    "crc32",
    "errno",
    "state",
    "out",
    "counters",
  ]
    .filter((kind) => kind in line);
  if (line.op === "get" && "value" in line) kinds.push("value");
  if (kinds.length === 0) return undefined;
  const kind = kinds[nth % kinds.length];
  switch (kind) {
    case "mm_stat": {
      const numbers = [...line.mm_stat as number[]];
      numbers[nth % 9] += 1 + nth % 5;
      return { ...line, mm_stat: numbers };
    }
    case "bd_stat": {
      const numbers = [...line.bd_stat as number[]];
      numbers[nth % 3] += 1 + nth % 5;
      return { ...line, bd_stat: numbers };
    }
    case "state": {
      const rows = line.state as [number, string][];
      const [page, flags] = rows[nth % rows.length];
      const letter = nth % 4;
      const changed = flags[letter] === "." ? "swhi"[letter] : ".";
      const others = flags.slice(0, letter) + changed + flags.slice(letter + 1);
      return { ...line, state: rows.with(nth % rows.length, [page, others]) };
    }
    case "out":
      return { ...line, out: !line.out };
    case "counters": {
      const counters = Object.entries(line.counters as Record<string, number>);
      const [name, count] = counters[nth % counters.length];
      const changed = { ...line.counters as Json, [name]: count + 1 + nth % 5 };
      return { ...line, counters: changed };
    }
    case "crc32":
      return {
        ...line,
        crc32: line.crc32 === "00000000" ? "00000001" : "00000000",
      };
    case "errno":
      return { ...line, errno: line.errno === "ENODEV" ? "EPERM" : "ENODEV" };
    default:
      return { ...line, value: `${line.value} ` };
  }
}

Deno.test("a falsified number, flag, counter, checksum, text or errno is found at its own line", () => {
  for (const original of [LIMITS, WRITEBACK, ZSWAP]) {
    let found = 0;
    const place = fc.tuple(
      fc.integer({ min: 1, max: original.length - 1 }),
      fc.nat(),
    );
    fuzz(
      fc.property(place, ([at, nth]) => {
        const changed = falsify(JSON.parse(original[at]), nth);
        fc.pre(changed !== undefined);
        const lines = original.with(at, JSON.stringify(changed));
        const { failure } = replay(parseTranscript(lines.join("\n")));
        assertEquals(failure?.operation.line, at + 1);
        found++;
      }),
      15,
    );
    assert(found > 0);
  }
});

Deno.test("a row of block_state that is missing or too many is found", () => {
  const at = WRITEBACK.findIndex((line) => line.includes('"op":"block_state"'));
  const line = JSON.parse(WRITEBACK[at]);
  for (const state of [line.state.slice(1), [...line.state, [399, "...."]]]) {
    const lines = WRITEBACK.with(at, JSON.stringify({ ...line, state }));
    const { failure } = replay(parseTranscript(lines.join("\n")));
    assertEquals(failure?.operation.line, at + 1);
  }
});

Deno.test("an errno where the operation succeeded, and success where it failed, are found", () => {
  const at = LIMITS.findIndex((line) => line.includes('"op":"discard"'));
  const failed = LIMITS.with(at, LIMITS[at].replace("{", '{"errno":"EIO",'));
  assertEquals(
    replay(parseTranscript(failed.join("\n"))).failure?.operation.line,
    at + 1,
  );
  const eio = LIMITS.findIndex((line) => line.includes('"errno":"EBUSY"'));
  const passed = LIMITS.with(eio, LIMITS[eio].replace(/"errno":"EBUSY",?/, ""));
  assertEquals(
    replay(parseTranscript(passed.join("\n"))).failure?.operation.line,
    eio + 1,
  );
});

Deno.test("recompression is followed with computed sizes, or with recorded ones where they are there", () => {
  const lines = (algorithm: string, recompressed = "") => [
    `{"zspec":"transcript/1","target":"zram","kernel":"6.18","profile":"linux-6.18-full","pageSize":4096,"wordBits":64,"chainSize":8}`,
    `{"op":"set","attr":"recomp_algorithm","value":"algo=${algorithm} priority=1\\n"}`,
    `{"op":"set","attr":"comp_algorithm","value":"lz4"}`,
    `{"op":"set","attr":"disksize","value":"1M"}`,
    `{"op":"write","page":0,"data":{"xorshift":7,"bytes":4096},"stored":4096${recompressed}}`,
    `{"op":"set","attr":"recompress","value":"type=huge","mm_stat":${
      recompressed === "" ? SAME : SMALLER
    }}`,
    `{"op":"get","attr":"recomp_algorithm","value":"#1: ${
      "lzo-rle lzo lz4 lz4hc zstd deflate 842".replace(
        new RegExp(`\\b${algorithm}\\b(?!-)`),
        "[$&]",
      )
    } \\n\\u0000\\u0000\\u0000\\u0000"}`,
  ];
  const SAME = "[4096,4096,4096,0,4096,0,0,1,1]";
  const SMALLER = "[4096,700,12288,0,4096,0,0,0,1]";
  const parsed = (algorithm: string, recompressed?: string) =>
    parseTranscript(lines(algorithm, recompressed).join("\n"));
  for (const algorithm of ["lzo", "zstd"]) {
    const { sizes, failure } = replay(parsed(algorithm));
    assertEquals([sizes, failure], ["computed", undefined]);
    assertThrows(
      () => replay(parsed(algorithm), "recorded"),
      TranscriptError,
      "those of recompressed pages are not",
    );
    const withLengths = parsed(algorithm, `,"recompressed":{"1":700}`);
    const recorded = replay(withLengths, "recorded");
    assertEquals([recorded.sizes, recorded.failure], ["recorded", undefined]);
  }
});

Deno.test("a transcript that the reader does not understand is refused at its line", () => {
  const refused = (lines: string[], line: number, message: string) => {
    const error = assertThrows(
      () => replay(parseTranscript(lines.join("\n"))),
      TranscriptError,
      message,
    );
    assertEquals(error.line, line);
  };
  const [header] = LIMITS;
  const change = (changes: Json) =>
    JSON.stringify({ ...JSON.parse(header), ...changes });
  const write =
    '{"op":"write","page":1,"data":{"word":"0000000000000000"},"stored":0}';
  refused([], 1, "the file is empty");
  refused(["[]"], 1, "the line is [], not an object");
  refused(
    [change({ zspec: "transcript/9" })],
    1,
    `the field 'zspec' is "transcript/9"`,
  );
  refused([change({ target: "brd" })], 1, `the field 'target' is "brd"`);
  refused([change({ profile: "linux-9.9" })], 1, "Unknown profile 'linux-9.9'");
  refused([change({ pageSize: 100 })], 1, "the 'pageSize' is 100");
  refused(
    [change({ backingPages: 256, profile: "linux-6.18,writeback=no" })],
    1,
    "linux-6.18,writeback=no has no writeback",
  );
  refused([change({ mood: 1 })], 1, "unknown field 'mood'");
  refused([header, "", write], 2, "the line is empty");
  refused([header, write.slice(0, 30)], 2, "was cut off");
  refused([header, '{"op":"fly"}'], 2, "unknown op 'fly'");
  refused(
    [header, write.replace('"page":1', '"page":-1')],
    2,
    "the field 'page' is -1",
  );
  refused(
    [header, write.replace('"page":1', '"page":"1"')],
    2,
    `the field 'page' is "1"`,
  );
  refused(
    [header, write.replace(',"stored":0', "")],
    2,
    "the field 'stored' is missing",
  );
  refused(
    [header, write.replace('"stored":0', '"stored":9999')],
    2,
    "the field 'stored' is 9999",
  );
  refused(
    [header, write.replace("0000000000000000", "00")],
    2,
    "the field 'data'",
  );
  refused(
    [header, '{"op":"get","attr":"disksize"}'],
    2,
    "the field 'value' is missing",
  );
  refused(
    [header, '{"op":"discard","page":1,"pages":0}'],
    2,
    "the field 'pages' is 0",
  );
  refused(
    [header, '{"op":"read","page":1,"crc32":"x"}'],
    2,
    `the field 'crc32' is "x"`,
  );
  refused(
    [header, '{"op":"read","page":1,"crc32":"00000000","errno":"EIO"}'],
    2,
    "is there though the operation failed",
  );
  refused(
    [header, '{"op":"compact","mm_stat":[1]}'],
    2,
    "unknown op 'compact'",
  );
  refused(
    [header, '{"op":"set","attr":"idle","value":"all","mm_stat":[1]}'],
    2,
    "nine whole numbers",
  );
});

Deno.test("mm_stat has as many numbers as the kernel shows, and files are read in parts of a page", () => {
  const lines = (profile: string, mmStat: string, files: string) =>
    parseTranscript([
      `{"zspec":"transcript/1","target":"zram","kernel":"5.10","profile":"${profile}","pageSize":4096,"wordBits":64,"chainSize":4${files}}`,
      `{"op":"get","attr":"disksize","value":"0\\n","mm_stat":${mmStat}}`,
    ].join("\n"));
  const eight = "[0,0,0,0,0,0,0,0]";
  const nine = "[0,0,0,0,0,0,0,0,0]";
  const differences = (profile: string, mmStat: string) =>
    replay(lines(profile, mmStat, "")).failure?.differences[0].what;
  assertEquals(differences("linux-5.10", eight), undefined);
  assertEquals(differences("linux-5.10", nine), "numbers of mm_stat");
  assertEquals(differences("linux-6.1", eight), "numbers of mm_stat");
  assertEquals(differences("linux-6.1", nine), undefined);
  const files = `,"files":{"/dict":[{"xorshift":1,"bytes":9}]}`;
  assertEquals(lines("linux-5.10", eight, files).header.target, "zram");
  for (const wrong of [`"/dict"`, `{"/dict":1}`, `{"/dict":[{"bytes":9}]}`]) {
    assertThrows(
      () => lines("linux-5.10", eight, `,"files":${wrong}`),
      TranscriptError,
      "the field 'files'",
    );
  }
});

Deno.test("a recording that goes on where a bug would have stopped its kernel is refused there", () => {
  const lines = [
    `{"zspec":"transcript/1","target":"zram","kernel":"6.18","profile":"linux-6.18","pageSize":4096,"wordBits":64,"chainSize":8}`,
    `{"op":"set","attr":"comp_algorithm","value":"deflate"}`,
    `{"op":"set","attr":"algorithm_params","value":"level=99"}`,
    `{"op":"set","attr":"disksize","value":"1M","errno":"EINVAL"}`,
    `{"op":"set","attr":"disksize","value":"1M"}`,
    `{"op":"write","page":0,"data":{"word":"0000000000000000"},"stored":0}`,
    `{"op":"write","page":1,"data":{"xorshift":7,"bytes":100},"stored":130}`,
  ];
  assertEquals(
    replay(parseTranscript(lines.slice(0, -1).join("\n"))).failure,
    undefined,
  );
  const error = assertThrows(
    () => replay(parseTranscript(lines.join("\n"))),
    TranscriptError,
    "the kernel would dereference a null pointer",
  );
  assertEquals(error.line, lines.length);
});
