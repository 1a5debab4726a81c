import { assert, assertEquals } from "@std/assert";
import { assertTranscript } from "../mod.ts";
import { commandTest, exists, ROOT } from "./command.ts";

const CORPUS = `${ROOT}props/corpus`;

commandTest(
  "every program of the corpus holds, and has the name of what is in it",
  async () => {
    if (!await exists(CORPUS)) return;
    const names = Array.from(Deno.readDirSync(CORPUS), ({ name }) => name);
    assert(names.length > 0, "the corpus is empty");
    for (const name of names) {
      const bytes = await Deno.readFile(`${CORPUS}/${name}`);
      const digest = await crypto.subtle.digest("SHA-256", bytes);
      const hash = new Uint8Array(digest).toHex().slice(0, 16);
      const text = new TextDecoder().decode(bytes);
      const { target } = JSON.parse(text.slice(0, text.indexOf("\n")));
      assertEquals(name, `${target}-${hash}.jsonl`);
      assertTranscript(text);
    }
  },
);
