import { MACHINES } from "../mod.ts";
import { fuzzPrograms } from "./fuzz.ts";

for (const machine of MACHINES) {
  Deno.test(
    `${machine.name}: ${machine.sentence}`,
    () => fuzzPrograms(machine, 160),
  );
}
