/** What commands print in the width of a terminal. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { LINUX_6_1, LINUX_6_18_FULL, LINUX_7_3, lz4 } from "../mod.ts";
import { codecsOf } from "../src/codec/codecs.ts";
import { fittedTable } from "../src/report/fitted_table.ts";
import { geometryReport } from "../src/report/geometry.ts";
import { wrapPieces } from "../src/report/pieces.ts";
import { renderAge } from "../src/cli/age.ts";
import { measure } from "../src/cli/aging.ts";
import { renderClasses } from "../src/cli/classes.ts";
import { compare, renderComparison } from "../src/cli/compare.ts";
import { planOf } from "../src/cli/fuzz_plan.ts";
import { fuzzText } from "../src/cli/fuzz_report.ts";
import { readInput } from "../src/cli/pages.ts";
import { renderPredictions } from "../src/cli/predict_report.ts";
import { measureFor, predict } from "../src/cli/prediction.ts";
import { parseOptions } from "../src/cli/usage.ts";
import { Reach } from "../src/rules/reach.ts";
import { renderRun } from "../src/cli/run_report.ts";
import { sampleOf } from "../src/cli/size_mix.ts";
import { planSize } from "../src/cli/size_plan.ts";
import { renderSizes } from "../src/cli/size_report.ts";
import { renderSwap } from "../src/cli/swap_report.ts";
import { swapThrough } from "../src/claims/runs/swap_run.ts";
import { storesOf } from "../src/claims/runs/swap_stores.ts";
import { commandTest, ROOT, writeFiles } from "./command.ts";

const WIDTHS = [40, 60, 80, 120];

/** What is to be pasted stays in one line, and a word that is longer. */
const isWhole = (line: string) =>
  !line.trim().includes(" ") ||
  /^(echo|mkswap|writeback-device|# \/etc\/)/.test(line);

/** Words and figures: all but what bars are drawn with. */
const wordsOf = (text: string) =>
  text.split(/\s+/).filter((word) => /[^█▓▒░·▏▎▍▌▋▊▉]/.test(word));

/** No line is too long, and every word of the whole text is there. */
function assertFits(render: (width?: number) => string, what: string): void {
  const whole = new Set(wordsOf(render()));
  for (const width of WIDTHS) {
    const text = render(width);
    for (const line of text.split("\n")) {
      assert(
        line.length <= width || isWhole(line),
        `${what} at ${width}: '${line}' has ${line.length}`,
      );
    }
    const narrow = new Set(wordsOf(text));
    const lost = [...whole].filter((word) => !narrow.has(word));
    assertEquals(lost, [], `${what} at ${width}`);
  }
}

const BARS = { least: 4, most: 10 };

Deno.test("a table that has room is as it is without a width", () => {
  const columns = [
    { title: "name", align: "left" as const },
    { title: "pages", importance: 1 },
    { title: "█ a  ▒ b", align: "left" as const, bars: BARS, importance: 2 },
  ];
  const rows = [["one", 12, (width: number) => "█".repeat(width)]];
  const whole = "name  pages  █ a  ▒ b\none      12  ██████████\n";
  assertEquals(fittedTable(columns, rows), whole);
  assertEquals(fittedTable(columns, rows, 23), whole);
  // The bar is what there is room for, its heading above.
  assertEquals(
    fittedTable(columns, rows, 21),
    "█ a  ▒ b\nname  pages\none      12  ████████\n",
  );
  assertEquals(
    fittedTable(columns, rows, 16),
    "█ a  ▒ b\nname\none   ██████████\n    pages 12\n",
  );
  assertEquals(
    fittedTable(columns, rows, 9),
    "█ a  ▒ b\nname\none\n    █████\n    pages\n    12\n",
  );
});

Deno.test("pieces stay whole, but one that is longer than a line", () => {
  assertEquals(wrapPieces(["a b", "c d", "e"], 9, " "), " a b  c d\n e\n");
  assertEquals(wrapPieces(["aa bb cc"], 5, " "), " aa\n bb\n cc\n");
});

Deno.test("tables of classes fit a terminal of 40 columns, and lose nothing", async () => {
  assertFits(
    (width) => renderClasses(geometryReport(LINUX_7_3), width),
    "classes",
  );
  const kernels = [LINUX_7_3, { ...LINUX_7_3, chainSize: 16 }];
  const comparison = await compare(kernels, undefined, "lz4");
  assertFits((width) => renderComparison(comparison, width), "compare");
});

Deno.test("what random programs came to fits a terminal of 40 columns", () => {
  const options = parseOptions(["--seed", "1"], {
    string: ["seed", "runs", "time", "jobs", "path", "shard", "corpus"],
    boolean: [],
  });
  const plan = planOf(options);
  const counts = plan.machines.map(({ name }) => ({
    machine: name,
    programs: 123456,
    steps: 123456789,
    busy: 98765,
    reach: new Reach(),
  }));
  const outcome = {
    counts,
    failure: undefined,
    seconds: 60,
    interrupted: false,
  };
  assertFits((width) => fuzzText(plan, outcome, width), "fuzz");
});

Deno.test("the figures of an aged swap fit a terminal of 40 columns", () => {
  const use = { objects: 1e6, objectBytes: 60212066, bytesUsed: 140103680 };
  const experiment = {
    profile: "linux-4.0",
    pageSize: 4096,
    seed: 1,
    grown: use,
    aged: use,
    compacted: use,
    objectsMigrated: 123456,
    pagesCompacted: 12345,
  };
  assertFits((width) => renderAge(experiment, width), "age");
});

commandTest(
  "predictions, sizes, runs and swaps fit a terminal of 40 columns, and lose nothing",
  async (folder) => {
    await writeFiles(folder);
    const profile = LINUX_6_18_FULL;
    const read = () => readInput([`${folder}/files`], profile.pageSize);
    const algorithms = ["lzo-rle", "zstd", "deflate", "lz4-wasm"]
      .map((name) => ({ name, params: {} }));
    const input = { ...read(), title: "files" };
    const predictions = await predict(profile, input, algorithms, [4, 16]);
    assertFits(
      (width) => renderPredictions(profile, input, predictions, width),
      "predict",
    );
    const request = {
      profile,
      ram: 8 * 2 ** 30,
      share: 0.5,
      backing: 2 ** 30,
      seed: 1,
    };
    const measured = await measureFor(profile, read(), algorithms);
    const sized = algorithms.map((algorithm, nth) => ({
      algorithm,
      near: "its encoder searches otherwise",
      plan: planSize(request, sampleOf(profile, measured, nth)),
    }));
    const data = { title: "files", measured };
    assertFits(
      (width) => renderSizes(request, data, sized, sized[0], width),
      "size",
    );
    const { pages } = input;
    const asked = { profile, seed: 1, disksize: 4096 * pages };
    const [lzo, zstd] = codecsOf(profile.zram)
      .filter(({ name }) => name === "lzo" || name === "zstd");
    const plain = measure({
      ...asked,
      algorithm: { name: "lz4", params: {} },
      memLimit: 65536,
      backingPages: undefined,
      recompressor: undefined,
    }, read());
    assertFits((width) => renderRun(plain, "files", width), "run");
    const backed = measure({
      ...asked,
      algorithm: { name: lzo.name, params: {} },
      memLimit: undefined,
      backingPages: 9,
      recompressor: zstd,
    }, read());
    assertFits((width) => renderRun(backed, "files", width), "run, backed");
    const runs = storesOf(LINUX_6_1).map((store) => {
      const size = { pages: 20, memory: 40960, seed: 1, zramSlots: 10 };
      const data = Array.from({ length: 20 }, (_, nth) => {
        const page = new Uint8Array(4096);
        return page.fill(nth, nth).map((byte, at) => byte + at % (nth + 7));
      });
      return swapThrough(store, LINUX_6_1, lz4, data, size);
    });
    const report = {
      profile: "linux-6.1",
      files: 1,
      pages: 20,
      memory: 40960,
      seed: 1,
      runs,
    };
    assertFits((width) => renderSwap(report, "files", width), "swap");
  },
);

/** Whether there is the `script` that makes a terminal. */
const hasScript = await new Deno.Command("script", { args: ["--version"] })
  .output().then(({ success }) => success, () => false);

if (hasScript) {
  commandTest(
    "on a terminal COLUMNS says the width, in a pipe nothing does",
    async (folder) => {
      const ask = async (...command: string[]) => {
        const { stdout } = await new Deno.Command(command[0], {
          args: command.slice(1),
          cwd: folder,
          env: { NO_COLOR: "1", COLUMNS: "50" },
        }).output();
        return new TextDecoder().decode(stdout).replaceAll("\r", "");
      };
      const zspec = [Deno.execPath(), "run", "-A", `${ROOT}src/cli/main.ts`];
      const shown = await ask("script", "-qc", `${zspec.join(" ")} classes`);
      const longest = (text: string) =>
        Math.max(...text.split("\n").map(({ length }) => length));
      assert(longest(shown) <= 50, `${longest(shown)}`);
      assertStringIncludes(shown, "crossing");
      assert(longest(await ask(...zspec, "classes")) > 80);
    },
  );
}
