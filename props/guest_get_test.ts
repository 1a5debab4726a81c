import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  assertRefused,
  commandTest,
  exists,
  type Outcome,
  ROOT,
} from "./command.ts";

/** Commands in the place of apt's: they write down what they are told. */
const COMMANDS: Readonly<Record<string, string>> = {
  "apt-get": `
echo "apt-get $*" >> "$FAKE/log"
case "$*" in
  indextargets) cat "$FAKE/targets";;
  *update)
    cp "$2" "$FAKE/conf"
    cp "$(dirname "$2")/sources.list" "$FAKE/sources"
    [ ! -f "$FAKE/complaint" ] || { cat "$FAKE/complaint" >&2; exit 100; };;
  *download*) for one; do case "$one" in *=*) : > "$one.deb";; esac; done;;
esac`,
  "apt-cache": `
case "$3" in
  pkgnames) cat "$FAKE/names";;
  show) cat "$FAKE/show/$4" 2>/dev/null || exit 100;;
esac`,
  "dpkg-deb": `
mkdir -p "$3/boot" && : > "$3/boot/$(basename "$2")"`,
};

/** What `apt-get indextargets` prints of one archive. */
function target(label: string, uri: string, origin = "Debian"): string {
  return `MetaKey: main/binary-amd64/Packages
Origin: ${origin}
Label: ${label}
Repo-URI: ${uri}
Sourcesentry: SOURCES:2
Description: ${uri} main Packages
`;
}

/** What `apt-cache show` prints of a package. */
function shown(name: string, version: string, depends: string): string {
  return `Package: ${name}
Version: ${version}
Depends: kmod, linux-base (>= 4.12~) | other, ${depends}
Description: a kernel
 Depends: is no field here
`;
}

/** A machine whose apt is made up, in a folder. */
class Machine {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  static async make(folder: string): Promise<Machine> {
    await Deno.mkdir(`${folder}/bin`);
    await Deno.mkdir(`${folder}/show`);
    for (const [name, text] of Object.entries(COMMANDS)) {
      await Deno.writeTextFile(`${folder}/bin/${name}`, `#!/bin/sh\n${text}\n`);
      await Deno.chmod(`${folder}/bin/${name}`, 0o755);
    }
    const machine = new Machine(folder);
    await machine.write(
      "targets",
      [
        target("Debian", "mirror://other/", "Else"),
        target("Debian", "mirror://main/"),
        target("Debian-Security", "mirror://security/"),
      ].join("\n").replaceAll("SOURCES", `${folder}/one.list`),
    );
    await machine.write(
      "one.list",
      "# a comment\ndeb [arch=amd64 signed-by=/keys/own.gpg] mirror://main x main\n",
    );
    return machine;
  }

  write(name: string, text: string): Promise<void> {
    return Deno.writeTextFile(`${this.#folder}/${name}`, text);
  }

  read(name: string): Promise<string> {
    return Deno.readTextFile(`${this.#folder}/${name}`);
  }

  /** Makes kernels, each with the packages that it is split into. */
  async kernels(
    kernels: Readonly<Record<string, readonly string[]>>,
    others: readonly string[] = [],
  ): Promise<void> {
    const images = Object.keys(kernels).map((one) => `linux-image-${one}`);
    await this.write("names", [...images, ...others, ""].join("\n"));
    for (const [kernel, parts] of Object.entries(kernels)) {
      const version = `${kernel.replace(/-.*/, "")}-1`;
      const depends = ["binary", "modules"].map((part) =>
        `linux-${part}-${kernel} (= ${version})`
      ).join(", ");
      for (const part of parts) {
        const name = `linux-${part}-${kernel}`;
        const needs = part === "image" && parts.length > 1 ? depends : "libc";
        await this.write(`show/${name}`, shown(name, version, needs));
      }
    }
  }

  get(...args: string[]): Promise<Outcome> {
    return this.getBy(`${this.#folder}/bin:/usr/bin:/bin`, ...args);
  }

  /** The same where commands are looked for in `path`. */
  async getBy(path: string, ...args: string[]): Promise<Outcome> {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--quiet", `${ROOT}src/cli/main.ts`],
        ...["guest", "get", ...args],
      ],
      cwd: this.#folder,
      env: {
        PATH: path,
        FAKE: this.#folder,
        TMPDIR: this.#folder,
        NO_COLOR: "1",
      },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  }
}

/** The keys of Debian's archives, where they are installed. */
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

