import { assertEquals, assertRejects } from "@std/assert";
import { TargetFault } from "../mod.ts";
import { childZsmalloc } from "../src/targets/child_targets.ts";

/** Whether a test can use a shell and `setsid`. */
const isUnix = Deno.build.os === "linux";

/** A target that a shell's script is. */
function scriptTarget(script: string, timeout?: number) {
  return childZsmalloc({ command: ["sh", "-c", script], timeout });
}

const SETUP = { pageSize: 4096, wordBits: 64, chainSize: 8 };

async function faultOf(script: string, timeout?: number): Promise<TargetFault> {
  const target = scriptTarget(script, timeout);
  return await assertRejects(
    async () => await target.create(SETUP),
    TargetFault,
  );
}

Deno.test({
  name: "output that ends in the middle of a line is told as that",
  ignore: !isUnix,
  async fn() {
    const { kind, message } = await faultOf(`read line; printf '{"id":1}'`);
    assertEquals(kind, "malformed");
    assertEquals(message, 'it wrote no newline after {"id":1}');
  },
});

Deno.test({
  name: "an answer without its newline is told as that, and not as late",
  ignore: !isUnix,
  async fn() {
    const script = `read line; printf '{"id":1}'; exec sleep 600`;
    const { kind, message } = await faultOf(script, 3000);
    assertEquals(kind, "malformed");
    assertEquals(message, 'it wrote no newline after {"id":1}');
  },
});

Deno.test({
  name: "a target that closes its output and goes on is told as that",
  ignore: !isUnix,
  async fn() {
    const script = `read line; exec sleep 600 >&-`;
    const { kind, message } = await faultOf(script);
    assertEquals([kind, message], [
      "died",
      "it closed its output, and did not end",
    ]);
  },
});

/** Whether a process is there. */
function isThere(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

Deno.test({
  name: "a target that leaves for a session of its own is ended too",
  ignore: !isUnix,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const script =
        `echo $$ > ${folder}/pid; read line; echo '{"id":1}'; exec sleep 600`;
      const target = childZsmalloc({
        command: ["setsid", "--fork", "sh", "-c", script],
      });
      assertEquals(await target.create(SETUP), undefined);
      const pid = Number(await Deno.readTextFile(`${folder}/pid`));
      assertEquals(isThere(pid), true);
      await target.restart();
      // It was killed; the kernel may take its time.
      while (isThere(pid)) await new Promise((done) => setTimeout(done, 10));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
