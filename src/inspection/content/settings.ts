// Settings of a content inspector: what files may be, and how they are looked at. When an inspector applies is said with the
// conditions of rules (session/inspectors.ts).
import { z } from 'zod';
import { contentTypes } from '#core/content-type.ts';
import { byteSize } from '#core/settings/primitives.ts';

const typeName = z.enum(contentTypes);
export const sha256Pattern = /^[0-9a-f]{64}$/;

export const contentInspectorShape = {
  mode: z.enum(['hold', 'kill']).default('hold')
    .describe('`hold`: nothing passes until the whole file was seen; then all of it. `kill`: bytes pass while they are looked at, and what is found cuts the transfer with a '
      + 'reset on both sides: the other side has a part of the file, which cannot be taken for the whole.'),
  maxHeldBytes: byteSize().prefault('16MiB').describe('For `mode: hold`: largest file that is kept in memory. A larger one is refused.').meta({ limit: true }),
  action: z.enum(['block', 'alert']).default('block').describe('`block`: what is found is not transferred. `alert`: it is transferred, and the record says what was found.'),
  denyTypes: z.array(typeName).max(contentTypes.length).default([])
    .describe('Types of files that are found, judged by their first bytes and not by their name.').meta({ examples: [['executable', 'script']] }),
  allowTypes: z.array(typeName).min(1).max(contentTypes.length).optional().describe('The only types of files that are not found. An empty file is of every type.'),
  mismatch: z.enum(['allow', 'deny']).default('allow').describe('`deny` finds files whose first bytes are of another type than their name says (a program named `photo.jpg`).'),
  minBytes: byteSize().optional().describe('Smaller files are found.'),
  maxBytes: byteSize().optional().describe('Larger files are found: announced ones at once, others when they have grown so large.').meta({ limit: true }),
  denySha256: z.array(z.string().regex(sha256Pattern, 'wanted 64 hexadecimal digits in lower case')).max(10_000).default([])
    .describe('SHA-256 sums of files that are found. Known only at the end of a file: with `mode: kill` all but the last bytes have passed by then.'),
  denySha256Files: z.array(z.string().min(1).max(1024)).max(100).default([])
    .describe('Files with further sums, one a line as `sha256sum` writes them; `#` begins a comment. Read when the configuration is applied.'),
};

export const contentInspectorSettings = z.strictObject(contentInspectorShape);
export type ContentInspectorSettings = z.output<typeof contentInspectorSettings>;
