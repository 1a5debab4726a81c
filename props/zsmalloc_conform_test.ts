import { assertEquals } from "@std/assert";
import { conformZsmalloc, modelZsmalloc, type Profile } from "../mod.ts";
import { KERNELS } from "./zsmalloc_pools.ts";

/**
 * What of a kernel's zsmalloc shows to who mallocs, frees and compacts alone: its
 * classes, its lists, its way of compacting and its refusals. How objects are
 * mapped and frames migrated, and what others see meanwhile, does not.
 */
function choicesOf(profile: Profile): readonly unknown[] {
  const { classBits, mergesClasses, chainRule, chainSize, fullness } = profile;
  const { objects, compaction, zeroSize, tooLarge } = profile;
  return [
    classBits,
    mergesClasses,
    chainRule,
    chainSize,
    fullness,
    objects.handle,
    compaction.replace("-until-contended", ""),
    zeroSize,
    tooLarge,
  ];
}

const chooseAlike = (one: Profile, other: Profile) => {
  const others = choicesOf(other);
  return choicesOf(one).every((choice, nth) => choice === others[nth]);
};

const conformsTo = async (profile: Profile, other: Profile) => {
  const { finding } = await conformZsmalloc(modelZsmalloc(other), {
    level: "exact",
    profile,
    seed: 1,
    isShrunk: () => true,
  });
  return finding?.rule.id;
};

for (const profile of KERNELS) {
  Deno.test(`at level exact, kernels that choose otherwise are found not to be ${profile.name}, and those that choose alike are not told apart`, async () => {
    for (const other of KERNELS.filter((one) => one !== profile)) {
      assertEquals(
        await conformsTo(profile, other),
        chooseAlike(profile, other) ? undefined : "exact/same-answer",
        other.name,
      );
    }
  });
}

Deno.test("nobody who mallocs, frees and compacts alone can tell the releases since 6.12 apart", () => {
  const alike = KERNELS.filter((one) => chooseAlike(one, KERNELS[0]));
  assertEquals(alike.map(({ name }) => name), [
    "linux-7.3",
    "linux-7.2",
    "linux-7.1",
    "linux-6.16",
    "linux-6.12",
  ]);
});
