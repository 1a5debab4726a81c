/**
 * Debian's kernels by the apt of this machine: its mirror, its keys and its
 * proxy; lists and cache of their own, so that nothing of it is changed.
 */
import { dirname, resolve } from "node:path";
import { commandOutput } from "./command_output.ts";
import { newestFirst } from "./guest_image.ts";
import { TargetMissing } from "../targets/target.ts";

/** A suite of Debian, and the archive that has it. */
interface Suite {
  /** Its name as sources have it. */
  readonly name: string;
  /** The archive, by the label that its lists have. */
  readonly label: "Debian" | "Debian-Security";
}

const suite = (name: string, label: Suite["label"]): Suite => ({ name, label });
const BACKPORTS = suite("trixie-backports", "Debian");

/** The suite that has a release's newest kernel. */
const SUITES: Readonly<Record<string, Suite>> = {
  "5.10": suite("bullseye-security", "Debian-Security"),
  "6.1": suite("bookworm-security", "Debian-Security"),
  "6.12": suite("trixie-security", "Debian-Security"),
  "6.16": BACKPORTS,
  "6.17": BACKPORTS,
  "6.18": BACKPORTS,
  "6.19": BACKPORTS,
  "7.0": BACKPORTS,
  "7.1": BACKPORTS,
  "7.2": BACKPORTS,
  "7.3": BACKPORTS,
};

/** The releases that can be had. */
export const GUEST_RELEASES: readonly string[] = Object.keys(SUITES);
/** Where Debian's packages put the keys of its archives. */
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** A package as apt shows it. */
interface Package {
  readonly name: string;
  readonly version: string;
  readonly depends: string;
}

/** What was fetched. */
export interface FetchedImage {
  /** The kernel's release: `7.3.4+deb13-amd64`. */
  readonly release: string;
  /** The version of its packages. */
  readonly version: string;
  /** The suite that they are in. */
  readonly suite: string;
  /** Their names. */
  readonly packages: readonly string[];
}

/**
 * Fetches Debian's newest kernel of a release such as `7.3` and unpacks it into
 * a folder, which must be empty or not there. Throws a `TargetMissing` where
 * there is no apt, no such suite, no network or nothing that can be checked.
 */
