// Writes small databases in MaxMind's format (mmdb 2.0, https://maxmind.github.io/MaxMind-DB/) for tests: IPv6 tree of 24 bits a
// record, IPv4 below ::/96. Nothing is deduplicated, no pointers.
import ipaddr from 'ipaddr.js';

export type Entry = string | number | { readonly [key: string]: Entry } | readonly Entry[];

function head(type: number, size: number): Buffer {
  const sizes = size < 29 ? [size, []] as const : size < 285 ? [29, [size - 29]] as const : [30, [(size - 285) >> 8, (size - 285) & 255]] as const;
  return type < 8 ? Buffer.from([(type << 5) | sizes[0], ...sizes[1]]) : Buffer.from([sizes[0], type - 7, ...sizes[1]]);
}

function encode(value: Entry): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'utf8');
    return Buffer.concat([head(2, bytes.length), bytes]);
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(Number.isInteger(value) && value >= 0 ? 4 : 8);
    if (bytes.length === 4) bytes.writeUInt32BE(value);
    else bytes.writeDoubleBE(value);
    return Buffer.concat([head(bytes.length === 4 ? 6 : 3, bytes.length), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([head(11, value.length), ...value.map(encode)]);
  const members = Object.entries(value);
  return Buffer.concat([head(7, members.length), ...members.flatMap(([key, member]) => [encode(key), encode(member)])]);
}

function bitsOf(network: string): number[] {
  const [address, length] = ipaddr.parseCIDR(network);
  const v4 = address.kind() === 'ipv4';
  const bytes = [...v4 ? Array.from({ length: 12 }, () => 0) : [], ...address.toByteArray()];
  return bytes.flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => (byte >> bit) & 1)).slice(0, length + (v4 ? 96 : 0));
}

/** A record: undefined for nothing known, another node, or where an entry begins. */
type Record_ = { node: number } | { data: number } | undefined;

export function mmdb(networks: Readonly<Record<string, Entry>>): Buffer {
  const nodes: [Record_, Record_][] = [[undefined, undefined]];
  const data: Buffer[] = [];
  let offset = 0;
  for (const [network, entry] of Object.entries(networks)) {
    const bits = bitsOf(network);
    let at = 0;
    bits.forEach((bit, index) => {
      if (index === bits.length - 1) {
        nodes[at]![bit] = { data: offset };
        return;
      }
      let next = nodes[at]![bit];
      if (next === undefined || !('node' in next)) {
        nodes.push([next, next]);
        next = nodes[at]![bit] = { node: nodes.length - 1 };
      }
      at = next.node;
    });
    const bytes = encode(entry);
    data.push(bytes);
    offset += bytes.length;
  }
  const tree = Buffer.alloc(nodes.length * 6);
  nodes.forEach((node, index) => {
    node.forEach((record, side) => {
      const value = record === undefined ? nodes.length : 'node' in record ? record.node : nodes.length + 16 + record.data;
      tree.writeUIntBE(value, index * 6 + side * 3, 3);
    });
  });
  const metadata = encode({ binary_format_major_version: 2, binary_format_minor_version: 0, build_epoch: 1_700_000_000, database_type: 'Test-City', description: { en: 'test' },
    ip_version: 6, languages: ['en'], node_count: nodes.length, record_size: 24 });
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from([0xab, 0xcd, 0xef]), Buffer.from('MaxMind.com'), metadata]);
}
