// A running gateway as the command line starts it: control plane and admin API, the signals that steer it, and its end.
// `run` and `quickstart` share it. Prints nothing but what it is asked to through `say`.
import { createServer } from 'node:net';
import { availableParallelism } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Configuration, LoadResult } from '#control/configuration/index.ts';
import { isRecord, mergeSources } from '#control/configuration/merge.ts';
import { ControlPlane, type Notice } from '#control/control-plane.ts';
import { AdminApi } from '#control/api/server.ts';
import { checkSocketFree, socketPathOf } from '#control/api/socket-file.ts';
import { StateDirectoryError } from '#control/state-directory.ts';
import { formatBind } from '#runtime/settings.ts';
import { gateways, productName } from '../standard.ts';
import { CommandFailure } from './exit-codes.ts';
import { giveHeapRoom } from './heap-room.ts';
import { productVersion } from './version.ts';

/** One Ctrl-C may come twice: from the terminal, and passed on by npm. */
const sameSignalMs = 500;

export interface GatewayProcessOptions {
  readonly load: LoadResult & { configuration: Configuration };
  readonly paths: readonly string[];
  readonly workers?: number | undefined;
  readonly stateDirectory?: string | undefined;
  notice(notice: Notice): void;
  /** What to do about the port of a listener that is taken. */
  readonly portHint?: ((listener: string) => string) | undefined;
}

export class GatewayProcess {
  readonly plane: ControlPlane;
  readonly api: AdminApi;
  readonly #stopListeners: (() => void)[] = [];

  private constructor(plane: ControlPlane, api: AdminApi) {
    this.plane = plane;
    this.api = api;
  }

  /** @throws CommandFailure with what to do when it cannot start. */
  static async start(options: GatewayProcessOptions): Promise<GatewayProcess> {
    const { configuration, baseDirectory } = options.load;
    const directory = options.stateDirectory ?? configuration.runtime.stateDirectory;
    const state = isAbsolute(directory) ? directory : join(baseDirectory, directory);
    try {
      // Ports are shared between workers (SO_REUSEPORT), so the system would let a second gateway share them as well.
      await checkSocketFree(socketPathOf(configuration.admin, state));
      await checkPortsFree(configuration, options.portHint ?? (() => 'stop what has it, or choose another port for the listener'));
      const plane = await ControlPlane.start({
        load: options.load, paths: options.paths, manifests: gateways, product: productName, version: productVersion(),
        workerEntry: fileURLToPath(new URL('worker-process.ts', import.meta.url)),
        preparationEntry: fileURLToPath(new URL('preparation-thread.ts', import.meta.url)), processors: availableParallelism(),
        workers: options.workers, stateDirectory: state, notice: options.notice,
      });
      try {
        const started = new GatewayProcess(plane, await AdminApi.start(plane));
        giveHeapRoom();
        return started;
      } catch (error) {
        await plane.stop(0);
        throw error;
      }
    } catch (error) {
      if (error instanceof CommandFailure) throw error;
      if (error instanceof StateDirectoryError) throw new CommandFailure(`${stateSetting(options)}${error.message}`, error.hint);
      throw new CommandFailure(`the gateway cannot start: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Called once, when the gateway begins to stop. */
  onStop(listener: () => void): void { this.#stopListeners.push(listener); }

  /**
   * Until a signal ends it. SIGTERM and SIGINT drain and stop; a second one ends at once. SIGHUP reloads.
   * Gives the exit code.
   */
  async runUntilSignal(say: (text: string) => void): Promise<number> {
    return await new Promise<number>((resolve) => {
      let stoppingMs = 0;
      const stop = (signal: NodeJS.Signals): void => {
        if (stoppingMs > 0) {
          if (performance.now() - stoppingMs < sameSignalMs) return;
          say(`${signal} again: ending at once`);
          for (const pid of this.plane.supervisor.pids) tryKill(pid);
          process.exit(signal === 'SIGINT' ? 130 : 143);
        }
        stoppingMs = performance.now();
        for (const listener of this.#stopListeners) listener();
        const seconds = this.plane.transactions.active!.configuration.runtime.drainTimeout / 1000;
        say(`${signal}: draining, at most ${seconds} s (once more ends at once)`);
        void this.stop().then(() => {
          say('stopped');
          resolve(0);
        }, (error: unknown) => {
          say(`stopping failed: ${String(error)}`);
          resolve(1);
        });
      };
      process.on('SIGTERM', stop);
      process.on('SIGINT', stop);
      process.on('SIGHUP', () => { void this.reload('signal SIGHUP', say); });
    });
  }

  /** Reads the files again and says how it went. */
  async reload(reason: string, say: (text: string) => void): Promise<void> {
    const result = await this.plane.reload('sallyport', reason);
    if (result.ok) {
      // What has changed is a notice, whoever changed it.
      if (!result.changed) say(`${reason}: nothing has changed`);
      return;
    }
    say(`${reason}: ${result.message}`);
    if (result.reason !== 'invalid') return;
    const { printProblems } = await import('#control/configuration/index.ts');
    say(printProblems({ problems: result.problems, sources: [] }, { colours: false }).trimEnd());
  }

  async stop(): Promise<void> {
    // The API stays open while sessions drain: status and sessions can be watched.
    const drainTimeoutMs = this.plane.transactions.active?.configuration.runtime.drainTimeout;
    await this.plane.stop(drainTimeoutMs);
    await this.api.close();
  }
}

/** Where the state directory was asked for. */
function stateSetting({ load, stateDirectory }: GatewayProcessOptions): string {
  const { runtime } = load.document;
  if (stateDirectory !== undefined || !isRecord(runtime) || !('stateDirectory' in runtime)) return '';
  const { file, line, column } = mergeSources(load.sources).locate(['runtime', 'stateDirectory']);
  return file === '' ? '' : `${file}:${line}:${column}: `;
}

function tryKill(pid: number): void {
  if (pid === process.pid) return;
  try { process.kill(pid, 'SIGKILL'); } catch { /* it ended by itself */ }
}

async function checkPortsFree(configuration: Configuration, hint: (listener: string) => string): Promise<void> {
  for (const [name, listener] of Object.entries(configuration.listeners)) {
    for (const bind of listener.bind) {
      if (bind.port === 0) continue;
      const error = await tryListen(bind.host, bind.port);
      if (error !== undefined) throw portFailure(name, formatBind(bind), error, hint(name));
    }
  }
}

function tryListen(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => { resolve(error); });
    server.listen({ host, port, exclusive: true }, () => { server.close(() => { resolve(undefined); }); });
  });
}

function portFailure(listener: string, bind: string, error: NodeJS.ErrnoException, hint: string): CommandFailure {
  switch (error.code) {
    case 'EADDRINUSE': return new CommandFailure(`listener ${listener}: ${bind} is in use by another program`, hint);
    case 'EACCES': return new CommandFailure(`listener ${listener}: no permission to open ${bind}`,
      'ports below 1024 need root (and runtime.user, to work without it afterwards), or CAP_NET_BIND_SERVICE');
    case 'EADDRNOTAVAIL': return new CommandFailure(`listener ${listener}: this machine has no address ${bind.replace(/:\d+$/, '')}`, 'see its addresses with: ip address');
    default: return new CommandFailure(`listener ${listener}: ${bind} cannot be opened: ${error.message}`);
  }
}
