import { assertEquals, assertStringIncludes } from "@std/assert";
import { assertRefused, commandTest, zspec } from "./command.ts";

const CONFIG = `# Linux/x86 7.3.4 Kernel Configuration
CONFIG_64BIT=y
CONFIG_X86_64=y
CONFIG_PAGE_SHIFT=12
CONFIG_ZSMALLOC=y
CONFIG_ZSMALLOC_CHAIN_SIZE=16
CONFIG_ZRAM=y
CONFIG_ZRAM_BACKEND_ZSTD=y
CONFIG_ZRAM_DEF_COMP="zstd"
CONFIG_CRYPTO_LZO=y
`;

commandTest(
  "--config says what was built into the kernel, --profile of which release it is",
  async (folder) => {
    await Deno.writeTextFile(`${folder}/config`, CONFIG);
    const shown = await zspec(folder, "classes", "--config", "config");
    assertStringIncludes(shown.stdout, "linux-7.3,chain-size=16,");
    assertStringIncludes(shown.stdout, "at most 16 pages a zspage");
    const older = ["--config", "config", "--profile", "linux-6.18"];
    const { stdout } = await zspec(folder, "classes", ...older);
    assertStringIncludes(stdout, "linux-6.18,chain-size=16,");
  },
);

commandTest(
  "a .config that cannot be used is refused in one line",
  async (folder) => {
    const refused = async (text: string, message: string) => {
      await Deno.writeTextFile(`${folder}/config`, text);
      assertRefused(
        await zspec(folder, "classes", "--config", "config"),
        message,
      );
    };
    await refused("zram\n", "config: Cannot read the configuration: line 1");
    await refused(
      CONFIG.replace("7.3.4", "6.6.1"),
      "config: Unknown profile 'linux-6.6'",
    );
    await refused(
      CONFIG.replace("SIZE=16", "SIZE=99"),
      "config: Cannot build size classes",
    );
    assertRefused(
      await zspec(folder, "classes", "--config", "nosuch"),
      "Cannot read 'nosuch'",
    );
  },
);

commandTest(
  "zspec fuzz --profile runs programs of that kernel alone, as it is built",
  async (folder) => {
    const profile = "linux-6.1,chain-size=8";
    const args = ["fuzz", "zsmalloc", "--profile", profile, "--runs", "5"];
    const { code, stdout } = await zspec(
      folder,
      ...[...args, "--seed", "1", "--json"],
    );
    assertEquals(code, 0);
    const { search, machines } = JSON.parse(stdout);
    assertEquals(search, `fuzz of ${profile}`);
    assertEquals(machines.map((one: { programs: number }) => one.programs), [
      5,
    ]);
    assertRefused(
      await zspec(folder, "fuzz", "zbud", "--profile", "linux-7.3"),
      "Cannot fuzz zbud: linux-7.3 has none",
    );
  },
);
