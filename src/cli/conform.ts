/** `zspec conform`: an implementation that is not the model, judged by it. */
import { ANSWER_MILLISECONDS } from "../targets/child.ts";
import type { Ending } from "../targets/child_asker.ts";
import { childZsmalloc, childZswap } from "../targets/child_targets.ts";
import { childZram } from "../targets/child_zram.ts";
import type { Step } from "../programs/program.ts";
import type { Plan, Suite } from "../search/suite.ts";
import type { Target } from "../targets/target.ts";
import { ZRAM_SUITE } from "../search/suites/zram.ts";
import { ZSMALLOC_SUITE } from "../search/suites/zsmalloc.ts";
import { ZSWAP_SUITE } from "../search/suites/zswap.ts";
import { takeDevice } from "../live/device.ts";
import {
  askedOf,
  CONFORM_OPTIONS,
  CONFORM_OPTIONS_USAGE,
  judgeTarget,
  withTarget,
} from "./conform_judge.ts";
import { quoted } from "./conform_report.ts";
import { heedingSignals } from "./interrupt.ts";
import { unknown } from "./unknown.ts";
import {
  namedProfile,
  type Options,
  parseOptions,
  profileHelp,
  refuseOptions,
  splitArguments,
  UsageError,
} from "./usage.ts";

const TARGETS = ["zsmalloc", "zram", "zswap"];

/** How `zspec conform` is called. */
export const USAGE = `zspec conform TARGET [OPTION…] -- COMMAND [ARGUMENT…]
zspec conform zram [OPTION…] --device /dev/zramN

Runs random programs and judges every answer. The first program that fails is
shrunk and printed as a transcript. TARGET is ${TARGETS.join(", ")}.

COMMAND is started and asked one request of the oracle protocol a line. With
--device an idle zram device of the running kernel is judged: root alone can.
It is reset before and after, and gets its settings back, also after an
interrupt.

  --level L          contract: what every implementation must keep; the default
                     exact: it makes Linux's own choices, every statistic is
                     the model's; the default for a device
${
  profileHelp(
    21,
    "the kernel to compare with, instead of linux-6.18 or what a device's kernel is found to be",
  )
}  --timeout SECONDS  how long COMMAND may take to answer; by default ${
  ANSWER_MILLISECONDS / 1000
}
${CONFORM_OPTIONS_USAGE}

Exit status: 0 it conforms, 1 it does not, 2 it cannot be run, 130 interrupted.
`;

/** Runs the command and returns its exit status. */
export async function conformCommand(args: readonly string[]): Promise<number> {
  const { own, command = [] } = splitArguments(args);
  const options = parseOptions(own, {
    string: [...CONFORM_OPTIONS.string, "timeout", "device"],
    boolean: CONFORM_OPTIONS.boolean,
  });
  const name = targetOf(options.paths);
  const device = options.text("device");
  if (device === undefined) return await conformChild(name, command, options);
  if (command.length > 0) {
    throw new UsageError(
      "Cannot conform: both a COMMAND and '--device' are given, not one of them",
    );
  }
  return await conformDevice(name, device, options);
}

function targetOf(names: readonly string[]): string {
  const [name, ...rest] = names;
  if (TARGETS.includes(name) && rest.length > 0) {
    throw new UsageError(
      `Cannot conform ${name}: '--' is missing before the COMMAND, as in 'conform ${name} -- ${
        rest.join(" ")
      }'`,
    );
  }
  if (names.length !== 1) {
    throw new UsageError(
      `Cannot conform: one TARGET is needed, of ${TARGETS.join(", ")}`,
    );
  }
  if (TARGETS.includes(name)) return name;
  throw unknown("target", name, TARGETS);
}

/** An implementation in a child process. */
function conformChild(
  name: string,
  command: readonly string[],
  options: Options,
): Promise<number> {
  if (command.length === 0) {
    const device = name === "zram" ? ", nor a '--device'" : "";
    throw new UsageError(
      `Cannot conform: no COMMAND is given after '--'${device}`,
    );
  }
  const asked = askedOf(options, "contract");
  const timeout = timeoutOption(options);
  const patience = timeout === undefined
    ? []
    : ["--timeout", `${timeout / 1000}`];
  return heedingSignals((stop) => {
    const child = { command, timeout, stop };
    return withTarget(name, asked, () => {
      switch (name) {
        case "zsmalloc":
          return judgeChild(ZSMALLOC_SUITE, childZsmalloc(child));
        case "zram":
          return judgeChild(ZRAM_SUITE, childZram(child));
        default:
          return judgeChild(ZSWAP_SUITE, childZswap(child));
      }
    });

    async function judgeChild<
      T extends Target,
      One extends Step,
      Known extends Plan,
    >(
      suite: Suite<T, One, Known>,
      target: T & Ending,
    ): Promise<number> {
      try {
        return await judgeTarget(suite, asked, {
          target,
          command: "zspec conform",
          words: [...patience, "--", ...command.map(quoted)].join(" "),
          isProfileFound: false,
          stop,
        });
      } finally {
        await target.restart();
      }
    }
  });
}

/** `--timeout` in milliseconds: seconds, with a fraction if need be. */
function timeoutOption(options: Options): number | undefined {
  const text = options.text("timeout");
  if (text === undefined) return undefined;
  const seconds = /^[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : NaN;
  if (seconds > 0 && seconds <= 3600) return 1000 * seconds;
  throw new UsageError(
    `The option '--timeout' is '${text}', not a number of seconds up to 3600`,
  );
}

/** An idle zram device of this machine. */
function conformDevice(
  name: string,
  device: string,
  options: Options,
): Promise<number> {
  if (name !== "zram") {
    throw new UsageError(
      `Cannot conform: '${name}' has no device to test by '--device', zram alone has`,
    );
  }
  refuseOptions(
    options,
    ["timeout"],
    "is given with '--device': a kernel is waited for",
  );
  const asked = askedOf(options, "exact");
  const test = async (stop: AbortSignal) => {
    const named = namedProfile(options);
    await using live = await takeDevice(device, { stop, ...named });
    const { profile, release, target } = live;
    return await judgeTarget(ZRAM_SUITE, { ...asked, profile }, {
      target,
      command: "zspec conform",
      words: `--device ${device}`,
      about:
        `${device} of Linux ${release}: ${profile.name} with chains of ${profile.chainSize}`,
      isProfileFound: named.profile === undefined,
      stop,
    });
  };
  return heedingSignals((stop) => withTarget(name, asked, () => test(stop)));
}

export { conformCommand as command };
