/** A client of a real cluster: the proxies of its sessions over sockets. */
import * as E from 'fp-ts/lib/Either.js';
import * as Proxy from '../../client/proxy.js';
import type { ProcessId } from '../../consensus/ballot.js';
import * as Node from '../../node.js';
import { DIGEST_KIND, G_ALL, join, recordsOf, replyAt, type Group, type Reply } from '../../record.js';
import type { Service } from '../../service/service.js';
import { clusterOf, type Config } from '../config.js';
import { PROTOCOL } from '../hello.js';
import type { Log } from '../log.js';
import { recordClient } from '../../trace/recorder.js';
import { steadyNow } from '../steady.js';
import { livesOf, openTraceFile, settingOf, type Tracing } from '../trace-files.js';
import { decode } from '../wire.js';
import { links } from './links.js';

/** How often proxies are told the time, ms. */
const TICK = 10;

export type Caller<C> = {
  /** Calls in one of the sessions, by its index. `call` is the caller's own name for it, unique in its session. */
  readonly call: (session: number, call: number, command: C | 'digest') => void;
  readonly close: () => Promise<void>;
};

export type Watcher = {
  readonly onAnswer: (session: number, call: number, reply: Reply) => void;
  /** An attempt failed its safety check; its resubmission is on the way. */
  readonly onFailed?: (session: number, call: number) => void;
  /** Every reply of every replica, the first as well as those that come after it. */
  readonly onReply?: (replica: ProcessId, reply: Reply) => void;
  /** Writes down what the proxies do, if what is executed is to be told, under the name of this client, which must be nobody else's. */
  readonly trace?: (Tracing & { readonly name: string }) | undefined;
  readonly log: Log;
};

/** Connects to every process of the cluster. Replies belong to sessions, whose numbers must be nobody else's. */
export const connect = <C, R>(config: Config, service: Service<C, R>, sessions: readonly number[], settings: Proxy.Settings, watcher: Watcher): Caller<C> => {
  const cluster = clusterOf(config);
  const { onAnswer, onFailed, onReply, log } = watcher;
  const indexOf = new Map(sessions.map((session, index) => [session, index]));
  const proxies = sessions.map((session) => Proxy.initial(session, settings));
  // What proxies do is no part of the protocol between processes, and there is too much of it to be told along.
  const trace = watcher.trace?.level === 'execution' ? startTrace(config, settings, watcher.trace) : undefined;

  const onFrame = (from: ProcessId, payload: Uint8Array): E.Either<string, unknown> => {
    const frame = decode(payload);
    if (E.isLeft(frame)) return frame;
    if (frame.right.type !== 'Replies') return E.left('a message, to a client');
    const { replies } = frame.right;
    for (const at of recordsOf(replies)) {
      const reply = replyAt(replies, at);
      const index = indexOf.get(reply.session);
      if (index === undefined) continue;
      onReply?.(from, reply);
      handle(index, { type: 'Reply', reply });
    }
    return E.right(undefined);
  };
  const peers = links(config, { type: 'Client', protocol: PROTOCOL, cluster: config.name, sessions }, log, onFrame);

  /** Commands of one tick to one acceptor for one group travel as one batch. */
  const batches = new Map<ProcessId, Map<Group, Uint8Array[]>>();
  const multicast = (group: Group, turn: number, record: Uint8Array): void => {
    if (batches.size === 0) setImmediate(submit);
    const to = Node.acceptorFor(cluster, group, turn);
    const byGroup = batches.get(to) ?? new Map<Group, Uint8Array[]>();
    batches.set(to, byGroup);
    const records = byGroup.get(group);
    if (records === undefined) byGroup.set(group, [record]);
    else records.push(record);
  };
  const submit = (): void => {
    for (const [to, byGroup] of batches)
      for (const [group, records] of byGroup)
        for (const batch of portions(records, config.ring.batchBytes)) peers.send(to, { type: 'Message', group, message: { type: 'Submit', commands: join(batch) } });
    batches.clear();
  };

  const handle = (index: number, event: Proxy.Event): void => {
    const proxy = proxies[index];
    if (proxy === undefined) return;
    const [next, effects] = Proxy.onEvent(proxy, event);
    proxies[index] = next;
    trace?.step(steadyNow(), event, effects, next);
    for (const effect of effects)
      switch (effect.type) {
        case 'Multicast':
          multicast(effect.group, effect.turn, effect.record);
          break;
        case 'Failed':
          onFailed?.(index, effect.call);
          break;
        case 'Answer':
          onAnswer(index, effect.call, effect.reply);
          break;
      }
  };
  const tick = (): void => proxies.forEach((_, index) => handle(index, { type: 'Tick', now: steadyNow() }));
  tick();
  const ticking = setInterval(tick, TICK);
  // Replicas reply on the connections that the client has to them.
  cluster.membership.learners.forEach((replica) => peers.open(replica));

  return {
    call: (index, call, command) =>
      handle(index, {
        type: 'Call',
        call:
          command === 'digest'
            ? { call, kind: DIGEST_KIND, payload: new Uint8Array(), group: G_ALL, fallback: G_ALL }
            : { call, kind: service.codec.kindOf(command), payload: service.codec.encode(command), ...Node.routeOf(cluster, service, command) },
      }),
    close: async () => {
      clearInterval(ticking);
      await peers.close();
      trace?.close();
    },
  };
};

/** How often what was traced is handed over at the latest, ms. */
const TRACE_BEHIND = 100;

/** The trace of a client, in a file of its own. */
const startTrace = (config: Config, settings: Proxy.Settings, { directory, level, name }: Tracing & { readonly name: string }) => {
  const origin = { process: name, life: livesOf(directory, name), thread: 0 };
  const file = openTraceFile(directory, origin);
  const flushing = setInterval(file.flush, TRACE_BEHIND);
  const { step, end } = recordClient(origin, settingOf(config, level), settings, file.write);
  return {
    step,
    close: (): void => {
      clearInterval(flushing);
      end();
      file.close();
    },
  };
};

/** The records in portions of about `bytes`: batches that a coordinator can fill its own with. */
function* portions(records: readonly Uint8Array[], bytes: number): Generator<readonly Uint8Array[]> {
  let portion: Uint8Array[] = [];
  let size = 0;
  for (const record of records) {
    if (size > 0 && size + record.length > bytes) {
      yield portion;
      portion = [];
      size = 0;
    }
    portion.push(record);
    size += record.length;
  }
  if (portion.length > 0) yield portion;
}
