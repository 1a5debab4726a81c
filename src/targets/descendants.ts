/** Ending a child process with all that it has started, wherever that went. */

/** What a child and all that it starts have in their environment. */
const MARK = "ZSPEC_TARGET";

/** An environment that marks a child, and all that it starts. */
export function markedEnvironment(): Record<string, string> {
  return { [MARK]: crypto.randomUUID() };
}

/**
 * Kills a child's process group, and what has left it for a session of its own:
 * on Linux a process is known by the mark in its environment.
 */
export function killAll(
  pid: number,
  environment: Readonly<Record<string, string>>,
): void {
  kill(Deno.build.os === "windows" ? pid : -pid);
  if (Deno.build.os !== "linux") return;
  const mark = `${MARK}=${environment[MARK]}`;
  for (const one of processIds()) {
    if (environmentOf(one).includes(mark)) kill(one);
  }
}

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function processIds(): number[] {
  try {
    return Array.from(Deno.readDirSync("/proc"), ({ name }) => Number(name))
      .filter((pid) => Number.isInteger(pid) && pid > 0);
  } catch {
    return [];
  }
}

/** The environment that a process was started with; of another's, nothing. */
function environmentOf(pid: number): readonly string[] {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/environ`).split("\0");
  } catch {
    return [];
  }
}