export async function fetchImage(
  release: string,
  into: string,
  stop?: AbortSignal,
): Promise<FetchedImage> {
  const wanted = suiteOf(release);
  await refuseFilled(release, into);
  const folder = await Deno.makeTempDir({ prefix: "zspec-apt-" });
  try {
    const apt = await openApt(release, wanted, folder, stop);
    await apt.run("apt-get", ["-qq", "update"]);
    const { kernel, packages } = await choose(apt, release, wanted);
    await apt.run("apt-get", [
      ...["-qq", "download"],
      ...packages.map(({ name, version }) => `${name}=${version}`),
    ]);
    await unpack(apt, `${folder}/packages`, into);
    return {
      release: kernel,
      version: packages[0].version,
      suite: wanted.name,
      packages: packages.map(({ name }) => name),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Unpacks packages into a folder that has all of them or is not there. */
async function unpack(apt: Apt, packages: string, into: string): Promise<void> {
  const parent = dirname(resolve(into));
  await Deno.mkdir(parent, { recursive: true });
  const part = await Deno.makeTempDir({ dir: parent, prefix: ".zspec-get-" });
  try {
    for (const { name } of Deno.readDirSync(packages)) {
      await apt.run("dpkg-deb", ["-x", `${packages}/${name}`, part]);
    }
    await Deno.chmod(part, 0o755);
    await Deno.rename(part, into);
  } catch (error) {
    await Deno.remove(part, { recursive: true });
    throw error;
  }
}

function cannotGet(release: string, reason: string): TargetMissing {
  return new TargetMissing(`Cannot get Linux ${release}: ${reason}`);
}

function suiteOf(release: string): Suite {
  if (Object.hasOwn(SUITES, release)) return SUITES[release];
  throw cannotGet(
    release,
    `the releases are ${GUEST_RELEASES.join(", ")}`,
  );
}

async function refuseFilled(release: string, folder: string): Promise<void> {
  try {
    for await (const _ of Deno.readDir(folder)) {
      throw cannotGet(release, `the folder '${folder}' is not empty`);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (!(error instanceof Deno.errors.NotADirectory)) throw error;
    throw cannotGet(release, `'${folder}' is a file, and a folder is needed`);
  }
}

/** apt with one suite of its own. */
interface Apt {
  /** Runs a command of apt; what it prints. Throws where it fails. */
  run(name: string, args: readonly string[]): Promise<string>;
  /** A package, or nothing where the suite has none of that name. */
  show(name: string): Promise<Package | undefined>;
}

async function openApt(
  release: string,
  wanted: Suite,
  folder: string,
  stop: AbortSignal | undefined,
): Promise<Apt> {
  const run = async (name: string, args: readonly string[]) => {
    stop?.throwIfAborted();
    const options = { cwd: `${folder}/packages`, env: { LC_ALL: "C" } };
    const output = await commandOutput(name, args, {
      ...options,
      signal: stop,
    });
    stop?.throwIfAborted();
    if (output === undefined) {
      throw cannotGet(
        release,
        `there is no ${name}, and Debian's apt is needed`,
      );
    }
    const [said, complained] = [output.stdout, output.stderr]
      .map((bytes) => new TextDecoder().decode(bytes));
    if (output.success) return said;
    throw cannotGet(release, `${name} says '${firstError(complained)}'`);
  };
  for (const inner of ["packages", "lists/partial", "cache/archives/partial"]) {
    await Deno.mkdir(`${folder}/${inner}`, { recursive: true });
  }
  const mirror = mirrorOf(await run("apt-get", ["indextargets"]), wanted);
  if (mirror === undefined) {
    throw cannotGet(
      release,
      `apt knows no mirror of the archive '${wanted.label}'; sources name one, and 'apt-get update' reads its lists`,
    );
  }
  await Deno.writeTextFile(`${folder}/status`, "");
  await Deno.writeTextFile(
    `${folder}/sources.list`,
    `deb${await signedBy(mirror)} ${mirror.uri} ${wanted.name} main\n`,
  );
  await Deno.writeTextFile(`${folder}/apt.conf`, aptConf(folder));
  const own = ["-c", `${folder}/apt.conf`];
  const ask = (name: string, args: readonly string[]) =>
    run(name, name.startsWith("apt-") ? [...own, ...args] : args);
  return {
    run: ask,
    show: async (name) =>
      packageOf(await ask("apt-cache", ["show", name]).catch(() => "")),
  };
}

/**
 * What apt is told beyond its own configuration, which stays for the proxy's
 * sake; its hooks do not, since they are for what is the machine's.
 */
function aptConf(folder: string): string {
  return `Dir::Etc::SourceList "${folder}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State::Lists "${folder}/lists";
Dir::State::Status "${folder}/status";
Dir::Cache "${folder}/cache";
Dir::Cache::Archives "archives";
Acquire::Languages "none";
APT::Architecture "amd64";
APT::Sandbox::User "";
APT::Default-Release "";
APT::Update::Error-Mode "any";
#clear APT::Architectures;
APT::Architectures { "amd64"; };
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
`;
}

/** A mirror, and the place in apt's sources that names it. */
interface Mirror {
  readonly uri: string;
  readonly entry: string | undefined;
}

/** The mirror that apt has of an archive. */
function mirrorOf(targets: string, { label }: Suite): Mirror | undefined {
  const found = stanzas(targets).find((fields) =>
    fields.get("Origin") === "Debian" && fields.get("Label") === label
  );
  const uri = found?.get("Repo-URI");
  return uri === undefined
    ? undefined
    : { uri, entry: found?.get("Sourcesentry") };
}

/** Texts of fields as Debian has them, an empty line between two. */
function stanzas(text: string): ReadonlyMap<string, string>[] {
  return text.split(/\n\n+/).map((stanza) =>
    new Map(Array.from(
      stanza.matchAll(/^([\w-]+): *(.*)$/gm),
      ([, name, value]) => [name, value],
    ))
  );
}

/** The keys that must have signed: Debian's own, or those of the source. */
async function signedBy({ entry }: Mirror): Promise<string> {
  const isThere = await Deno.stat(KEYRING).then(() => true, () => false);
  const keyring = isThere ? KEYRING : await keysOf(entry);
  return keyring === undefined ? "" : ` [signed-by=${keyring}]`;
}

/** The file of keys that an entry `FILE:NUMBER` of apt's sources names. */
async function keysOf(entry: string | undefined): Promise<string | undefined> {
  const [, path, number] = /^(.*):([0-9]+)$/.exec(entry ?? "") ?? [];
  if (path === undefined) return undefined;
  const text = await Deno.readTextFile(path).catch(() => "");
  const own = path.endsWith(".sources")
    ? text.split(/\n\s*\n/)[Number(number) - 1]
    : text.split("\n")[Number(number) - 1];
  return /signed-by[:=]\s*(\/[^\s\],]+)/i.exec(own ?? "")?.[1];
}

function packageOf(shown: string): Package | undefined {
  const [fields] = stanzas(shown);
  const name = fields.get("Package");
  const version = fields.get("Version");
  return name === undefined || version === undefined
    ? undefined
    : { name, version, depends: fields.get("Depends") ?? "" };
}

/** The line of a command's complaints that says what is wrong. */
function firstError(complaints: string): string {
  const lines = complaints.split("\n").map((line) => line.trim())
    .filter(Boolean);
  const error = lines.find((line) => line.startsWith("E: ")) ?? lines[0] ?? "";
  return error.replace(/^E: /, "");
}

/**
 * The newest kernel whose packages are all there. Those without a flavour have
 * names such as `linux-image-7.3.4+deb13-amd64` or `-6.1.0-56-amd64`.
 */
async function choose(apt: Apt, release: string, { name: suite }: Suite) {
  const prefix = `linux-image-${release}.`;
  const names = (await apt.run("apt-cache", ["pkgnames", prefix])).split("\n")
    .filter((name) =>
      name.startsWith(prefix) &&
      /^[0-9][^-]*(-[^-]+)?-amd64$/.test(name.slice(prefix.length)) &&
      !/-(rt|cloud)-/.test(name)
    )
    .map((name) => name.slice("linux-image-".length))
    .sort(newestFirst);
  if (names.length === 0) {
    throw cannotGet(release, `'${suite}' has no such kernel`);
  }
  let absent: string | undefined;
  for (const kernel of names) {
    const packages = await packagesOf(apt, kernel);
    if (typeof packages !== "string") return { kernel, packages };
    absent ??= packages;
  }
  throw cannotGet(release, `'${suite}' has no package '${absent}' any more`);
}

/**
 * The packages of a kernel: its image, and those that this depends on and that
 * are of the same kernel. Or the name of one that is not there.
 */
async function packagesOf(
  apt: Apt,
  kernel: string,
): Promise<readonly Package[] | string> {
  const names = [`linux-image-${kernel}`];
  const packages: Package[] = [];
  for (const name of names) {
    const shown = await apt.show(name);
    if (shown === undefined) return name;
    packages.push(shown);
    for (const [, other] of shown.depends.matchAll(/(linux-[^\s,|()]+)/g)) {
      if (other.endsWith(`-${kernel}`) && !names.includes(other)) {
        names.push(other);
      }
    }
  }
  return packages;
}
