/** Core dumps: the memory of a process that ended, or of one at a moment. */
import type { Segment } from "./segments.ts";

/** What the numbers of an ELF file's header mean here (elf.h). */
const [ELFCLASS32, ELFCLASS64, ELFDATA2LSB, ELFDATA2MSB] = [1, 2, 1, 2];
const [ET_CORE, PT_LOAD, PN_XNUM] = [4, 1, 0xffff];

/** Bytes of the longer of both headers. */
const HEADER_BYTES = 64;
/** Program headers that are read at a time. */
const AT_A_TIME = 1024;

/** Where the fields of 32 and of 64 bits are: of the file, a section, a segment. */
const LAYOUTS = {
  [ELFCLASS32]: {
    ...{ header: 52, phoff: 28, shoff: 32, phentsize: 42, phnum: 44 },
    ...{ shInfo: 28, segment: 32, offset: 4, filesz: 16 },
  },
  [ELFCLASS64]: {
    ...{ header: 64, phoff: 32, shoff: 40, phentsize: 54, phnum: 56 },
    ...{ shInfo: 44, segment: 56, offset: 8, filesz: 32 },
  },
};

/** How a core dump is to be read. */
interface Core {
  readonly layout: typeof LAYOUTS[1];
  readonly isLittle: boolean;
  readonly isLong: boolean;
  readonly header: DataView;
}

/**
 * What of memory an ELF core dump holds: the bytes of its PT_LOAD segments, in
 * their order, without headers and notes. Nothing where the file is no core
 * dump; throws where it is cut off before its last segment begins.
 */
export function* coreSegments(
  file: Deno.FsFile,
  size: number,
): Generator<Segment, void> {
  const core = coreOf(file);
  if (core === undefined) return;
  const { layout, isLittle } = core;
  const entry = core.header.getUint16(layout.phentsize, isLittle);
  if (entry < layout.segment) throw new Error("the core dump is damaged");
  const count = segmentCount(file, core);
  const first = address(core, core.header, layout.phoff);
  for (let nth = 0; nth < count; nth += AT_A_TIME) {
    const some = Math.min(AT_A_TIME, count - nth);
    const headers = bytesAt(file, first + nth * entry, some * entry);
    if (headers === undefined) throw new Error("the core dump is cut off");
    for (let at = 0; at < headers.byteLength; at += entry) {
      if (headers.getUint32(at, isLittle) !== PT_LOAD) continue;
      const offset = address(core, headers, at + layout.offset);
      const bytes = address(core, headers, at + layout.filesz);
      if (bytes === 0) continue;
      if (offset >= size) throw new Error("the core dump is cut off");
      yield { at: offset, bytes: Math.min(bytes, size - offset) };
    }
  }
}

/** Whether a file is a core dump. */
export function isCore(file: Deno.FsFile): boolean {
  return coreOf(file) !== undefined;
}

function coreOf(file: Deno.FsFile): Core | undefined {
  const header = bytesAt(file, 0, HEADER_BYTES);
  if (header === undefined || header.getUint32(0) !== 0x7f454c46) return;
  const [kind, order] = [header.getUint8(4), header.getUint8(5)];
  if (kind !== ELFCLASS32 && kind !== ELFCLASS64) return;
  if (order !== ELFDATA2LSB && order !== ELFDATA2MSB) return;
  const isLittle = order === ELFDATA2LSB;
  if (header.getUint16(16, isLittle) !== ET_CORE) return;
  const isLong = kind === ELFCLASS64;
  return { layout: LAYOUTS[kind], isLittle, isLong, header };
}

/** How many program headers: more than 16 bits hold are in section 0. */
function segmentCount(file: Deno.FsFile, core: Core): number {
  const { header, layout, isLittle } = core;
  const count = header.getUint16(layout.phnum, isLittle);
  if (count !== PN_XNUM) return count;
  const section = bytesAt(file, address(core, header, layout.shoff), 64);
  if (section === undefined) throw new Error("the core dump is cut off");
  return section.getUint32(layout.shInfo, isLittle);
}

/** An address or offset, of 32 or of 64 bits. */
function address(
  { isLittle, isLong }: Core,
  view: DataView,
  at: number,
): number {
  return isLong
    ? Number(view.getBigUint64(at, isLittle))
    : view.getUint32(at, isLittle);
}

/** Bytes of a file; nothing where it has not so many. */
function bytesAt(
  file: Deno.FsFile,
  at: number,
  length: number,
): DataView | undefined {
  const bytes = new Uint8Array(length);
  if (!Number.isSafeInteger(at)) return undefined;
  file.seekSync(at, Deno.SeekMode.Start);
  for (let filled = 0; filled < length;) {
    const read = file.readSync(bytes.subarray(filled));
    if (read === null) return undefined;
    filled += read;
  }
  return new DataView(bytes.buffer);
}
