/** Tests that need Python, and the implementations that are written in it. */
import { commandTestUnless, ROOT } from "../command.ts";

/** Whether there is a python3, or nobody may say. */
function hasPython(): boolean {
  const command = new Deno.Command("python3", { args: ["--version"] });
  try {
    return command.outputSync().success;
  } catch (error) {
    return error instanceof Deno.errors.NotCapable;
  }
}

const isThere = hasPython();

/** A test that is left out, and says so, where there is no python3. */
export function pythonTest(
  name: string,
  fn: (folder: string) => Promise<void>,
): void {
  commandTestUnless(isThere ? undefined : "there is no python3", name, fn);
}

/** The command of an implementation without defects. */
export function sound(target: string, ...args: string[]): string[] {
  return ["python3", `${ROOT}props/conform/sound.py`, target, ...args];
}

/** The command of one with a defect. */
export function defective(target: string, defect: string): string[] {
  const file = `${ROOT}props/conform/defects.py`;
  return ["python3", file, target, "--defect", defect];
}
