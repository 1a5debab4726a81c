/** Simpler steps for those of a program for a device. */
import { simplerBytes } from "../bytes.ts";
import { SECTOR, type ZramCreate, type ZramStep } from "./steps.ts";

/** Simpler steps that could take the place of one, the simplest first. */
export function simplerZramSteps(one: ZramStep): readonly ZramStep[] {
  switch (one.op) {
    case "create":
      return simplerCreates(one).map((fields) => ({ op: "create", ...fields }));
    case "write":
    case "writeback_under":
      return [
        ...simplerBytes(one.data).map((data) => ({ ...one, data })),
        ...simplerPage(one.page).map((page) => ({ ...one, page })),
      ];
    case "read":
    case "slot_free_notify":
      return simplerPage(one.page).map((page) => ({ ...one, page }));
    case "discard":
      return one.pages > 1 ? [{ ...one, pages: 1 }] : [];
    case "bio":
      return simplerBios(one);
    case "wait":
      return one.seconds > 1 ? [{ ...one, seconds: 1 }] : [];
    default:
      return [];
  }
}

function simplerPage(page: number): readonly number[] {
  return page === 0 ? [] : [0];
}

/** A device with nothing special, or with one thing less. */
function simplerCreates(
  { op: _op, ...fields }: ZramCreate & { readonly op: "create" },
): readonly ZramCreate[] {
  const names = Object.keys(fields);
  if (names.length === 0) return [];
  const without = (name: string) =>
    Object.fromEntries(
      Object.entries(fields).filter(([other]) => other !== name),
    );
  return names.length === 1 ? [{}] : [{}, ...names.map(without)];
}

function simplerBios(
  bio: Extract<ZramStep, { readonly op: "bio" }>,
): readonly ZramStep[] {
  const block = 8 * SECTOR;
  return [
    ...(bio.bytes > block ? [{ ...bio, bytes: block }] : []),
    ...(bio.data === undefined
      ? []
      : simplerBytes(bio.data).map((data) => ({ ...bio, data }))),
  ];
}
