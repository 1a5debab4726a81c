/** Linux 7.1. */
import type { Release } from "../release.ts";
import { RELEASE_7_0 } from "./linux_7_0.ts";

/** Linux 7.1, after 7.0. */
export const RELEASE_7_1: Release = {
  ...RELEASE_7_0,
  name: "linux-7.1",
  pointRelease: "7.1.13",
  read: "source",
  zsmalloc: {
    ...RELEASE_7_0.zsmalloc,
    readSpan: "bytes-read",
    migrationOfMapped: "EBUSY",
  },
};
