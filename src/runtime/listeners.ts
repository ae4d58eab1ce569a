// The listening sockets of one worker: opens those that a plan wants and that are not open yet, and closes those that no
// listener has any more. A bind stays open as long as some listener has it, whatever the listener is called.
// Does not begin sessions: the worker is told of each connection.
import type { ListenerPlan, Plan } from '#session/plan.ts';
import { Acceptor } from './acceptor.ts';
import type { SocketLink } from './link.ts';
import type { ListenerReport } from './messages.ts';

export interface OpenListener {
  readonly key: string;
  readonly acceptor: Acceptor;
  /** Name of the listener that owns the bind in the present plan. */
  name: string;
}

/** Port 0 is another port each time. */
function bindKey(listener: string, bind: { host: string; port: number }): string {
  return bind.port === 0 ? `${listener} ${bind.host} 0` : `${bind.host} ${bind.port}`;
}

export interface ListenersOptions {
  /** A connection of the bind that the listener of this name owns; undefined: it has just been closed. */
  accepted(listener: string | undefined, link: SocketLink): void;
  failed(): void;
}

export class Listeners {
  readonly #open = new Map<string, OpenListener>();
  readonly #options: ListenersOptions;

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  /** Opens what is missing for the plan, into `opened`: they accept, but belong to nobody before `adopt`.
   *  @throws the listen error by rejection; `opened` has those that stand. */
  async openMissing(listeners: Iterable<ListenerPlan>, opened: OpenListener[]): Promise<void> {
    for (const listener of listeners) {
      for (const bind of listener.binds) {
        const key = bindKey(listener.name, bind);
        if (this.#open.has(key)) continue;
        const acceptor = new Acceptor({
          host: bind.host, port: bind.port, backlog: listener.backlog,
          accepted: (link) => { this.#options.accepted(this.#open.get(key)?.name, link); },
          failed: () => { this.#options.failed(); },
        });
        await acceptor.listen();
        opened.push({ key, acceptor, name: listener.name });
      }
    }
  }

  adopt(opened: readonly OpenListener[]): void {
    for (const open of opened) this.#open.set(open.key, open);
  }

  /** The plan is in force: what none of its listeners has is closed, what another one has now is that one's. */
  closeRemoved(plan: Plan): void {
    const owners = new Map<string, string>();
    for (const { name, binds } of plan.listeners.values()) for (const bind of binds) owners.set(bindKey(name, bind), name);
    for (const [key, open] of this.#open) {
      const owner = owners.get(key);
      if (owner === undefined) {
        open.acceptor.close();
        this.#open.delete(key);
      } else open.name = owner;
    }
  }

  /** Nobody is accepted any more. */
  close(): void {
    for (const { acceptor } of this.#open.values()) acceptor.close();
  }

  reports(plan: Plan): ListenerReport[] {
    return [...plan.listeners.values()].map(({ name, service, binds }) => ({
      name, service, protocol: plan.services.get(service)?.protocol ?? '',
      binds: binds.map((bind) => ({ host: bind.host, port: this.#open.get(bindKey(name, bind))?.acceptor.port ?? bind.port })),
    }));
  }
}
