/** What is read of a device, held against what the ledger has of it. */
import { SECTOR, type ZramSteps } from "../../programs/zram/steps.ts";
import type { Rule } from "../../rules/invariant.ts";
import type { Reach } from "../../rules/reach.ts";
import { expectBytes, expectSame } from "../judge.ts";
import type { ZramLedger } from "./ledger.ts";

/** A page reads as it is held; as zeros where nothing is. */
export function expectPage(
  rule: Rule,
  ledger: ZramLedger,
  page: number,
  data: Uint8Array,
  reach: Reach,
): void {
  const held = ledger.contentsOf(page);
  expectBytes(rule, held ?? ledger.zeros, data);
  if (held !== undefined) reach.count(rule);
}

/** What a request in sectors reads, sector by sector. */
export function expectSectors(
  rule: Rule,
  ledger: ZramLedger,
  { sector, bytes }: Pick<ZramSteps["bio"], "sector" | "bytes">,
  data: Uint8Array,
  reach: Reach,
): void {
  const perPage = ledger.profile.pageSize / SECTOR;
  expectSame(rule, bytes, data.length);
  for (let at = 0; at < bytes; at += SECTOR) {
    const nth = sector + at / SECTOR;
    const held = ledger.contentsOf(Math.floor(nth / perPage)) ?? ledger.zeros;
    const from = nth % perPage * SECTOR;
    const length = Math.min(SECTOR, bytes - at);
    expectBytes(
      rule,
      held.subarray(from, from + length),
      data.subarray(at, at + length),
    );
  }
  reach.count(rule);
}
