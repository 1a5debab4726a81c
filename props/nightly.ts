/**
 * `deno task nightly [SECONDS]`: every test from a fresh seed, then a search of
 * all machines for so long, by default an hour. What fails names the seed.
 */
const [seconds = "3600"] = Deno.args;
const seed = String(crypto.getRandomValues(new Uint32Array(1))[0]);

async function run(...args: readonly string[]): Promise<number> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: { ZSPEC_SEED: seed },
  });
  const { code } = await command.spawn().status;
  return code;
}

console.log(`seed ${seed}; to repeat: ZSPEC_SEED=${seed} deno task test`);
const tests = await run("task", "test");
const zspec = [
  "run",
  "-A",
  new URL("../src/cli/main.ts", import.meta.url).href,
];
const search = await run(...zspec, "fuzz", "--seed", seed, "--time", seconds);
Deno.exit(tests === 0 && search === 0 ? 0 : 1);
