/** What a command of this machine prints. */

/** Runs a command; `undefined` where there is none of that name. */
export async function commandOutput(
  name: string,
  args: readonly string[],
  options: Pick<Deno.CommandOptions, "cwd" | "env" | "signal"> = {},
): Promise<Deno.CommandOutput | undefined> {
  try {
    return await new Deno.Command(name, {
      ...options,
      args: [...args],
      stdin: "null",
    }).output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
