import { assert } from "@std/assert";
import { seed } from "./fuzz.ts";
import { attack, DECODERS } from "./hostile.ts";

for (const [name, codec] of Object.entries(DECODERS)) {
  Deno.test(`hostile data for ${name} is an error with a message or a page, and harms no later call`, () => {
    const { refused, made } = attack(codec, seed, 300);
    assert(refused > 50 && made > 0, `${refused} refused, ${made} made a page`);
  });
}
