import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  describedProfile,
  descriptionOf,
  LINUX_3_12,
  LINUX_6_18,
  LINUX_6_18_FULL,
  LINUX_7_3,
  parseKernelConfig,
  profileOfConfig,
  PROFILES,
} from "../mod.ts";
import { SMALL_6_18 } from "./kernels.ts";

Deno.test("a profile's name describes it, and a description its profile", () => {
  for (const profile of PROFILES) {
    assertEquals(describedProfile(profile.name), profile);
    const again = describedProfile(descriptionOf(profile));
    assertEquals({ ...again, name: profile.name }, profile);
  }
  assertEquals(descriptionOf(SMALL_6_18), SMALL_6_18.name);
});

Deno.test("the order in which a description has its changes is no matter", () => {
  const [one, other] = [
    "linux-7.3,algorithm=lz4,algorithms=zstd:lz4,chain-size=16",
    "linux-7.3,chain-size=16,algorithms=zstd:lz4,algorithm=lz4",
  ].map(describedProfile);
  assertEquals({ ...one, name: "" }, { ...other, name: "" });
  assertEquals(one.zram.defaultAlgorithm, "lz4");
  assertEquals(one.chainSize, 16);
});

Deno.test("what is built in brings its files, and what is not takes them away", () => {
  const names = (description: string) =>
    Object.keys(describedProfile(description).zram.attributes);
  assert(names("linux-7.3,recompression=yes").includes("recompress"));
  assert(!names("linux-7.3").includes("recompress"));
  assert(!names("linux-7.3,writeback=no").includes("backing_dev"));
});

Deno.test("a release that is not there is refused with those that are, and the nearest", () => {
  const refused = (description: string, found: string) => {
    assertThrows(() => describedProfile(description), RangeError, found);
  };
  refused("linux-5.15", "the nearest to it: linux-5.10 and linux-6.1");
  refused("linux-6.6", "the nearest to it: linux-6.1 and linux-6.12");
  refused("linux-2.6", "the nearest to it: linux-3.12");
  refused("linux-8.0", "the nearest to it: linux-7.3");
  refused("5.15", "the nearest to it: linux-5.10 and linux-6.1");
  refused("6.12", "the one of 6.12 is linux-6.12");
  refused("linux-6.18.15", "the one of 6.18 is linux-6.18");
  refused(
    "windows",
    `the profiles are ${PROFILES.map((p) => p.name).join(", ")}`,
  );
});

Deno.test("a change that there is not, or that has no such value, is refused", () => {
  const refused = (description: string, found: string) => {
    assertThrows(() => describedProfile(description), RangeError, found);
  };
  refused("linux-7.3,fly=3", "Unknown change 'fly=3' of linux-7.3");
  refused("linux-7.3,chain-size", "Unknown change 'chain-size' of linux-7.3");
  refused(
    "linux-7.3,chain-size=17",
    "is '17', not a whole number from 1 to 16",
  );
  refused("linux-7.3,writeback=maybe", "is 'maybe', not yes or no");
  refused(
    "linux-7.3,algorithm=lzo",
    "is 'lzo', not one of its algorithms: lz4, lz4hc, zstd, deflate",
  );
  refused(
    "linux-7.3,zpools=zbud",
    "is 'zbud', not names that the release has: zsmalloc",
  );
  refused("linux-6.1,zpools=zbud:zmalloc", "is 'zbud:zmalloc', not names");
  refused("linux-7.3,algorithms=lz5", "is 'lz5', not of lzo, ");
  refused("linux-7.3,algorithms=lz4:lz4", "each once");
  refused("linux-7.3,compressors=lz5", "is 'lz5', not of lzo, ");
  refused("linux-7.3,chain-size=4,chain-size=8", "has 'chain-size' twice");
  refused("linux-7.3,phys-bits=31", "not a whole number from 32 to 64");
  refused(",chain-size=4", "Unknown profile ''");
});

Deno.test("what a release does not have yet is refused, whatever is said of it", () => {
  const refused = (description: string, found: string) => {
    assertThrows(() => describedProfile(description), RangeError, found);
  };
  refused("linux-3.12,writeback=yes", "linux-3.12: it has no writeback");
  refused("linux-4.0,tracking=yes", "linux-4.0: it has no tracking");
  refused("linux-4.0,access-times=no", "linux-4.0: it has no access-times");
  refused("linux-6.1,recompression=yes", "linux-6.1: it has no recompression");
});

