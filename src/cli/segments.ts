/** Parts of a file that pages are taken from, one behind the other. */

/** Bytes of a file, of which the first begins a page. */
export interface Segment {
  /** Where they begin. */
  readonly at: number;
  /** How many they are: the last page is padded with zeros. */
  readonly bytes: number;
}
