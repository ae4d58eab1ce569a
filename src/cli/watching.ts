// Commands that go on until Ctrl-C: they end quietly and with success. Knows nothing of what they show.
import { exitCodes } from './exit-codes.ts';

/** Runs until it ends by itself or a signal comes. `pause` ends early then. */
export async function untilSignal(
  task: (signal: AbortSignal, pause: (ms: number) => Promise<void>) => Promise<void>, begin: () => void = () => { /* nothing to prepare */ },
): Promise<number> {
  const controller = new AbortController();
  const { signal } = controller;
  const stop = (): void => { controller.abort(); };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const pause = (ms: number): Promise<void> => new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
  try {
    begin();
    await task(signal, pause);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
  return exitCodes.ok;
}
