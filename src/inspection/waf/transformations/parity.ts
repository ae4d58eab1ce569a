// t:parityEven7bit, t:parityOdd7bit, t:parityZero7bit: the eighth bit of each byte as a parity bit of the seven others, or zero.
import { always, charClass, output, transformation } from './contract.ts';

function withParity(value: string, odd: number): string {
  const out = output(value.length);
  for (let i = 0; i < value.length; i++) {
    const seven = value.charCodeAt(i) & 127;
    let ones = 0;
    for (let bits = seven; bits > 0; bits >>= 1) ones += bits & 1;
    out[i] = (ones & 1) === odd ? seven : seven | 128;
  }
  return out.toString('latin1', 0, value.length);
}

export const parityEven7bit = transformation('parityEven7bit', always, (value) => withParity(value, 0));
export const parityOdd7bit = transformation('parityOdd7bit', always, (value) => withParity(value, 1));
export const parityZero7bit = transformation('parityZero7bit', charClass.high, (value) => {
  const out = output(value.length);
  for (let i = 0; i < value.length; i++) out[i] = value.charCodeAt(i) & 127;
  return out.toString('latin1', 0, value.length);
});
