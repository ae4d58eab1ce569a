// Seeded generator of FTP control connections, either side: well-formed ones from a small grammar, and mutations of those and
// of the corpus. The same seed gives the same inputs for ever.
import type { Random } from '../http1/generate.ts';
import type { Kind } from './properties.ts';

const verbs = ['USER', 'PASS', 'RETR', 'STOR', 'CWD', 'PORT', 'EPRT', 'PASV', 'EPSV', 'LIST', 'SITE', 'AUTH', 'NOOP', 'retr', 'XSHA512', 'ABOR', 'FEAT', 'OPTS'];
const words = [
  'a', 'file.txt', '../../etc/passwd', '/a//b/./c', '127,0,0,1,200,10', '|1|127.0.0.1|2000|', '|2|::1|2000|', 'UTF8 ON', 'Ünï',
  '\xc3\xbc', '\xff\xff', '"q"', '-la dir', '*', 'A B',
  '999,1,1,1,1,1', '!1!10.0.0.1!99999!', '\xc0\xaf', 'a\\b', '~', '...',
];
const codes = [110, 120, 150, 200, 211, 220, 226, 227, 229, 230, 257, 331, 421, 425, 500, 550];
const texts = ['ok', '', 'Entering Passive Mode (127,0,0,1,200,10)', 'x (|||2000|)', '"/a ""b"" c" is', '550 no', '227 (1,2,3,4,5,6)', 'SIZE', ' MLST type*;size*;',
  '\xff\xff', '220-x', '22'];
const splices = [
  '\r', '\n', '\r\n', '\0', '\r\0', ' ', '\t', '-', '\x7f', '\xff', '\xff\xff', '\xff\xf4', '\xff\xf2', '\xff\xfb\x01', '\xff\xfa\x18\x01\xff\xf0', '\xff\xfd', '\xf2', '\x1b[2J',
  '227 ', '550 ',
  '550-', '421 x\r\n', 'PORT 1,2,3,4,5,6\r\n', 'GET / HTTP/1.1\r\n', 'Host: x\r\n', '..', '//', '/', '%2e', ',', '|', '('.repeat(5), '9'.repeat(20), 'a'.repeat(210),
];

function command(random: Random): string {
  const verb = random.pick(verbs);
  return `${verb}${random.below(4) === 0 ? '' : ` ${random.pick(words)}${random.below(4) === 0 ? ` ${random.pick(words)}` : ''}`}\r\n`;
}

function reply(random: Random): string {
  const code = random.pick(codes);
  let text = '';
  const inner = random.below(3) === 0 ? 1 + random.below(5) : 0;
  for (let i = 0; i < inner; i++) text += i === 0 ? `${code}-${random.pick(texts)}\r\n` : `${random.below(3) === 0 ? ' ' : ''}${random.pick(texts)}\r\n`;
  return `${text}${code} ${random.pick(texts)}\r\n`;
}

export function generate(random: Random, kind: Kind): string {
  let text = '';
  for (let n = 1 + random.below(4); n > 0; n--) text += kind === 'commands' ? command(random) : reply(random);
  return text.replaceAll(/[^\0-\xff]/g, '?');
}

/** Zero to three small changes. */
export function mutate(random: Random, text: string): string {
  let result = text;
  for (let n = random.below(4); n > 0; n--) {
    const at = random.below(result.length + 1);
    switch (random.below(5)) {
      case 0: result = result.slice(0, at) + random.pick(splices) + result.slice(at); break;
      case 1: result = result.slice(0, at) + result.slice(at + 1 + random.below(3)); break;
      case 2: result = result.slice(0, at) + String.fromCharCode(random.below(256)) + result.slice(at + 1); break;
      case 3: {
        // Near a line end is where readers differ.
        const spot = result.indexOf('\r\n', at);
        if (spot >= 0) result = result.slice(0, spot + random.below(3)) + random.pick(splices) + result.slice(spot + random.below(3));
        break;
      }
      default: {
        const from = random.below(result.length + 1);
        result = result.slice(0, at) + result.slice(from, from + random.below(30)) + result.slice(at);
      }
    }
  }
  return result.slice(0, 2000);
}
