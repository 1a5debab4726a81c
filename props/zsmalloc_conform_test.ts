import { assertEquals } from "@std/assert";
import { conformZsmalloc, modelZsmalloc, PROFILES } from "../mod.ts";

/** Kernels whose allocators differ. */
const KERNELS = PROFILES.filter(({ name }) => name !== "linux-6.18-full");

for (const profile of KERNELS) {
  Deno.test(`at level exact, what other kernels choose is found not to be what zsmalloc of ${profile.name} does`, async () => {
    for (const other of KERNELS.filter((one) => one !== profile)) {
      const { finding } = await conformZsmalloc(modelZsmalloc(other), {
        level: "exact",
        profile,
        seed: 1,
        isShrunk: () => true,
      });
      assertEquals(finding?.rule.id, "exact/same-answer", other.name);
    }
  });
}
