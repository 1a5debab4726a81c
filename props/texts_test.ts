import { assertEquals } from "@std/assert";
import {
  kstrtoll,
  kstrtoull,
  LINUX_5_10,
  LINUX_6_1,
  LINUX_6_12,
  LINUX_6_18,
  LINUX_7_1,
  LINUX_7_2,
  LINUX_7_3,
  memparse,
  nextArgs,
  type Profile,
  readAttribute,
  readZswapParameter,
  writeAttribute,
  writeZswapParameter,
  Zram,
  Zswap,
} from "../mod.ts";

Deno.test("numbers are read as kstrtox reads them", () => {
  assertEquals(kstrtoull("0x1F\n", 64, 0), 31n);
  assertEquals(kstrtoull("010", 64, 0), 8n);
  assertEquals(kstrtoull("08", 64, 0), "EINVAL");
  assertEquals(kstrtoull("0x", 64, 0), "EINVAL");
  assertEquals(kstrtoull("010"), 10n);
  assertEquals(kstrtoull("18446744073709551616"), "ERANGE");
  // Overflow shows before what follows the digits.
  assertEquals(kstrtoull("18446744073709551616x"), "ERANGE");
  assertEquals(kstrtoull("65536x", 16), "EINVAL");
  assertEquals(kstrtoull("+-1"), "EINVAL");
  assertEquals(kstrtoll("-2147483648", 32), -2147483648n);
  assertEquals(kstrtoll("-2147483649", 32), "ERANGE");
  assertEquals(kstrtoll("-+1"), "EINVAL");
  assertEquals(kstrtoll("-0"), 0n);
});

Deno.test("arguments are split as next_arg splits them", () => {
  const split = (text: string) =>
    nextArgs(text).map(({ param, value }) => [param, value]);
  assertEquals(split(""), []);
  assertEquals(split("  a=1\tb \n"), [["a", "1"], ["b", undefined]]);
  assertEquals(split("a=b=c"), [["a", "b=c"]]);
  assertEquals(split("a="), [["a", ""]]);
  assertEquals(split("=a"), [["=a", undefined]]);
  assertEquals(split('a="b c" d'), [["a", "b c"], ["d", undefined]]);
  assertEquals(split('"a=b c" d'), [["a", "b c"], ["d", undefined]]);
  assertEquals(split('a=""'), [["a", ""]]);
  // An equals sign in front is the name's: the next one counts.
  assertEquals(split("==a"), [["=", "a"]]);
  assertEquals(split("=a=b =c"), [["=a", "b"], ["=c", undefined]]);
  assertEquals(split('"=a=b c"'), [["=a", "b c"]]);
  // Of UTF-8 the byte 0xa0 is a space, what others take for one is none.
  assertEquals(split("dict=/\u00e9"), [["dict", "/\u00e9"]]);
  assertEquals(split("dict=/\u00e0"), [["dict", "/\ufffd"]]);
  assertEquals(split("a=\u2003b"), [["a", "\u2003b"]]);
});

Deno.test("a size that 64 bits cannot hold wraps up to 7.1, and is the largest since", () => {
  const read = (text: string) =>
    [LINUX_6_18, LINUX_7_1, LINUX_7_2, LINUX_7_3]
      .map(({ release }) => memparse(text, release.memparse));
  const most = 2n ** 64n - 1n;
  assertEquals(read("16E"), [0n, 0n, most, most]);
  assertEquals(read("18446744073709551617"), [1n, 1n, most, most]);
  assertEquals(read("0x1ffffffffffffffffk"), [
    ...[2n ** 64n - 1024n, 2n ** 64n - 1024n],
    ...[most, most],
  ]);
  assertEquals(read("15E"), [15n, 15n, 15n, 15n].map((n) => n << 60n));
  // A suffix alone is a size of zero no more.
  assertEquals(read("K"), [0n, 0n, undefined, undefined]);
  const zram = new Zram(LINUX_7_3);
  assertEquals(writeAttribute(zram, "mem_limit", "many"), "EINVAL");
  // What is rounded up to whole pages beyond 64 bits is no limit.
  writeAttribute(zram, "mem_limit", "16E");
  assertEquals(zram.mmStat().mem_limit, 0);
});

Deno.test("what is written to an attribute ends at the first NUL, and reaches it if that is the first byte", () => {
  const zram = new Zram(LINUX_6_18);
  assertEquals(writeAttribute(zram, "mem_limit", "1M\0 000"), undefined);
  assertEquals(zram.mmStat().mem_limit, 1 << 20);
  assertEquals(writeAttribute(zram, "mem_limit", ""), undefined);
  assertEquals(writeAttribute(zram, "mem_limit", "\0"), "EINVAL");
  assertEquals(writeAttribute(zram, "disksize", "64K\0"), undefined);
  assertEquals(writeAttribute(zram, "reset", "1\0x"), undefined);
  assertEquals(writeAttribute(zram, "idle", "all\0x"), "EINVAL");
  const zswap = new Zswap(LINUX_6_18, { totalRamPages: 1000 });
  const parameter = "max_pool_percent";
  assertEquals(writeZswapParameter(zswap, parameter, "33\0x"), undefined);
  assertEquals(readZswapParameter(zswap, parameter), { text: "33\n" });
});

Deno.test("of the newlines behind an algorithm's name one is ignored; from 6.12 to 7.1 one more is kept", () => {
  const chosen = (profile: Profile, newlines: string) => {
    const zram = new Zram(profile);
    const errno = writeAttribute(zram, "comp_algorithm", `lz4hc${newlines}`);
    if (errno !== undefined) return errno;
    assertEquals(writeAttribute(zram, "disksize", "64K"), undefined);
    zram.write(0, new Uint8Array(4096).fill(7).fill(9, 9, 99));
    assertEquals(zram.mmStat().compr_data_size > 0, true);
    const shown = readAttribute(zram, "comp_algorithm");
    return "text" in shown && shown.text.includes("[lz4hc]");
  };
  for (const profile of [LINUX_5_10, LINUX_6_1, LINUX_7_2, LINUX_7_3]) {
    assertEquals(chosen(profile, "\n"), true);
    assertEquals(chosen(profile, "\n\n"), "EINVAL");
  }
  for (const profile of [LINUX_6_12, LINUX_6_18, LINUX_7_1]) {
    assertEquals(chosen(profile, "\n"), true);
    assertEquals(chosen(profile, "\n\n"), false);
    assertEquals(chosen(profile, "\n\n\n"), "EINVAL");
    const zram = new Zram(profile);
    const told = () => writeAttribute(zram, "algorithm_params", "algo=lz4hc");
    writeAttribute(zram, "comp_algorithm", "lz4hc");
    assertEquals(told(), undefined);
    writeAttribute(zram, "comp_algorithm", "lz4hc\n\n");
    assertEquals(told(), "EINVAL");
  }
});