Deno.test("zswap's compressors have one order, whatever a .config lists first", () => {
  const { name } = describedProfile(
    "linux-6.12,compressors=lzo:lzo-rle:lz4:lz4hc:zstd:deflate",
  );
  assertEquals(descriptionOf(describedProfile(name)), "linux-6.12");
});

Deno.test("releases that were read in part say so", () => {
  const inPart = PROFILES.filter(({ release }) => release.read === "in-part");
  assertEquals(inPart.map(({ name }) => name), ["linux-7.0", "linux-6.16"]);
});

const CONFIG = `#
# Automatically generated file; DO NOT EDIT.
# Linux/x86 7.3.4 Kernel Configuration
#
CONFIG_64BIT=y
CONFIG_X86=y
CONFIG_X86_64=y
CONFIG_PAGE_SHIFT=12
CONFIG_ZSWAP=y
CONFIG_ZSWAP_COMPRESSOR_DEFAULT="zstd"
CONFIG_ZSMALLOC=y
CONFIG_ZSMALLOC_CHAIN_SIZE=10
CONFIG_ZRAM=m
CONFIG_ZRAM_BACKEND_LZ4=y
CONFIG_ZRAM_BACKEND_LZO=y
# CONFIG_ZRAM_BACKEND_ZSTD is not set
CONFIG_ZRAM_DEF_COMP="lzo-rle"
# CONFIG_ZRAM_WRITEBACK is not set
CONFIG_ZRAM_TRACK_ENTRY_ACTIME=y
CONFIG_ZRAM_MULTI_COMP=y
CONFIG_CRYPTO_LZO=y
CONFIG_CRYPTO_ZSTD=m
`;

Deno.test("a kernel's own .config says what was built in", () => {
  const profile = profileOfConfig(CONFIG);
  assertEquals(
    profile.name,
    "linux-7.3,chain-size=10,writeback=no,recompression=yes,tracking=no," +
      "algorithms=lzo-rle:lzo:lz4,compressors=zstd:lzo:lzo-rle",
  );
  assertEquals(profile.release, LINUX_7_3.release);
  assertEquals(describedProfile(profile.name).zram, profile.zram);
  assertEquals(profileOfConfig(CONFIG, LINUX_6_18).release, LINUX_6_18.release);
});

Deno.test("a .config of 32 bits and pages of 16 KiB is one of those", () => {
  const small = CONFIG.replace("CONFIG_64BIT=y\n", "")
    .replace("CONFIG_X86=y\nCONFIG_X86_64=y\n", "CONFIG_ARM=y\n")
    .replace("PAGE_SHIFT=12", "PAGE_SHIFT=14");
  const { wordBits, physBits, pageSize } = profileOfConfig(small);
  assertEquals([wordBits, physBits, pageSize], [32, 32, 16384]);
});

Deno.test("what is no .config, of no release, or without zram is refused", () => {
  const refused = (text: string, found: string) => {
    assertThrows(() => profileOfConfig(text), RangeError, found);
  };
  refused("zram=yes\n", "line 1 is neither CONFIG_NAME=value nor a comment");
  refused("CONFIG_ZRAM=y\n", "Cannot tell the configuration's release");
  refused(CONFIG.replace("7.3.4", "5.15.0"), "linux-5.10 and linux-6.1");
  refused(CONFIG.replace("CONFIG_ZRAM=m\n", ""), "CONFIG_ZRAM is not set");
  refused(
    CONFIG.replace(/CONFIG_ZRAM_BACKEND.*\n/g, "").replace(
      /CONFIG_CRYPTO.*\n/g,
      "",
    ),
    "no compressor of zram is set",
  );
});

Deno.test("options that are not set are not in a .config", () => {
  const options = parseKernelConfig(CONFIG);
  assertEquals(options.get("ZRAM_DEF_COMP"), "lzo-rle");
  assertEquals(options.get("ZRAM_WRITEBACK"), undefined);
});

Deno.test("the newest release has a changelog down to the oldest", () => {
  const releases = [...new Set(PROFILES.map(({ release }) => release))];
  assertEquals(releases[0], LINUX_7_3.release);
  assertEquals(releases.at(-1), LINUX_3_12.release);
  assertEquals(LINUX_6_18_FULL.release, LINUX_6_18.release);
  for (const { name, pointRelease } of releases) {
    assert(`linux-${pointRelease}`.startsWith(name), pointRelease);
  }
});
