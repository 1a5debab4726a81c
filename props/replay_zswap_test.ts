import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  operationLine,
  parseTranscript,
  replay,
  TranscriptError,
} from "../mod.ts";
import FORMAT from "../src/programs/transcripts.md" with { type: "text" };
import { TRANSCRIPTS } from "./transcripts.ts";

const HEADER =
  `{"zspec":"transcript/1","target":"zswap","kernel":"6.1","profile":"linux-6.1","pageSize":4096,"wordBits":64,"chainSize":4,"totalPages":14336,"swapPages":256}`;

/** Transcripts that the document of the format shows. */
const EXAMPLES = Array.from(
  FORMAT.matchAll(/```jsonl\n([^]*?)```/g),
  ([, text]) => text,
);

Deno.test("the document of the format shows a transcript of each target, with every operation, and the model follows both", () => {
  assertEquals(EXAMPLES.length, 2);
  const transcripts = EXAMPLES.map(parseTranscript);
  assertEquals(
    transcripts.map(({ header }) => header.target),
    ["zram", "zswap"],
  );
  assertEquals(
    transcripts.map(({ operations }) =>
      [...new Set(operations.map(({ op }) => op))].sort().join()
    ),
    [
      "block_state,discard,get,read,set,write",
      "forget,get,pageout,read,set,write",
    ],
  );
  for (const transcript of transcripts) {
    assertEquals(replay(transcript).failure, undefined);
  }
});

Deno.test("a transcript's operations are written as they were read", () => {
  const texts = [...EXAMPLES, TRANSCRIPTS["linux-6.1/zswap-zbud"]];
  for (const text of texts) {
    const { operations } = parseTranscript(text);
    const written = operations.map(({ line: _line, ...operation }) =>
      JSON.parse(operationLine(operation))
    );
    const lines = text.trimEnd().split("\n").slice(1);
    assertEquals(written, lines.map((line) => JSON.parse(line)));
  }
});

Deno.test("each allocator's transcript has pages stored, refused at the limit, and brought back", () => {
  for (const zpool of ["zbud", "z3fold", "zsmalloc"]) {
    const { operations } = parseTranscript(
      TRANSCRIPTS[`linux-6.1/zswap-${zpool}`],
    );
    const chosen = operations.flatMap((operation) =>
      operation.op === "set" && operation.attr === "zpool" &&
        operation.errno === undefined
        ? [operation.value]
        : []
    );
    assertEquals([...new Set(chosen)], [zpool]);
    const most = (counter: string) =>
      Math.max(
        ...operations.map((operation) =>
          "counters" in operation
            ? Object.entries(operation.counters ?? {})
              .find(([name]) => name === counter)?.[1] ?? 0
            : 0
        ),
      );
    assertEquals(most("stored_pages") >= 40, true);
    assertEquals(most("pool_limit_hit") > 0, true);
    // Up to 6.2 zsmalloc cannot write back.
    assertEquals(most("written_back_pages") > 0, zpool !== "zsmalloc");
  }
});

Deno.test("a page that is out where it was not, and an error that was none, are found", () => {
  const [, example] = EXAMPLES;
  const lines = example.trimEnd().split("\n");
  const differs = (from: string, to: string, what: string) => {
    const at = lines.findIndex((line) => line.includes(from));
    const changed = lines.with(at, lines[at].replace(from, to));
    const { failure } = replay(parseTranscript(changed.join("\n")));
    assertEquals(failure?.operation.line, at + 1);
    assertEquals(failure?.differences.map((one) => one.what), [what]);
  };
  differs(`"out":true`, `"out":false`, "out");
  differs(`,"errno":"EINVAL"`, "", "errno");
  differs(`"crc32":"e42d87f8"`, `"crc32":"e42d87f9"`, "crc32");
  differs(`"crc32":"e42d87f8"`, `"errno":"EFAULT"`, "errno");
  differs(`"value":"20\\n"`, `"value":"20"`, "text");
  differs(`"stored_pages":1`, `"stored_pages":2`, "stored_pages");
});

