import { assertEquals, assertThrows } from "@std/assert";
import {
  blockState,
  checkZram,
  describedProfile,
  type Errno,
  KernelBug,
  LINUX_7_0,
  LINUX_7_1,
  LINUX_7_2,
  LINUX_7_3,
  type Profile,
  randomFrom,
  readAttribute,
  writeAttribute,
  Zram,
} from "../mod.ts";
import { CODECS } from "./zram_codecs.ts";

const RECOMPRESSING = ["linux-7.1", "linux-7.2", "linux-7.3"].map((release) =>
  describedProfile(`${release},recompression=yes,algorithms=lz4:lzo:zstd`)
);

/** A page of random symbols out of sixteen, zeros after them. */
function page(bytes: number, seed = 1): Uint8Array {
  const random = randomFrom(seed);
  return Uint8Array.from(
    { length: 4096 },
    (_, at) => at < bytes ? random(16) : 0,
  );
}

/** A device that writes lz4, with these algorithms by priority. */
function make(
  profile: Profile,
  algorithms: Readonly<Record<number, string>>,
): Zram {
  const zram = new Zram(profile, {
    codecs: CODECS,
    files: new Map([["/dict", new Uint8Array(4096)], [
      "/empty",
      new Uint8Array(0),
    ]]),
  });
  for (const [priority, name] of Object.entries(algorithms)) {
    const text = `algo=${name} priority=${priority}`;
    assertEquals(writeAttribute(zram, "recomp_algorithm", text), undefined);
  }
  return zram;
}

function flags(zram: Zram): string[] {
  const shown = blockState(zram);
  if ("errno" in shown) throw new Error(shown.errno);
  return shown.state.map(({ flags }) => flags);
}

Deno.test("recompress takes one algorithm, by its name, its priority or both where they go together", () => {
  for (const profile of RECOMPRESSING) {
    const zram = make(profile, { 1: "lzo", 3: "zstd" });
    const ask = (text: string) => writeAttribute(zram, "recompress", text);
    assertEquals(ask("priority=1"), "EINVAL");
    zram.setDisksize(16 * 4096);
    const asked: Readonly<Record<string, Errno | undefined>> = {
      "priority=1": undefined,
      "priority=3": undefined,
      "algo=zstd": undefined,
      "algo=zstd priority=3": undefined,
      "type=idle": undefined,
      "algo=zstd priority=1": "EINVAL",
      "algo=lz4": "EINVAL",
      "priority=0": "EINVAL",
      "priority=2": "EINVAL",
      "priority=4": "EINVAL",
      "priority=-1": "EINVAL",
      "priority=99999999999": "ERANGE",
      "type=any": "EINVAL",
      "type=idle type=any": undefined,
      "type": "EINVAL",
      "threshold=4096": "EINVAL",
    };
    for (const [text, errno] of Object.entries(asked)) {
      assertEquals(ask(text), errno, text);
    }
  }
});

Deno.test("where nothing says which, the algorithm of priority 1 recompresses, and there must be one", () => {
  const zram = make(RECOMPRESSING[2], { 2: "zstd" });
  zram.setDisksize(16 * 4096);
  zram.write(0, page(2048));
  assertEquals(zram.recompress(""), "EINVAL");
  assertEquals(zram.recompress("priority=2"), undefined);
  assertEquals(zram.slots.priority(0), 2);
});

Deno.test("a page is incompressible where the last algorithm there is does not make it smaller, and one of a priority as high is left alone", () => {
  for (const profile of RECOMPRESSING) {
    const zram = make(profile, { 1: "lzo", 3: "zstd" });
    zram.setDisksize(16 * 4096);
    zram.write(0, page(2048));
    // lzo is lz4 here: no smaller, and not the last.
    assertEquals(zram.recompress("priority=1"), undefined);
    assertEquals(flags(zram), ["......"]);
    assertEquals(zram.recompress("priority=3"), undefined);
    assertEquals(flags(zram), ["....r."]);
    const { compr_data_size } = zram.mmStat();
    assertEquals(zram.recompress("priority=1"), undefined);
    assertEquals(zram.mmStat().compr_data_size, compr_data_size);

    const random = randomFrom(9);
    zram.write(1, Uint8Array.from({ length: 4096 }, () => random(256)));
    assertEquals(zram.recompress("algo=lzo type=huge"), undefined);
    assertEquals(flags(zram)[1], "..h...");
    assertEquals(zram.recompress("algo=zstd"), undefined);
    assertEquals(flags(zram)[1], "..h..n");
    checkZram(zram);
  }
});

