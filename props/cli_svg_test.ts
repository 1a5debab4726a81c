import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import type { BarPicture, LinePicture } from "../src/report/picture.ts";
import { byteUnit } from "../src/report/picture.ts";
import { svgOf } from "../src/report/svg.ts";
import { assertRefused, commandTest, writeFiles, zspec } from "./command.ts";

const BARS: BarPicture = {
  type: "bars",
  title: "two <bars> & more",
  description: "a: 3. b: 4.",
  unit: "MiB",
  kinds: ["objects", "room", "saved"],
  bars: [
    { name: "a", parts: [1, 2, 0], note: "3M" },
    { name: "b", parts: [4, 0, 1], note: "5M" },
  ],
};

/** Widths of the bars' parts in pixels, rounded to a hundredth. */
function widthsOf(svg: string): number[] {
  const bars = svg.slice(svg.indexOf('aria-label="bar"'));
  return [...bars.matchAll(/<rect[^>]* width="([^"]*)"/g)]
    .map(([, width]) => Math.round(100 * Number(width)) / 100);
}

/** Each element that is opened is closed, in its order. */
function assertWellFormed(svg: string): void {
  const open: string[] = [];
  const content = svg.replaceAll(/<style>[^]*?<\/style>/g, "");
  for (
    const [, end, name, self] of content.matchAll(
      /<(\/?)([a-z][A-Za-z]*)[^<>]*?(\/?)>/g,
    )
  ) {
    if (end === "/") assertEquals(open.pop(), name);
    else if (self === "") open.push(name);
  }
  assertEquals(open, []);
  assertEquals(content.replaceAll(/<[^<>]*>/g, "").match(/[<>]/), null);
  assertEquals(content.match(/&(?!(?:amp|lt|gt|quot|#\d+);)/), null);
}

Deno.test("a picture is XML with a title and a description, and needs nothing from elsewhere", () => {
  const svg = svgOf(BARS);
  assertWellFormed(svg);
  assertStringIncludes(
    svg,
    '<title id="title">two &lt;bars&gt; &amp; more</title>',
  );
  assertStringIncludes(svg, '<desc id="desc">a: 3. b: 4.</desc>');
  assertStringIncludes(svg, 'role="img" aria-labelledby="title desc"');
  const elsewhere = svg.replaceAll("http://www.w3.org/2000/svg", "")
    .match(/https?:|url\(|<script|<image|@import/);
  assertEquals(elsewhere, null);
  assertEquals(svgOf(BARS), svg);
});

Deno.test("every colour of a picture has another one on a dark ground", () => {
  const svg = svgOf(BARS);
  const [, dark] = /prefers-color-scheme: dark\) \{([^]*?)<\/style>/
    .exec(svg) ?? [];
  const drawn = svg.slice(svg.indexOf('aria-label="bar"'));
  const colours = new Set(
    [...drawn.matchAll(/fill="(#[0-9a-f]{6})"/g)].map(([, colour]) => colour),
  );
  assertEquals(colours.size, 3);
  for (const colour of colours) {
    const [, instead] = new RegExp(`\\[fill="${colour}"\\] \\{ fill: (#\\w+);`)
      .exec(dark) ?? [];
    assert(instead !== undefined && instead !== colour, colour);
  }
});

Deno.test("bars are as long as what they stand for, to one scale", () => {
  const [one, two, none, four, nought, last] = widthsOf(svgOf(BARS));
  assert(one > 0);
  assertEquals([none, nought], [0, 0]);
  for (const [width, times] of [[two, 2], [four, 4], [last, 1]]) {
    assert(Math.abs(width - times * one) < 0.03, `${width}, ${times}`);
  }
});

Deno.test("lines go through their points, and a picture with too many kinds is refused", () => {
  const picture: LinePicture = {
    type: "lines",
    title: "lines",
    description: "two lines",
    across: "bytes",
    up: "lost",
    lines: [
      { name: "one", points: [[0, 0], [10, 5], [20, 0]] },
      { name: "other", points: [[0, 5], [20, 5]] },
    ],
  };
  const svg = svgOf(picture);
  assertWellFormed(svg);
  const drawn = svg.slice(svg.indexOf('aria-label="line"'));
  const paths = [...drawn.matchAll(/<path[^>]* d="M([^"]*)"/g)]
    .map(([, d]) => d.split("L").map((point) => point.split(",").map(Number)));
  assertEquals(paths.map(({ length }) => length), [3, 2]);
  const [[left, top], [right]] = paths[1];
  const [, [middle, peak]] = paths[0];
  assertEquals([middle, peak], [(left + right) / 2, top]);
  let refused = "";
  try {
    svgOf({ ...BARS, kinds: ["a", "b", "c", "d"] });
  } catch (error) {
    refused = String(error);
  }
  assertStringIncludes(refused, "it needs more colours");
});

Deno.test("bytes are in the unit in which they have up to four digits", () => {
  assertEquals(
    [0, 1023, 1024, 5 << 20, 2 ** 33, 2 ** 60].map((bytes) =>
      byteUnit(bytes).unit
    ),
    ["bytes", "bytes", "KiB", "MiB", "GiB", "TiB"],
  );
});

/** Commands that draw, and what their pictures say. */
const DRAWN: readonly (readonly [string[], string, string])[] = [
  [["run", "files"], "3 files through zram of linux-6.18", "compacted: "],
  [["age"], "linux-4.0: a zram-swap that held 7.5G", "aged: 132.8M, of which"],
  [["swap", "files"], "3 files under pressure", "zswap above zram: "],
  [
    ["size", "files", "--ram", "8G"],
    "3 files: disks for 4G of memory",
    "lz4: a disk of ",
  ],
  [
    ["classes", "--compare", "linux-6.18", "linux-6.18,chain-size=4"],
    "Bytes that an object loses",
    "linux-6.18,chain-size=4: ",
  ],
  [
    ["predict", "files", "--chain-size", "4,8"],
    "3 files as zram of linux-6.18 would store it",
    "lz4, chain 4: ",
  ],
];

commandTest(
  "--svg writes a picture of what each command shows, beside the text",
  async (folder) => {
    await writeFiles(folder);
    for (const [args, title, sentence] of DRAWN) {
      const plain = await zspec(folder, ...args);
      const { code, stdout, stderr } = await zspec(
        folder,
        ...[...args, "--svg", "picture.svg"],
      );
      assertEquals([code, stderr, stdout], [0, "", plain.stdout]);
      const svg = await Deno.readTextFile(`${folder}/picture.svg`);
      assertWellFormed(svg);
      assertMatch(svg, new RegExp(`<title id="title">${title}`));
      assertStringIncludes(/<desc[^]*<\/desc>/.exec(svg)?.[0] ?? "", sentence);
    }
  },
);

commandTest(
  "--svg is refused where the file cannot be written, and the classes of one kernel have no picture",
  async (folder) => {
    await writeFiles(folder);
    assertRefused(
      await zspec(folder, "run", "files", "--svg", "nosuch/picture.svg"),
      "Cannot write 'nosuch/picture.svg'",
    );
    const compared = ["linux-6.18", "linux-6.12"];
    const full = await zspec(
      folder,
      ...["classes", "--compare", ...compared, "--svg", "/dev/full"],
    );
    assertEquals([full.code, full.stderr], [
      2,
      "zspec: Cannot write '/dev/full': No space left on device (os error 28)\n",
    ]);
    assertRefused(
      await zspec(folder, "classes", "--svg", "picture.svg"),
      "The option '--svg' is only for '--compare'",
    );
  },
);
