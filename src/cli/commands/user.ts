// `sallyport user hash`: turns a password into what `users` in the configuration holds. The password is typed without echo
// on a terminal, or is the first line of standard input; it is never an argument, where other users could see it.
import { hashPassword } from '#runtime/users.ts';
import { CommandFailure, exitCodes } from '../exit-codes.ts';
import { printJson, type Output } from '../output.ts';

const maxPasswordBytes = 1024;

export async function userHash(out: Output): Promise<number> {
  const password = process.stdin.isTTY ? await askTwice() : await firstLine();
  if (password === '') throw new CommandFailure('the password is empty', '', exitCodes.usage);
  if (Buffer.byteLength(password) > maxPasswordBytes) throw new CommandFailure(`the password is longer than ${maxPasswordBytes} bytes`, '', exitCodes.usage);
  const hash = hashPassword(password);
  if (out.json) printJson(out, { hash });
  else out.write(`${hash}\n`);
  return exitCodes.ok;
}

async function firstLine(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8') as AsyncIterable<string>) {
    text += chunk;
    if (text.includes('\n') || text.length > maxPasswordBytes * 4) break;
  }
  return text.split('\n', 1)[0]!.replace(/\r$/, '');
}

async function askTwice(): Promise<string> {
  const password = await ask('Password: ');
  if (await ask('Again: ') !== password) throw new CommandFailure('the two passwords differ');
  return password;
}

/** Standard error has the prompt, so that standard output has nothing but the hash. */
async function ask(prompt: string): Promise<string> {
  const { stdin } = process;
  process.stderr.write(prompt);
  stdin.setRawMode(true).resume();
  let typed = '';
  try {
    return await new Promise<string>((resolve, reject) => {
      const onText = (bytes: Buffer): void => {
        for (const key of bytes.toString('utf8')) {
          if (key === '\r' || key === '\n') {
            stdin.off('data', onText);
            resolve(typed);
            return;
          }
          if (key === '\u0003' || key === '\u0004') {
            stdin.off('data', onText);
            reject(new CommandFailure('given up'));
            return;
          }
          if (key === '\u007f' || key === '\b') typed = [...typed].slice(0, -1).join('');
          else if (key === '\u0015') typed = '';
          else if (key >= ' ') typed += key;
        }
      };
      stdin.on('data', onText);
    });
  } finally {
    stdin.setRawMode(false).pause();
    process.stderr.write('\n');
  }
}