Deno.test("algorithm_params takes a name and a priority that go together, before there is a disk", () => {
  for (const profile of RECOMPRESSING) {
    const zram = make(profile, { 1: "lz4", 2: "zstd" });
    const tell = (text: string) =>
      writeAttribute(zram, "algorithm_params", text);
    const told: Readonly<Record<string, Errno | undefined>> = {
      "level=1": undefined,
      "algo=zstd level=1": undefined,
      "algo=lz4 priority=1 level=1": undefined,
      "algo=lz4 priority=0 level=1": undefined,
      "algo=zstd priority=1": "EINVAL",
      "algo=lzo": "EINVAL",
      "priority=3 level=1": undefined,
      "priority=4": "EINVAL",
      "priority=-1": "EINVAL",
      "level=x": "EINVAL",
      "nosuch=1": undefined,
    };
    for (const [text, errno] of Object.entries(told)) {
      assertEquals(tell(text), errno, text);
    }
    assertEquals(tell("priority=3"), undefined);
    assertEquals(zram.setDisksize(16 * 4096), undefined);
    assertEquals([tell("level=1"), tell("level=x")], ["EBUSY", "EINVAL"]);
  }
});

Deno.test("up to 7.0 parameters are taken at any time, the name's priority for the one that is said", () => {
  const zram = make(LINUX_7_0, {});
  zram.setDisksize(16 * 4096);
  const tell = (text: string) => writeAttribute(zram, "algorithm_params", text);
  assertEquals(tell("algo=lz4 priority=3 level=1"), undefined);
  assertEquals(tell("priority=1"), "EINVAL");
});

Deno.test("a dictionary that is not there has its own error since 7.3, an empty one EINVAL", () => {
  const errnos = [LINUX_7_2, LINUX_7_3].map((profile) => {
    const zram = make(profile, {});
    return ["/dict", "/empty", "/nosuch"].map((path) =>
      writeAttribute(zram, "algorithm_params", `dict=${path}`)
    );
  });
  assertEquals(errnos, [
    [undefined, "EINVAL", "EINVAL"],
    [undefined, "EINVAL", "ENOENT"],
  ]);
});

/** What `disksize` answers once an algorithm was told something. */
function setUp(profile: Profile, algorithm: string, params: string) {
  const zram = make(profile, {});
  assertEquals(writeAttribute(zram, "comp_algorithm", algorithm), undefined);
  assertEquals(writeAttribute(zram, "algorithm_params", params), undefined);
  return zram.setDisksize(4096);
}

