/** What it costs to check a device after each operation, the whole one aside. */
import {
  CheckedZram,
  checkZram,
  fillStated,
  LINUX_6_18,
  randomFrom,
  statedCodecs,
  Zram,
} from "../mod.ts";

const PAGE_SIZE = 4096;
const OPERATIONS = 1000;

/** A device with a page in every slot, of any length. */
function fullDevice(slots: number): Zram {
  const zram = new Zram(LINUX_6_18, { codecs: statedCodecs(["lzo-rle"]) });
  zram.setDisksize(slots * PAGE_SIZE);
  for (let slot = 0; slot < slots; slot++) zram.write(slot, pageOf(slot));
  return zram;
}

const page = new Uint8Array(PAGE_SIZE);

function pageOf(seed: number): Uint8Array {
  fillStated(page, [24 + seed * 37 % 4000], seed);
  return page;
}

for (const slots of [1000, 100_000]) {
  const zram = fullDevice(slots);
  const checked = new CheckedZram(zram);
  const random = randomFrom(1);
  const group = `${slots} slots`;
  Deno.bench(`write ${OPERATIONS} pages`, { group, baseline: true }, () => {
    for (let nth = 0; nth < OPERATIONS; nth++) {
      zram.write(random(slots), pageOf(random(slots)));
    }
  });
  checked.checkAll();
  Deno.bench(`write ${OPERATIONS} pages, each checked`, { group }, () => {
    checked.checkAll();
    for (let nth = 0; nth < OPERATIONS; nth++) {
      const slot = random(slots);
      checked.before(slot, 1);
      zram.write(slot, pageOf(random(slots)));
      checked.after();
    }
  });
  Deno.bench("check everything", { group }, () => checkZram(zram));
}
