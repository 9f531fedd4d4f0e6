/** Mistakes about who is answered what: CL of sessions, and of the clients' proxies. */

import * as Proxy from '../../src/client/proxy.js';
import * as Node from '../../src/node.js';
import { commandAt, encodeCommand, floorAt, sequenceAt } from '../../src/record.js';
import { BEYOND, NEW } from '../../src/replica/sessions.js';
import { partitionOf } from '../../src/service/b-plus-tree/index.js';
import type { Tree } from '../../src/service/b-plus-tree/outline.js';
import { treeOf, type Change } from '../arbitraries/world.js';
import { having, sessions, together } from './change.js';
import { before, mutant, type Look, type Mutant } from './mutant.js';
import { ofProxy } from './proxies.js';
import { inCrowd, inRough, onFewKeys, WORLDS } from './worlds.js';

type OnEvent = typeof Proxy.onEvent;

/** A proxy alone first, then in worlds. */
const proxying = (onEvent: OnEvent): readonly Look[] => [ofProxy(onEvent), inRough(having({ onProxyEvent: onEvent }))];

/** Effects of a step, told otherwise. */
const saying =
  (rewrite: (effect: Proxy.Effect, event: Proxy.Event, before: Proxy.Proxy) => readonly Proxy.Effect[]): OnEvent =>
  (proxy, event) => {
    const [next, effects] = Proxy.onEvent(proxy, event);
    return [next, effects.flatMap((effect) => rewrite(effect, event, proxy))];
  };

/** Clients that have more to ask at once than their window lets in. */
const eager: Change = (world) => ({ ...world, clients: world.clients.map((client) => ({ ...client, outstanding: 30 })) });

export const failedToOwnGroup: OnEvent = saying((effect, event) => [
  effect.type === 'Multicast' && event.type === 'Reply' && event.reply.status === 'Failed' ? { ...effect, group: event.reply.position.group } : effect,
]);

const unbounded: OnEvent = (proxy, event) => {
  const [next, effects] = Proxy.onEvent({ ...proxy, settings: { ...proxy.settings, window: Infinity } }, event);
  return [{ ...next, settings: proxy.settings }, effects];
};

const resubmittingAgain: OnEvent = (proxy, event) => {
  const [next, effects] = Proxy.onEvent(proxy, event);
  if (event.type !== 'Tick') return [next, effects];
  const outstanding = next.outstanding.map((asked) =>
    asked.attempt > 0 && asked.sent === next.now ? { ...asked, attempt: asked.attempt + 1, record: asked.record.with(5, asked.attempt + 1) } : asked);
  return [{ ...next, outstanding }, effects];
};

/** What is lost is sent again as if it had just been called. */
const renumbering: OnEvent = (proxy, event) => {
  const [sent, effects] = Proxy.onEvent(proxy, event);
  if (event.type !== 'Tick') return [sent, effects];
  return effects.reduce<ReturnType<OnEvent>>(
    ([known, told], effect) => {
      const command = effect.type === 'Multicast' ? commandAt(effect.record, 0) : undefined;
      const asked = command === undefined ? undefined : known.outstanding.get(command.sequence);
      if (effect.type !== 'Multicast' || command === undefined || asked === undefined) return [known, [...told, effect]];
      const record = encodeCommand({ ...command, sequence: known.next });
      const outstanding = known.outstanding.delete(command.sequence).set(known.next, { ...asked, record });
      return [{ ...known, next: known.next + 1, outstanding }, [...told, { ...effect, record }]];
    },
    [sent, []],
  );
};

const takingAnyAttempt: OnEvent = (proxy, event) => {
  if (event.type !== 'Reply') return Proxy.onEvent(proxy, event);
  const attempt = proxy.outstanding.get(event.reply.sequence)?.attempt ?? event.reply.attempt;
  return Proxy.onEvent(proxy, { ...event, reply: { ...event.reply, attempt } });
};

const neverForgetting: OnEvent = (proxy, event) => {
  const [next, effects] = Proxy.onEvent(proxy, event);
  const answered = event.type === 'Reply' ? proxy.outstanding.get(event.reply.sequence) : undefined;
  return event.type === 'Reply' && answered !== undefined && !next.outstanding.has(event.reply.sequence)
    ? [{ ...next, outstanding: next.outstanding.set(event.reply.sequence, answered) }, effects]
    : [next, effects];
};

const lastCalledFirst: OnEvent = (proxy, event) => Proxy.onEvent(event.type === 'Reply' ? { ...proxy, waiting: proxy.waiting.reverse() } : proxy, event);

