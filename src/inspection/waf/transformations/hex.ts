// t:hexEncode, t:hexDecode, t:sqlHexDecode (0x... literals of SQL).
import { always, charClass, hexValue, output, transformation } from './contract.ts';

export const hexEncode = transformation('hexEncode', always, (value) => Buffer.from(value, 'latin1').toString('hex'));

export const hexDecode = transformation('hexDecode', always, (value) => {
  const out = output(value.length);
  let o = 0;
  for (let i = 0; i + 1 < value.length; i += 2) {
    const high = hexValue(value.charCodeAt(i));
    const low = hexValue(value.charCodeAt(i + 1));
    out[o++] = ((high < 0 ? 0 : high) * 16 + (low < 0 ? 0 : low)) & 255;
  }
  return out.toString('latin1', 0, o);
});

export const sqlHexDecode = transformation('sqlHexDecode', charClass.digit, (value) => {
  if (!/0x[\da-f]{2}/i.test(value)) return value;
  return value.replaceAll(/0x((?:[\da-f]{2})+)/gi, (_, hex: string) => Buffer.from(hex, 'hex').toString('latin1'));
});
