/** Mistakes about who is answered what: CL of sessions, and of the clients' proxies. */

import * as Proxy from '../../src/client/proxy.js';
import * as Node from '../../src/node.js';
import { commandAt, encodeCommand, encodeReply, floorAt, groupAt, join, newSheet, nextRecord, recordsOf, sequenceAt, statusAt } from '../../src/record.js';
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

export const failedToOwnGroup: OnEvent = saying((effect, event) => {
  if (effect.type !== 'Multicast' || event.type !== 'Replies') return [effect];
  const failed = [...recordsOf(event.replies)].filter((at) => statusAt(event.replies, at) === 'Failed');
  return [...recordsOf(effect.records)].map((at) => {
    const own = failed.find((reply) => sequenceAt(event.replies, reply) === sequenceAt(effect.records, at));
    return { ...effect, group: own === undefined ? effect.group : groupAt(event.replies, own), records: effect.records.slice(at, nextRecord(effect.records, at)) };
  });
});

const unbounded: OnEvent = (proxy, event) => {
  const [next, effects] = Proxy.onEvent({ ...proxy, settings: { ...proxy.settings, window: Infinity } }, event);
  return [{ ...next, settings: proxy.settings }, effects];
};

const resubmittingAgain: OnEvent = (proxy, event) => {
  const [next, effects] = Proxy.onEvent(proxy, event);
  if (event.type !== 'Tick') return [next, effects];
  let { outstanding } = next;
  for (let sequence = next.floor; sequence < next.next; sequence += 1) {
    if (outstanding.attemptOf(sequence) < 1 || outstanding.sentOf(sequence) !== next.now) continue;
    const record = recordIn(next, sequence);
    outstanding = putBack(next, sequence, sequence, record.with(5, record[5]! + 1));
  }
  return [{ ...next, outstanding }, effects];
};

/** What is lost is sent again as if it had just been called. */
const renumbering: OnEvent = (proxy, event) => {
  const [sent, effects] = Proxy.onEvent(proxy, event);
  if (event.type !== 'Tick') return [sent, effects];
  return effects.reduce<ReturnType<OnEvent>>(
    ([known, told], effect) => {
      if (effect.type !== 'Multicast') return [known, [...told, effect]];
      let renumbered = known;
      const records = [...recordsOf(effect.records)].map((at) => {
        const command = commandAt(effect.records, at);
        const record = encodeCommand({ ...command, sequence: renumbered.next });
        const outstanding = putBack(renumbered, command.sequence, renumbered.next, record).settle(command.sequence);
        renumbered = { ...renumbered, next: renumbered.next + 1, outstanding };
        return record;
      });
      return [renumbered, [...told, { ...effect, records: join(records) }]];
    },
    [sent, []],
  );
};

const recordIn = ({ outstanding }: Proxy.Proxy, sequence: number): Uint8Array => {
  const sheet = newSheet(0);
  outstanding.write(sequence, sheet);
  return sheet.bytes.slice(0, sheet.length);
};

/** What is outstanding, with all that is known of one number put under another. */
const putBack = ({ outstanding, now }: Proxy.Proxy, from: number, to: number, record: Uint8Array): Proxy.Proxy['outstanding'] =>
  outstanding.put(to, outstanding.callOf(from), outstanding.groupOf(from), outstanding.fallbackOf(from), now, record, 0);

const takingAnyAttempt: OnEvent = (proxy, event) => {
  if (event.type !== 'Replies') return Proxy.onEvent(proxy, event);
  const replies = event.replies.slice();
  for (const at of recordsOf(replies)) replies[at + 5] = Math.max(0, proxy.outstanding.attemptOf(sequenceAt(replies, at)));
  return Proxy.onEvent(proxy, { ...event, replies });
};

const neverForgetting: OnEvent = (proxy, event) => {
  const [next, effects] = Proxy.onEvent(proxy, event);
  if (event.type !== 'Replies') return [next, effects];
  const answered = [...recordsOf(event.replies)].map((at) => sequenceAt(event.replies, at)).filter((sequence) => proxy.outstanding.attemptOf(sequence) >= 0 && next.outstanding.attemptOf(sequence) < 0);
  const asked = (sequence: number) =>
    [sequence, proxy.outstanding.callOf(sequence), proxy.outstanding.groupOf(sequence), proxy.outstanding.fallbackOf(sequence), proxy.now, recordIn(proxy, sequence), 0] as const;
  return [{ ...next, outstanding: answered.reduce((outstanding, sequence) => outstanding.put(...asked(sequence)), next.outstanding) }, effects];
};

const lastCalledFirst: OnEvent = (proxy, event) => Proxy.onEvent(event.type === 'Replies' ? { ...proxy, waiting: proxy.waiting.reverse() } : proxy, event);

const lettingInLater: OnEvent = (proxy, event) => {
  if (event.type !== 'Replies') return Proxy.onEvent(proxy, event);
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
  mutant('CLg', 'a client takes an answer for that to the call after', ofProxy(saying((effect) => [effect.type === 'Answers' ? { ...effect, calls: effect.calls.map((call) => call + 1) } : effect]))),
  mutant('CLh', 'the call that came last is let in first', ...proxying(lastCalledFirst)),
  mutant('CLi', 'a call is let in only when another comes', ...proxying(lettingInLater)),
  mutant('CLj', 'what is lost is sent to the same acceptor again', ...proxying(saying((effect, event, { turns }) => [
    effect.type === 'Multicast' && event.type === 'Tick' ? { ...effect, turn: turns.get(effect.group, 0) } : effect,
  ]))),
  mutant('CLk', 'what is lost is not sent again', ...proxying((proxy, event) => (event.type === 'Tick' ? [{ ...proxy, now: event.now }, []] : Proxy.onEvent(proxy, event)))),
  mutant('CLl', 'what is sent once more looks as if it were the first time', ofProxy(saying((effect) => [effect.type === 'Multicast' ? { ...effect, records: asIfFirst(effect.records) } : effect]))),
  mutant('CLm', 'a client that misses an answer is in no doubt', ofProxy((proxy, event) => {
    const [next, effects] = Proxy.onEvent(proxy, event);
    return [{ ...next, doubt: proxy.doubt }, effects];
  })),
];

const asIfFirst = (records: Uint8Array): Uint8Array => join([...recordsOf(records)].map((at) => encodeCommand({ ...commandAt(records, at), isAgain: false })));

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
    if (event.type !== 'Calls') return Proxy.onEvent(proxy, event);
    const { kind, payload } = commandAt(event.calls.commands, 0); // clients of a world call one at a time
    const command = codec.decode(kind, payload);
    const store = [...stores.values()][proxy.session % stores.size];
    if (typeof command === 'string' || command.type !== 'read' || store === undefined) return Proxy.onEvent(proxy, event);
    const [, result] = store.execute(command);
    const position = { group: partitionOf(treeOf(world.cluster).partitions, Number(command.key)), slot: 0, offset: 0 };
    const replies = encodeReply({ status: 'Executed', attempt: 0, session: proxy.session, sequence: 0, position, payload: codec.encodeResult(result) });
    return [proxy, [{ type: 'Answers', calls: [event.calls.first], places: [0], replies }]];
  };
  return having({ onProxyEvent })(withStores(world, stores));
}