Deno.test("since 7.3 disksize refuses levels that an algorithm has not, and what it has no use for", () => {
  const every = "algorithms=lz4:lz4hc:zstd:deflate:lzo:lzo-rle:842";
  const [older, newer] = ["linux-7.2", "linux-7.3"]
    .map((release) => describedProfile(`${release},${every}`));
  const refused: readonly [string, string, Errno | undefined][] = [
    ["lz4", "level=0", "EINVAL"],
    ["lz4", "level=1", undefined],
    ["lz4", "level=2147483647", undefined],
    ["lz4hc", "level=0", "EINVAL"],
    ["lz4hc", "level=1", undefined],
    ["lz4hc", "level=16", undefined],
    ["lz4hc", "level=17", "EINVAL"],
    ["zstd", "level=-131073", "EINVAL"],
    ["zstd", "level=-131072", undefined],
    ["zstd", "level=22", undefined],
    ["zstd", "level=23", "EINVAL"],
    ["lzo", "level=1", "EOPNOTSUPP"],
    ["lzo-rle", "dict=/dict", "EOPNOTSUPP"],
    ["842", "level=-5", "EOPNOTSUPP"],
    ["lzo", "deflate.winbits=99", undefined],
    ["deflate", "dict=/dict", "EOPNOTSUPP"],
    ["deflate", "level=-1 deflate.winbits=-15", undefined],
    // Said so, nothing is said.
    ["lzo", "level=-2147483648", undefined],
  ];
  const codecs = [...CODECS];
  for (const name of ["lz4hc", "842"]) {
    codecs.push({ ...CODECS[0], name });
  }
  const asked = (profile: Profile, algorithm: string, params: string) => {
    const zram = new Zram(profile, {
      codecs,
      files: new Map([["/dict", new Uint8Array(4096)]]),
    });
    writeAttribute(zram, "comp_algorithm", algorithm);
    writeAttribute(zram, "algorithm_params", params);
    return zram.setDisksize(4096);
  };
  for (const [algorithm, params, errno] of refused) {
    assertEquals(asked(newer, algorithm, params), errno, params);
    assertEquals(asked(older, algorithm, params), undefined, params);
  }
});

Deno.test("deflate refuses levels that zlib has not, and windows since 7.2, at which 7.1 stops", () => {
  for (const profile of [LINUX_7_1, LINUX_7_2, LINUX_7_3]) {
    const refused = (params: string) => setUp(profile, "deflate", params);
    assertEquals(["level=10", "level=-2"].map(refused), ["EINVAL", "EINVAL"]);
    for (const window of ["deflate.winbits=8", "deflate.winbits=-16"]) {
      if (profile !== LINUX_7_1) assertEquals(refused(window), "EINVAL");
      else {
        assertThrows(
          () => refused(window),
          KernelBug,
          "zlib_deflate_workspacesize: the kernel would stop at BUG_ON",
        );
      }
    }
    assertEquals(refused("deflate.winbits=9"), undefined);
  }
});

Deno.test("since 7.2 a device that could not be set up has the default algorithm, without parameters", () => {
  for (const profile of [LINUX_7_2, LINUX_7_3]) {
    const zram = new Zram(profile);
    writeAttribute(zram, "comp_algorithm", "deflate");
    writeAttribute(zram, "algorithm_params", "level=99");
    assertEquals(zram.setDisksize(4096), "EINVAL");
    assertEquals(readAttribute(zram, "comp_algorithm"), {
      text: "[lz4] lz4hc zstd deflate \n",
    });
    assertEquals(zram.setDisksize(4096), undefined);
  }
});

Deno.test("since 7.3 an algorithm that is chosen has no parameters", () => {
  const errnos = [LINUX_7_2, LINUX_7_3].map((profile) => {
    const zram = make(profile, {});
    writeAttribute(zram, "algorithm_params", "deflate.winbits=3");
    writeAttribute(zram, "comp_algorithm", "deflate");
    return zram.setDisksize(4096);
  });
  assertEquals(errnos, ["EINVAL", undefined]);
});

Deno.test("since 6.17 recomp_algorithm has NULs behind each line, as its place is counted twice", () => {
  const texts = ["linux-6.16", "linux-6.17", "linux-7.3"].map((release) => {
    const profile = describedProfile(
      `${release},recompression=yes,algorithms=lz4:zstd`,
    );
    const zram = new Zram(profile);
    writeAttribute(zram, "recomp_algorithm", "algo=zstd priority=1");
    writeAttribute(zram, "recomp_algorithm", "algo=lz4 priority=2");
    return readAttribute(zram, "recomp_algorithm");
  });
  const [first, second] = ["lz4 [zstd] \n", "[lz4] zstd \n"];
  const counted = `#1: ${first}\0\0\0\0#2: ${second}`;
  const twice = { text: counted + "\0".repeat(4 + 12 + 4 + 4) };
  assertEquals(texts, [{ text: `#1: ${first}#2: ${second}` }, twice, twice]);
});
