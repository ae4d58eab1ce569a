// A bug in a gateway costs the session in which it strikes, and nothing else: a throw is put into each handler of the session
// machine and of its links, one at a time, at the first call.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Gateway, ServerLinkOwner, ServicePlan, SessionPort } from '#contract/gateway.ts';
import type { Link, LinkHandler } from '#contract/link.ts';
import type { GatewayUnderTest } from '../../harness/gateway.ts';
import { soon, type Scene } from '../scene.ts';
import type { Subject } from '../suite.ts';

const machineEvents = ['accept', 'started', 'woken', 'drain', 'describe'] as const;
const linkEvents = ['received', 'ended', 'drained', 'relayed', 'closed'] as const;
const places = [
  ...machineEvents.map((event) => `machine ${event}`), ...linkEvents.map((event) => `client ${event}`), ...linkEvents.map((event) => `server ${event}`),
  'server serverReady', 'server serverFailed',
];
/** Throws once, in the session that it was put into. */
class Fault {
  struck = false;
  readonly #place: string;
  readonly #given = new Map<Link, { handler: LinkHandler }>();

  constructor(place: string) { this.#place = place; }

  at(place: string): void {
    if (this.struck || place !== this.#place) return;
    this.struck = true;
    throw new Error(`put in by the compliance suite: ${place}`);
  }

  handler(side: string, handler: LinkHandler): LinkHandler {
    const guarded = handler as unknown as Record<string, (...given: unknown[]) => void>;
    const made: Record<string, unknown> = {};
    for (const event of [...linkEvents, 'secured']) {
      if (guarded[event] === undefined) continue;
      made[event] = (...given: unknown[]) => {
        this.at(`${side} ${event}`);
        guarded[event]!.apply(handler, given);
      };
    }
    return made as unknown as LinkHandler;
  }

  link(side: string, link: Link): void {
    const given = { handler: link.handler };
    this.#given.set(link, given);
    let wrapped = this.handler(side, given.handler);
    Object.defineProperty(link, 'handler', {
      configurable: true, get: () => wrapped,
      set: (handler: LinkHandler) => {
        if (handler === wrapped) return;
        given.handler = handler;
        wrapped = this.handler(side, handler);
      },
    });
  }

  /** The link is somebody else's from now on. */
  released(link: Link): void {
    const { handler } = this.#given.get(link) ?? link;
    Object.defineProperty(link, 'handler', { configurable: true, writable: true, enumerable: true, value: handler });
  }

  owner(owner: ServerLinkOwner): ServerLinkOwner {
    return {
      serverReady: (link, server, reused) => {
        this.link('server', link);
        this.at('server serverReady');
        owner.serverReady(link, server, reused);
      },
      serverFailed: (failure, server) => {
        this.at('server serverFailed');
        owner.serverFailed(failure, server);
      },
    };
  }

  machine(gateway: Gateway): void {
    const machine = gateway as unknown as Record<string, (...given: unknown[]) => unknown>;
    for (const event of ['started', 'woken', 'drain', 'describe']) {
      const real = machine[event]!.bind(gateway);
      machine[event] = (...given: unknown[]) => {
        this.at(`machine ${event}`);
        return real(...given);
      };
    }
  }
}

/** The next session of the service has the fault. */
function install(gateway: GatewayUnderTest, fault: Fault): void {
  // Of each service: another may take the session over.
  for (const service of gateway.worker.plan.services.values()) installIn(service, fault);
}

function installIn(service: ServicePlan, fault: Fault): void {
  const accept = service.accept.bind(service);
  service.accept = (port: SessionPort) => {
    service.accept = accept;
    fault.at('machine accept');
    fault.link('client', port.client);
    const openServer = port.openServer.bind(port);
    port.openServer = (request, owner) => openServer(request, fault.owner(owner));
    const releaseLink = port.releaseLink.bind(port);
    port.releaseLink = (link, ...given) => {
      fault.released(link);
      releaseLink(link, ...given);
    };
    const made = accept(port);
    fault.machine(made);
    return made;
  };
}

export function checkBugs({ driver, scene }: Subject): void {
  describe('a bug in one session costs that session only', () => {
    for (const place of places) {
      // What the session of this driver never comes to cannot be broken there; that it does not is checked as well.
      const reached = !driver.neverReached.includes(place);
      it(reached ? place : `${place}: never reached`, async () => {
        const fault = new Fault(place);
        await scene({}, async (one) => {
          const other = await one.visit().to(driver.steps.length);
          const otherId = await one.session();
          install(one.gateway, fault);
          await provoke(one, place, fault);
          assert.equal(fault.struck, reached);
          const [, record] = one.gateway.records.filter(({ kind }) => kind === 'session').map(({ session, outcome }) => [session, outcome] as const)
            .find(([session]) => session !== otherId) ?? [];
          if (reached) assert.equal(record, 'error', 'its session ended as an error');
          // The other one goes on as if nothing had happened.
          if (reached && place !== 'machine drain' && place !== 'machine woken') {
            assert.equal((await one.gateway.sessions()).some(({ id }) => id === otherId), true, 'the other session lives');
          }
          other.gone();
          await one.untilEmpty();
          if (place === 'machine drain') await one.configure({});
          const next = await one.visit().to(driver.steps.length);
          next.gone();
        }, reached ? 1 : 0);
      });
    }
  });

  /** A session that goes through all that the canonical one has, and ends in each way, until the fault has struck. */
  async function provoke(one: Scene, place: string, fault: Fault): Promise<void> {
    const { gateway } = one;
    const ofOthers = one.server.sockets().length;
    const visit = one.visit();
    const struck = async (): Promise<void> => { await soon('the bug is told', () => !fault.struck || gateway.bugs.length > 0); };
    if (place === 'server serverFailed') {
      // The server is gone before the session asks for it.
      for (const pool of gateway.worker.plan.pools.values()) {
        const pick = pool.pick.bind(pool);
        pool.pick = (...given) => {
          pool.pick = pick;
          void given;
          return undefined;
        };
      }
    }
    await visit.to(driver.steps.length).catch(() => { /* the bug has cut it */ });
    if (place === 'machine describe') await gateway.sessions();
    else if (place === 'machine woken') await one.untilEmpty();
    else if (place === 'machine drain') await one.configure({ listens: false });
    else if (place === 'server ended' || place === 'server closed') {
      // While it owes an answer.
      const before = one.server.received().length;
      visit.send(driver.unit.held);
      await soon('the server is asked', () => one.server.received().length > before);
      const own = one.server.sockets().slice(ofOthers);
      for (const socket of own.length > 0 ? own : one.server.sockets()) {
        if (place === 'server ended') socket.end();
        else socket.resetAndDestroy();
      }
      await soon('it has struck', () => fault.struck);
    }
    if (place === 'client closed') visit.client.abort();
    else visit.client.end();
    await soon('its session has ended', () => gateway.status().sessions <= 1);
    await struck();
    visit.gone();
    await gateway.flushed();
  }
}
