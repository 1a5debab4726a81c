/** The options that say which kernel a guest boots, and how. */
import { ACCELERATORS, type GuestBoot } from "../live/guest_boot.ts";
import { quoted } from "./conform_report.ts";
import {
  choiceOption,
  type Options,
  UsageError,
  wholeOption,
} from "./usage.ts";

/** The folder of the image where none is named. */
const IMAGE = "/";
/** The most processors of a guest. */
const MOST_CPUS = 64;

/** The options that every guest knows. */
export const BOOT_OPTIONS = [
  "image",
  "kernel",
  "modules",
  "module",
  "accel",
  "cpus",
] as const;

/** How they are told of. */
export const BOOT_OPTIONS_USAGE =
  `  --image FOLDER     a kernel as packages have it, with its modules:
                     boot/vmlinuz-* or lib/modules/*/vmlinuz, and lib/modules
                     or usr/lib/modules; by default ${IMAGE}
  --kernel BZIMAGE   a kernel that was just built, instead; its header says its
                     release
  --modules FOLDER   its modules, as make modules_install puts them there by
                     INSTALL_MOD_PATH=FOLDER; without it all must be built in
  --module FILE,…    modules of one's own, which take the place of the kernel's
                     of the same names
  --accel A          ${ACCELERATORS.join(" or ")}; by default ${ACCELERATORS[0]}
  --cpus N           its processors; by default 1, with which answers repeat`;

/** What those options say. */
export function bootOf(options: Options, stop: AbortSignal): GuestBoot {
  const kernel = options.text("kernel");
  const modules = options.text("modules");
  const config = options.text("config");
  const ownModules = options.text("module")?.split(",");
  const accel = choiceOption(options, "accel", ACCELERATORS);
  const cpus = wholeOption(options, "cpus", 1, MOST_CPUS);
  if (kernel !== undefined && options.text("image") !== undefined) {
    throw new UsageError(
      "Cannot boot a guest: both '--image' and '--kernel' are given, not one of them",
    );
  }
  if (kernel === undefined && modules !== undefined) {
    throw new UsageError(
      "Cannot boot a guest: '--modules' is given without '--kernel', whose they are",
    );
  }
  return {
    image: options.text("image") ?? IMAGE,
    stop,
    ...kernel === undefined ? {} : {
      built: { kernel, ...modules === undefined ? {} : { modules } },
    },
    ...config === undefined ? {} : { config },
    ...ownModules === undefined ? {} : { ownModules },
    ...accel === undefined ? {} : { accel },
    ...cpus === undefined ? {} : { cpus },
  };
}

/** The same options again, as arguments. */
export function bootArguments(options: Options): string[] {
  return [...BOOT_OPTIONS, "config"].flatMap((name) => {
    const value = options.text(name);
    return value === undefined ? [] : [`--${name}`, value];
  });
}

/** The same options again, as a shell reads them. */
export function bootWords(options: Options): string {
  return bootArguments(options).map(quoted).join(" ");
}