commandTest(
  "zspec guest get takes the newest point release without a flavour, from the mirror that apt has, signed",
  async (folder) => {
    const machine = await Machine.make(folder);
    await machine.kernels({
      "6.12.9+deb13-amd64": ["image"],
      "6.12.90+deb13-amd64": ["image"],
      "6.12.118+deb13-amd64": ["image"],
    }, [
      "linux-image-6.12.200+deb13-rt-amd64",
      "linux-image-6.12.200+deb13-cloud-amd64",
      "linux-image-6.12.200+deb13-amd64-dbg",
      "linux-image-6.12.200+deb13-amd64-unsigned",
      "linux-image-6.12-amd64",
    ]);
    const { code, stdout, stderr } = await machine.get("6.12", "got");
    assertEquals(code, 0, stderr);
    assertEquals(
      stdout,
      "Linux 6.12.118+deb13-amd64: linux-image-6.12.118+deb13-amd64 6.12.118+deb13-1 of trixie-security, in got\n",
    );
    assertEquals(
      Array.from(Deno.readDirSync(`${folder}/got/boot`), ({ name }) => name),
      ["linux-image-6.12.118+deb13-amd64=6.12.118+deb13-1.deb"],
    );
    const keys = await exists(KEYRING) ? KEYRING : "/keys/own.gpg";
    assertEquals(
      await machine.read("sources"),
      `deb [signed-by=${keys}] mirror://security/ trixie-security main\n`,
    );
    assertStringIncludes(await machine.read("log"), " -qq update\n");
  },
);

commandTest(
  "nothing of the machine's apt is changed: lists, cache and hooks are others, and all is gone afterwards",
  async (folder) => {
    const machine = await Machine.make(folder);
    await machine.kernels({ "6.1.0-56-amd64": ["image"] });
    const before = Array.from(Deno.readDirSync(folder)).length;
    const { code, stderr } = await machine.get("6.1", "got");
    assertEquals(code, 0, stderr);
    const conf = await machine.read("conf");
    const [, own] = /SourceList "(.*)\/sources.list"/.exec(conf) ?? [];
    for (const name of ["State::Lists", "State::Status", "Cache"]) {
      assertStringIncludes(conf, `Dir::${name} "${own}/`);
    }
    for (const when of ["Pre-Invoke", "Post-Invoke", "Post-Invoke-Success"]) {
      assertStringIncludes(conf, `#clear APT::Update::${when};`);
    }
    assert(!await exists(own));
    // What was made: the image, and what the made up commands wrote.
    assertEquals(
      Array.from(Deno.readDirSync(folder)).length - before,
      ["got", "conf", "sources", "log"].length,
    );
    assertStringIncludes(
      await machine.read("sources"),
      "mirror://security/ bookworm-security main",
    );
  },
);

commandTest(
  "a kernel that is split is fetched whole: the newest of which every package is there",
  async (folder) => {
    const machine = await Machine.make(folder);
    const whole = ["image", "binary", "modules"];
    await machine.kernels({
      "7.3.3+deb13-amd64": whole,
      "7.3.4+deb13-amd64": whole,
      "7.3.5+deb13-amd64": ["image", "binary"],
    });
    const { code, stdout, stderr } = await machine.get("7.3", "got");
    assertEquals(code, 0, stderr);
    assertStringIncludes(
      stdout,
      "Linux 7.3.4+deb13-amd64: linux-image-7.3.4+deb13-amd64, linux-binary-7.3.4+deb13-amd64, linux-modules-7.3.4+deb13-amd64 7.3.4+deb13-1 of trixie-backports",
    );
    assertStringIncludes(
      await machine.read("sources"),
      "mirror://main/ trixie-backports main",
    );
    await machine.kernels({ "7.1.3+deb13-amd64": ["image", "binary"] });
    assertRefused(
      await machine.get("7.1", "other"),
      "Cannot get Linux 7.1: 'trixie-backports' has no package 'linux-modules-7.1.3+deb13-amd64' any more",
    );
    assert(!await exists(`${folder}/other`));
  },
);

commandTest(
  "what zspec guest get cannot do is refused in one line",
  async (folder) => {
    const machine = await Machine.make(folder);
    await machine.kernels({});
    const refused = async (args: readonly string[], message: string) =>
      assertRefused(await machine.get(...args), message);
    const all = "5.10, 6.1, 6.12, 6.16, 6.17, 6.18, 6.19, 7.0, 7.1, 7.2, 7.3";
    await refused(["6.1"], `a RELEASE and a FOLDER are needed`);
    await refused(
      ["6.2", "got"],
      `Cannot get Linux 6.2: the releases are ${all}`,
    );
    await refused(["6.1", "bin"], "the folder 'bin' is not empty");
    await refused(["6.1", "one.list"], "'one.list' is a file");
    await refused(["6.1", "got"], "'bookworm-security' has no such kernel");
    await machine.write(
      "complaint",
      "W: something else\nE: The repository 'mirror://security bookworm-security Release' does not have a Release file.\nE: more\n",
    );
    await refused(
      ["6.1", "got"],
      "apt-get says 'The repository 'mirror://security bookworm-security Release' does not have a Release file.'",
    );
    await machine.write("targets", "");
    await refused(
      ["5.10", "got"],
      "apt knows no mirror of the archive 'Debian-Security'; sources name one, and 'apt-get update' reads its lists",
    );
    assertRefused(
      await machine.getBy(`${folder}/show`, "6.1", "got"),
      "there is no apt-get, and Debian's apt is needed",
    );
  },
);
