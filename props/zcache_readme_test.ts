import { assert, assertEquals } from "@std/assert";
import { commandTest, deno, ROOT } from "./command.ts";

commandTest(
  "the README's example of zcache prints what it shows",
  async (folder) => {
    const readme = await Deno.readTextFile(`${ROOT}README.md`);
    const shown = [
      ...readme.matchAll(/```ts\n([^]*?)```\n\n```text\n([^]*?)```/g),
    ]
      .find(([, source]) => source.includes("new zspec.Zcache("));
    assert(shown !== undefined);
    const [, source, expected] = shown;
    const local = source.replace(/https:[^"]*\/mod\.ts/, `${ROOT}mod.ts`);
    assert(local !== source);
    await Deno.writeTextFile(`${folder}/example.ts`, local);
    const { code, stdout, stderr } = await deno(
      folder,
      "run",
      "--check",
      "--no-lock",
      "example.ts",
    );
    assertEquals(code, 0, stderr);
    assertEquals(stdout, expected);
  },
);
