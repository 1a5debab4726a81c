/** The letter that an object is full of. */
export function fullOf(bytes: Uint8Array): string {
  const [first] = bytes;
  for (let at = 1; at < bytes.length; at++) {
    if (bytes[at] !== first) return `${first} and ${bytes[at]}`;
  }
  return first === 0 ? "nothing" : String.fromCharCode(first);
}