const lettingInLater: OnEvent = (proxy, event) => {
  if (event.type !== 'Reply') return Proxy.onEvent(proxy, event);
  const [next, effects] = Proxy.onEvent({ ...proxy, waiting: proxy.waiting.clear() }, event);
  return [{ ...next, waiting: proxy.waiting }, effects];
};

export const CLIENTS: readonly Mutant[] = [
  mutant('CL01', 'there is no session table', inCrowd(sessions(() => ({ recall: () => NEW })))),
  mutant('CL02', 'a replica comes back with the store of its former life, and without its session table', inRough(keepingStores)),
  mutant('CL03', 'a replica answers reads at once, without their being ordered', ...before([onFewKeys, inRough], readingAside)),
  mutant('CLa', 'a client has more outstanding than the replicas remember', ofProxy(unbounded), ...before(WORLDS, together(eager, having({ onProxyEvent: unbounded })))),
  mutant('CLb', 'a resubmission that is late is resubmitted under another number', ...proxying(resubmittingAgain)),
  mutant('CLc', 'a replica takes a full window for more than that', ...before(WORLDS, together(
    eager,
    sessions((real) => ({ recall: (table, batch, at) => (sequenceAt(batch, at) >= floorAt(batch, at) + 7 ? BEYOND : real.recall(table, batch, at)) })),
  ))),
  mutant('CLd', 'a client takes the answer to any attempt for that to its last', ...proxying(takingAnyAttempt)),
  mutant('CLe', 'a client gives a lost command another number', ...proxying(renumbering)),
  mutant('CLf', 'a client takes a second answer for another one', ...proxying(neverForgetting)),
  mutant('CLg', 'a client takes an answer for that to the call after', ofProxy(saying((effect) => [effect.type === 'Answer' ? { ...effect, call: effect.call + 1 } : effect]))),
  mutant('CLh', 'the call that came last is let in first', ...proxying(lastCalledFirst)),
  mutant('CLi', 'a call is let in only when another comes', ...proxying(lettingInLater)),
  mutant('CLj', 'what is lost is sent to the same acceptor again', ...proxying(saying((effect, event, { turns }) => [
    effect.type === 'Multicast' && event.type === 'Tick' ? { ...effect, turn: turns.get(effect.group, 0) } : effect,
  ]))),
  mutant('CLk', 'what is lost is not sent again', ...proxying((proxy, event) => (event.type === 'Tick' ? [{ ...proxy, now: event.now }, []] : Proxy.onEvent(proxy, event)))),
];

/** A world that knows the store of each replica as it is just now; `newStore` is what a replica that comes back begins with. */
const withStores = (
  world: Parameters<Change>[0],
  stores: Map<number, Tree>,
  newStore: (replica: number, fresh: () => Tree) => Tree = (_, fresh) => fresh(),
): ReturnType<Change> => {
  let starting = -1;
  const kept = (replica: number, store: Tree): Tree => {
    stores.set(replica, store);
    return {
      ...store,
      execute: (command) => {
        const [next, result] = store.execute(command);
        return [kept(replica, next), result];
      },
    };
  };
  return {
    ...world,
    machines: {
      ...world.machines,
      startProcess: (cluster, me, records) => {
        starting = me;
        return Node.startProcess(cluster, me, records);
      },
    },
    newStore: (observe) => kept(starting, newStore(starting, () => world.newStore(observe) as Tree)),
  };
};

/** Stores outlive crashes; what lies beside them in memory does not. */
function keepingStores(world: Parameters<Change>[0]): ReturnType<Change> {
  const stores = new Map<number, Tree>();
  return withStores(world, stores, (replica, fresh) => stores.get(replica) ?? fresh());
}

/** Each client has a replica of its own that answers, out of what it holds just then. */
function readingAside(world: Parameters<Change>[0]): ReturnType<Change> {
  const stores = new Map<number, Tree>();
  const { codec } = world.service;
  const onProxyEvent: OnEvent = (proxy, event) => {
    const command = event.type === 'Call' ? codec.decode(event.call.kind, event.call.payload) : 'no call';
    const store = [...stores.values()][proxy.session % stores.size];
    if (event.type !== 'Call' || typeof command === 'string' || command.type !== 'read' || store === undefined) return Proxy.onEvent(proxy, event);
    const [, result] = store.execute(command);
    const position = { group: partitionOf(treeOf(world.cluster).partitions, Number(command.key)), slot: 0, offset: 0 };
    const reply = { status: 'Executed', attempt: 0, session: proxy.session, sequence: 0, position, payload: codec.encodeResult(result) } as const;
    return [proxy, [{ type: 'Answer', call: event.call.call, reply }]];
  };
  return having({ onProxyEvent })(withStores(world, stores));
}
