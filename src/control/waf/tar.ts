// Reads a tar archive (ustar with pax and GNU long names, POSIX.1-1988) into memory: regular files only. Paths that lead
// outside, links and devices are refused or left out. Writes nothing.

const blockBytes = 512;
const maxFiles = 20_000;

function textOf(block: Buffer, start: number, length: number): string {
  const end = block.indexOf(0, start);
  return block.toString('utf8', start, end < 0 || end > start + length ? start + length : end);
}

/** The sum of all bytes, the field itself counted as spaces. */
function hasSum(header: Buffer): boolean {
  let sum = 0;
  for (let at = 0; at < blockBytes; at++) sum += at >= 148 && at < 156 ? 32 : header[at]!;
  return sum === Number.parseInt(textOf(header, 148, 8).trim(), 8);
}

/** @throws Error when the archive is broken, a path leads outside, or one that is `wanted` is a link or a device. */
export function unpackTar(archive: Buffer, wanted: (path: string) => boolean = () => false): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  let longName = '';
  for (let at = 0; at + blockBytes <= archive.length;) {
    const header = archive.subarray(at, at + blockBytes);
    if (header.every((byte) => byte === 0)) break;
    const size = Number.parseInt(textOf(header, 124, 12).trim() || '0', 8);
    if (!Number.isInteger(size) || size < 0 || at + blockBytes + size > archive.length) throw new Error('the archive is cut off or broken');
    if (!hasSum(header)) throw new Error('the archive is broken: a header has a wrong checksum');
    const content = archive.subarray(at + blockBytes, at + blockBytes + size);
    const type = String.fromCharCode(header[156]!);
    const prefix = textOf(header, 257, 5) === 'ustar' ? textOf(header, 345, 155) : '';
    const name = longName || (prefix === '' ? textOf(header, 0, 100) : `${prefix}/${textOf(header, 0, 100)}`);
    longName = '';
    if (type === 'L') longName = content.toString('utf8').replace(/\0+$/, '');
    else if (type === 'x') longName = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(content.toString('utf8'))?.[1] ?? '';
    else if (type === '0' || type === '\0') {
      if (name.startsWith('/') || name.split('/').includes('..') || name.includes('\0')) throw new Error(`the archive holds ${JSON.stringify(name)}, which leads outside`);
      if (files.size >= maxFiles) throw new Error(`the archive holds more than ${maxFiles} files`);
      files.set(name, content);
    } else if (type !== '5' && type !== 'g' && wanted(name)) throw new Error(`the archive holds ${JSON.stringify(name)}, which is no file`);
    at += blockBytes + Math.ceil(size / blockBytes) * blockBytes;
  }
  return files;
}
