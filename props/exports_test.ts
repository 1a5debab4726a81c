import { assert, assertEquals } from "@std/assert";
import * as zspec from "../mod.ts";
import { commandTest, deno, ROOT } from "./command.ts";

for (const machine of zspec.MACHINES) {
  const name = machine.name.replace(/_./, ([, next]) => next.toUpperCase());
  Deno.test(`zspec exports ${name}Machine, which is found by its name`, () => {
    const exported: Readonly<Record<string, unknown>> = zspec;
    assertEquals(exported[`${name}Machine`], machine);
    assertEquals(zspec.machineNamed(machine.name), machine);
  });
}

commandTest("importing zspec does not load fast-check", async (folder) => {
  const { stdout } = await deno(folder, "info", "--json", `${ROOT}mod.ts`);
  interface Dependency {
    readonly specifier: string;
    readonly isDynamic?: boolean;
  }
  const { modules } = JSON.parse(stdout) as {
    readonly modules: readonly { readonly dependencies?: Dependency[] }[];
  };
  const dependencies = modules.flatMap((one) => one.dependencies ?? [])
    .filter(({ specifier }) => specifier.includes("fast-check"));
  assert(dependencies.length > 0);
  assert(dependencies.every(({ isDynamic }) => isDynamic === true));
});
