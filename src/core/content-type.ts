// The type of a file by its first bytes ("magic"), and the type that its name declares. Coarse on purpose: families that a
// rule can speak of, not formats. Reads no further than `magicBytes`.

export const contentTypes = ['empty', 'text', 'markup', 'script', 'executable', 'archive', 'document', 'image', 'audio', 'video', 'other'] as const;
export type ContentType = typeof contentTypes[number];

/** So many first bytes are looked at: tar has its mark at 257. */
export const magicBytes = 512;

const marks: readonly (readonly [offset: number, bytes: string, type: ContentType])[] = [
  [0, '\x7fELF', 'executable'], [0, 'MZ', 'executable'], [0, '\xfe\xed\xfa\xce', 'executable'], [0, '\xfe\xed\xfa\xcf', 'executable'], [0, '\xcf\xfa\xed\xfe', 'executable'],
  [0, '\xce\xfa\xed\xfe', 'executable'], [0, '\xca\xfe\xba\xbe', 'executable'], [0, '\0asm', 'executable'], [0, '!<arch>\n', 'executable'], [0, 'L\0\0\0\x01\x14\x02\0',
    'executable'],
  [0, '#!', 'script'], [0, '<?php', 'script'],
  [0, 'PK\x03\x04', 'archive'], [0, 'PK\x05\x06', 'archive'], [0, '\x1f\x8b', 'archive'], [0, 'BZh', 'archive'], [0, '\xfd7zXZ\0', 'archive'], [0, '7z\xbc\xaf\x27\x1c', 'archive'],
  [0, 'Rar!\x1a\x07', 'archive'], [0, '\x28\xb5\x2f\xfd', 'archive'], [0, 'MSCF', 'archive'], [257, 'ustar', 'archive'], [0, '\xed\xab\xee\xdb', 'archive'],
  [0, '%PDF-', 'document'], [0, '{\\rtf', 'document'], [0, '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'document'], [0, '%!PS', 'document'],
  [0, '\x89PNG\r\n\x1a\n', 'image'], [0, '\xff\xd8\xff', 'image'], [0, 'GIF87a', 'image'], [0, 'GIF89a', 'image'], [0, 'II*\0', 'image'], [0, 'MM\0*', 'image'], [8, 'WEBP',
    'image'], [0, 'BM', 'image'],
  [0, 'ID3', 'audio'], [0, 'fLaC', 'audio'], [0, 'OggS', 'audio'], [8, 'WAVE', 'audio'], [0, '\xff\xfb', 'audio'],
  [4, 'ftyp', 'video'], [0, '\x1a\x45\xdf\xa3', 'video'], [8, 'AVI ', 'video'], [0, '\0\0\x01\xba', 'video'],
];

const byExtension: Readonly<Record<string, ContentType>> = {
  exe: 'executable', dll: 'executable', so: 'executable', msi: 'document', com: 'executable', scr: 'executable', elf: 'executable', wasm: 'executable', class: 'executable',
    deb: 'executable', lnk: 'executable',
  zip: 'archive', jar: 'archive', gz: 'archive', tgz: 'archive', bz2: 'archive', xz: 'archive', '7z': 'archive', rar: 'archive', tar: 'archive', zst: 'archive',
    cab: 'archive', rpm: 'archive', docx: 'archive',
  xlsx: 'archive', pptx: 'archive', odt: 'archive', ods: 'archive', apk: 'archive', epub: 'archive',
  pdf: 'document', rtf: 'document', doc: 'document', xls: 'document', ppt: 'document', ps: 'document', eps: 'document',
  png: 'image', jpg: 'image', jpeg: 'image', gif: 'image', tif: 'image', tiff: 'image', webp: 'image', bmp: 'image',
  mp3: 'audio', flac: 'audio', ogg: 'audio', oga: 'audio', wav: 'audio',
  mp4: 'video', m4v: 'video', mov: 'video', mkv: 'video', webm: 'video', avi: 'video', mpg: 'video', mpeg: 'video',
  html: 'markup', htm: 'markup', xml: 'markup', svg: 'markup', txt: 'text', csv: 'text', json: 'text', md: 'text', log: 'text',
};

/** `first` is the first `magicBytes` of the file, or all of it. */
export function typeOfBytes(first: Buffer): ContentType {
  if (first.length === 0) return 'empty';
  const text = first.toString('latin1');
  for (const [offset, bytes, type] of marks) if (text.startsWith(bytes, offset)) return type;
  const start = text.replace(/^\xef\xbb\xbf/, '').trimStart().slice(0, 16).toLowerCase();
  if (start.startsWith('<!doctype') || start.startsWith('<html') || start.startsWith('<?xml') || start.startsWith('<svg')) return 'markup';
  // Anything with a NUL or many controls is not text.
  let odd = 0;
  for (const byte of first) {
    if (byte === 0) return 'other';
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 12 && byte !== 27) odd++;
  }
  return odd * 10 > first.length ? 'other' : 'text';
}

/** What the name declares, or '' when it declares nothing that could be checked. */
export function typeOfName(path: string): ContentType | '' {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : byExtension[name.slice(dot + 1).toLowerCase()] ?? '';
}

/** Whether a file of this type may bear a name that declares that one. Scripts are text, and an empty file is anything. */
export function typesAgree(declared: ContentType | '', real: ContentType): boolean {
  if (declared === '' || declared === real || real === 'empty') return true;
  if (declared === 'text') return real === 'markup' || real === 'script';
  // Formats without a mark that we know (raw MPEG audio, old tar) look like nothing in particular.
  return real === 'other' && (declared === 'audio' || declared === 'video' || declared === 'archive' || declared === 'image');
}
