/**
 * A whole cluster in virtual time, under faults: the same machines as over TCP, driven by an agenda instead of sockets,
 * disks and threads. Everything that happens follows from the seed.
 *
 * Messages are lost, doubled, late and out of order; processes crash and come back with what their disk had made durable;
 * worker threads take one command at a time, in any interleaving.
 */
import { byRing } from '../../../spec/consensus.js';
import type { ProcessId } from '../../consensus/ballot.js';
import { startClients } from './clients.js';
import { boot, type Host, type Kept } from './host.js';
import type { Recording } from './recording.js';
import type { Crash, World } from './setting.js';
import { nameOfProcess, stage } from './stage.js';

export type { Client, Crash, Faults, Machines, World } from './setting.js';

/** How long the world goes on when all clients have been answered and nothing is lost any more, ms. */
const SETTLE = 600;

/** A run with more events is given up: messages go round for ever. */
const MOST_EVENTS = 300_000;

export const simulate = <C, R>(world: World<C, R>): Recording<C> => {
  const { cluster, faults } = world;
  const { acceptors, learners } = cluster.membership;
  const shared = stage(world);
  const { clock, notes, tell } = shared;

  const hosts = new Map<ProcessId, Host>();
  const start = (id: ProcessId, life: number, found: readonly Kept[]): void => void hosts.set(id, boot(shared, id, life, found));

  const crash = ({ process, down }: Crash): void => {
    const host = hosts.get(process);
    if (host?.isUp() !== true) return;
    const name = nameOfProcess(world, process);
    tell(name, `crashes for ${Math.round(down)} ms`);
    const left = host.crash();
    clock.later(down, () => {
      tell(name, 'is back');
      start(process, host.life + 1, left);
    });
  };

  [...acceptors, ...learners].forEach((id) => start(id, 0, []));
  faults.crashes.forEach((one) => clock.at(one.at, () => crash(one)));
  const clients = startClients(shared);

  const isQuiet = (): boolean =>
    clients.areAnswered() && [...hosts.values()].every(({ isUp }) => isUp()) && faults.crashes.every(({ at }) => at < clock.now());
  let events = 0;
  let quietSince: number | null = null;
  while (events < MOST_EVENTS && clock.goOn(world.limit)) {
    events += 1;
    quietSince = isQuiet() ? (quietSince ?? clock.now()) : null;
    if (quietSince !== null && clock.now() > Math.max(quietSince, faults.until) + SETTLE) break;
  }

  const crews = isQuiet() ? [...hosts.values()].flatMap(({ crew }) => crew ?? []) : [];
  const standing = crews.map((crew) => crew.standing());
  const isCalm = faults.loss === 0 && faults.crashes.length === 0;
  const { votes, learned, deliveries, executions, dealings, accesses, history, sights } = notes;
  const submitted = byRing(notes.submitted);
  return {
    ended: clock.now(),
    isQuiet: isQuiet(),
    events,
    consensus: { acceptors: acceptors.length, submitted, votes, learned },
    multicast: { submitted, deliveries, standing, lag: isCalm ? 4 * cluster.skip.delta + 40 * faults.delay : null },
    replica: {
      executions,
      standing,
      unanswered: history.filter(({ answer }) => answer === null).map(({ session, call }) => `call ${call} of session ${session}`),
    },
    scheduler: { dealings },
    accesses,
    history: history.filter(({ called }) => called < Infinity),
    sights,
  };
};
