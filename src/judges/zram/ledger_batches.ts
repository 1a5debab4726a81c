/** Writeback in batches in the ledger: since 6.19. */
import type { ZramLedger } from "./ledger.ts";
import {
  charge,
  foundBySize,
  readNew,
  type Waits,
  writeEach,
} from "./ledger_writeback.ts";

/** A page that was sent to a block, and whether the device took it. */
interface Sent {
  readonly page: number;
  readonly block: number;
  readonly isTaken: boolean;
}

/**
 * Pages are sent until as many are on their way as there are pages to hold
 * them; those are looked at then, the last one first. `waits` is called after
 * each was sent, and before each is looked at.
 */
export function writeInBatches(
  ledger: ZramLedger,
  text: string,
  waits: Waits,
): string | undefined {
  const most = Math.min(ledger.wbBatchSize, ledger.pages.length);
  let held = 0;
  while (held < most && ledger.memory.hold()) held++;
  const selected = held === 0 ? "ENOMEM" : readNew(ledger, text);
  const errno = typeof selected === "string"
    ? selected
    : sendAll(ledger, foundBySize(ledger, selected), held, waits);
  for (; held > 0; held--) ledger.memory.release();
  ledger.waiting.clear();
  return errno;
}

function sendAll(
  ledger: ZramLedger,
  found: readonly number[],
  held: number,
  waits: Waits,
): string | undefined {
  const { waiting } = ledger;
  found.forEach((page) => waiting.add(page));
  const sent: Sent[] = [];
  let failed: string | undefined;
  const send = (page: number, block: number) => {
    if (!waiting.has(page)) return "left";
    charge(ledger);
    sent.push({ page, block, isTaken: ledger.writeBlock(block) });
    waits();
    return "used";
  };
  const errno = writeEach(ledger, found, send, () => {
    if (sent.length === held) failed = lookAt(ledger, sent, waits) ?? failed;
  });
  return lookAt(ledger, sent, waits) ?? errno ?? failed;
}

/** Looks at what was sent; answers EIO where the device did not take a page. */
function lookAt(
  ledger: ZramLedger,
  sent: Sent[],
  waits: Waits,
): string | undefined {
  let errno: string | undefined;
  for (let one = sent.pop(); one !== undefined; one = sent.pop()) {
    waits();
    const { page, block, isTaken } = one;
    const isMarked = ledger.waiting.delete(page);
    if (isTaken && isMarked) {
      ledger.writeBack(page, block);
      continue;
    }
    ledger.blocks.give(block);
    if (isTaken) continue;
    errno = "EIO";
    refund(ledger);
  }
  return errno;
}

/** What a page that was not taken had cost is given back. */
function refund(ledger: ZramLedger): void {
  if (!ledger.wbLimitEnable) return;
  const units = BigInt(ledger.profile.pageSize / 4096);
  ledger.wbLimit = (ledger.wbLimit + units) % 2n ** 64n;
}
