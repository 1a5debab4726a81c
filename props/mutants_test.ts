/** The planted defects fit the sources, and what plants them does. */
import { assertEquals, assertThrows } from "@std/assert";
import { assertRefused, commandTest, deno, ROOT } from "./command.ts";
import { type Mutant, planted } from "./mutants/mutant.ts";
import { MUTANTS } from "./mutants/mutants.ts";
import { countRooms, renderMarkdown, renderResults } from "./mutants/report.ts";
import { copyCheckout, searchMutant, speakerOf } from "./mutants/search.ts";

/** One that the search finds in its first programs. */
const QUICK = "zswap/load_at_once: a load past the swap cache frees the entry";

function mutantNamed(name: string): Mutant {
  const mutant = MUTANTS.find((one) => one.name === name);
  if (mutant === undefined) throw new Error(`there is no mutant '${name}'`);
  return mutant;
}

Deno.test("every mutant replaces what stands in its file exactly once", async () => {
  for (const mutant of MUTANTS) {
    const text = await Deno.readTextFile(`${ROOT}${mutant.file}`);
    assertEquals(planted(text, mutant) === text, false, mutant.name);
  }
});

Deno.test("every file with a mutant in it is a program", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const [nth, mutant] of MUTANTS.entries()) {
      const text = await Deno.readTextFile(`${ROOT}${mutant.file}`);
      const name = `${folder}/${nth}.ts`;
      await Deno.writeTextFile(name, planted(text, mutant));
    }
    const { code, stderr } = await deno(folder, "fmt", "--quiet", ".");
    assertEquals([code, stderr], [0, ""]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("every mutant has a name of its own", () => {
  const names = MUTANTS.map(({ name }) => name);
  assertEquals(names.length, new Set(names).size);
});

Deno.test("a mutant whose place is not there is told in one line", () => {
  const mutant = mutantNamed(QUICK);
  assertThrows(
    () => planted(`${mutant.from} ${mutant.from}`, mutant),
    RangeError,
    `Cannot plant '${QUICK}': what it replaces is 2 times in src/zswap/load_at_once.ts, not once`,
  );
});

Deno.test("what speaks is a rule's id, or what was compared", () => {
  assertEquals(
    [
      "Step 3 of 9, write: zram/limit-kept is broken at the pool: expected 1",
      "Step 2 of 2, get: swap-model/pages_out is broken: expected 1, found 0",
      "It did not end within 60 seconds",
    ].map(speakerOf),
    [
      "zram/limit-kept",
      "swap-model/pages_out",
      "It did not end within 60 seconds",
    ],
  );
});

Deno.test("rooms count what was found and what is left", () => {
  const [first, second, third] = MUTANTS;
  const results = [
    {
      mutant: { ...first, name: "a/b: c", room: "a" },
      kill: { machine: "zram", by: "zram/limit-kept", seconds: 1.25 },
    },
    {
      mutant: { ...second, name: "a/b: d", room: "a", reason: "Nobody looks." },
      kill: undefined,
    },
    {
      mutant: { ...third, name: "e/f: g", room: "e", reason: undefined },
      kill: undefined,
    },
  ];
  assertEquals(
    countRooms(results).map((one) => Object.values(one)),
    [["a", 2, 1, 1, 0], ["e", 1, 0, 0, 1], ["all", 3, 1, 1, 1]],
  );
  assertEquals(
    renderResults(results),
    `\
mutant  killed by                seconds
a/b: c  zram: zram/limit-kept        1.3
a/b: d  survived: Nobody looks.
e/f: g  survived

room  planted  killed  survived with a reason  survived
a           2       1                       1         0
e           1       0                       0         1
all         3       1                       1         1
`,
  );
  assertEquals(
    renderMarkdown(results, 20),
    `\
| room | mutants | killed in 20 s | left |
| :--- | ---: | ---: | ---: |
| a | 2 | 1 | 1 |
| e | 1 | 0 | 1 |
| all | 3 | 1 | 2 |

Left:

- a/b: d. Nobody looks.
- e/f: g
`,
  );
});

commandTest(
  "a mutant is planted in a copy, found by the search, and taken back",
  async (folder) => {
    const mutant = mutantNamed(QUICK);
    const [copy] = await copyCheckout(ROOT, folder, 1);
    const outcome = await searchMutant(copy, mutant, {
      seed: 1,
      time: 600,
      stop: new AbortController().signal,
    });
    assertEquals(
      typeof outcome === "string" ? outcome : outcome.machine,
      "zswap",
    );
    const text = await Deno.readTextFile(`${copy}/${mutant.file}`);
    const original = await Deno.readTextFile(`${ROOT}${mutant.file}`);
    assertEquals(text, original);
  },
);

commandTest(
  "mutants are listed, and an unknown one is refused",
  async (folder) => {
    const mutants = (...args: string[]) =>
      deno(
        folder,
        "run",
        "-A",
        "--quiet",
        `${ROOT}props/mutants/main.ts`,
        ...args,
      );
    const { code, stdout } = await mutants("--list", QUICK);
    assertEquals([code, stdout], [0, `${QUICK}\n`]);
    assertRefused(
      await mutants("no such mutant"),
      "Unknown mutant 'no such mutant': it is part of no name that '--list' prints",
    );
  },
);