Deno.test("a transcript of zswap that the reader does not understand is refused at its line", () => {
  const refused = (lines: string[], line: number, message: string) => {
    const error = assertThrows(
      () => replay(parseTranscript(lines.join("\n"))),
      TranscriptError,
      message,
    );
    assertEquals(error.line, line);
  };
  const header = (changes: Record<string, unknown>) =>
    JSON.stringify({ ...JSON.parse(HEADER), ...changes });
  refused(
    [header({ totalPages: undefined })],
    1,
    "the field 'totalPages' is missing",
  );
  refused([header({ swapPages: 0 })], 1, "the field 'swapPages' is 0");
  refused([header({ backingPages: 8 })], 1, "unknown field 'backingPages'");
  refused([header({ profile: "linux-9.9" })], 1, "Unknown profile 'linux-9.9'");
  const operations: readonly (readonly [string, string])[] = [
    [
      `{"op":"discard","page":1,"pages":1}`,
      "unknown op 'discard', not set, get, write, read, pageout or forget",
    ],
    [`{"op":"pageout","page":1}`, "the field 'out' is missing"],
    [
      `{"op":"pageout","page":1,"out":1}`,
      "the field 'out' is 1, not true or false",
    ],
    [
      `{"op":"pageout","page":1,"out":true,"errno":"EINVAL"}`,
      "is there though the operation failed",
    ],
    [`{"op":"forget","page":-1}`, "the field 'page' is -1"],
    [`{"op":"forget"}`, "the field 'page' is missing"],
    [`{"op":"read","page":1}`, "the field 'crc32' is missing"],
    [`{"op":"get","attr":"zpool"}`, "the field 'value' is missing"],
    [`{"op":"set","attr":"zpool"}`, "the field 'value' is missing"],
    [`{"op":"write","page":1,"data":{"word":"00"}}`, "the field 'data'"],
    [
      `{"op":"write","page":1,"data":{"word":"0000000000000000"},"stored":0}`,
      "unknown field 'stored'",
    ],
    [
      `{"op":"forget","page":1,"mm_stat":[0,0,0,0,0,0,0,0,0]}`,
      "unknown field 'mm_stat'",
    ],
    [`{"op":"forget","page":1,"counters":[1]}`, "the field 'counters' is [1]"],
    [
      `{"op":"forget","page":1,"counters":{"nosuch":1}}`,
      "files of debugfs/zswap",
    ],
    [
      `{"op":"forget","page":1,"counters":{"stored_pages":"1"}}`,
      "files of debugfs/zswap",
    ],
    [
      `{"op":"forget","page":1,"counters":{"decompress_fail":0}}`,
      "unknown counter 'decompress_fail': linux-6.1 has pool_limit_hit",
    ],
    [`{"op":"set","attr":"enabled","value":"1"`, "was cut off"],
  ];
  for (const [operation, message] of operations) {
    const fine = `{"op":"forget","page":1}`;
    refused([HEADER, fine, operation], 3, message);
  }
});

Deno.test("lengths of zswap are computed, with every compressor: they are not recorded", () => {
  const transcript = parseTranscript(HEADER);
  assertEquals(replay(transcript).sizes, "computed");
  assertThrows(
    () => replay(transcript, "recorded"),
    TranscriptError,
    "a transcript of zswap has none",
  );
  const zstd = `{"op":"set","attr":"compressor","value":"zstd"}`;
  const { sizes } = replay(parseTranscript(`${HEADER}\n${zstd}`));
  assertEquals(sizes, "computed");
});

Deno.test("the recordings of each release have pages refused at the limit and written back", () => {
  const most = new Map<string, number>();
  for (const [name, text] of Object.entries(TRANSCRIPTS)) {
    const [release] = name.split("/");
    for (const operation of parseTranscript(text).operations) {
      const counters = "counters" in operation ? operation.counters ?? {} : {};
      for (const [counter, value] of Object.entries(counters)) {
        const key = `${release} ${counter}`;
        most.set(key, Math.max(most.get(key) ?? 0, value));
      }
    }
  }
  const releases = new Set([...most.keys()].map((key) => key.split(" ")[0]));
  assertEquals(releases.size, 8);
  for (const release of releases) {
    for (const counter of ["pool_limit_hit", "written_back_pages"]) {
      assert((most.get(`${release} ${counter}`) ?? 0) > 0, release + counter);
    }
  }
});
