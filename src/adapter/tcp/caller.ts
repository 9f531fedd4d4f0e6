/** A client of a real cluster: the proxies of its sessions over sockets. */
import * as E from 'fp-ts/lib/Either.js';
import { outstandingInPlace } from '../../client/outstanding.js';
import * as Proxy from '../../client/proxy.js';
import type { ProcessId } from '../../consensus/ballot.js';
import * as Node from '../../node.js';
import { DIGEST_KIND, encodeCall, G_ALL, join, nextRecord, replyAt, sessionAt, type Group, type Reply } from '../../record.js';
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

/** Sessions of a client, each by its index. */
export type Sessions = {
  /** How many commands a session may call before one must wait for an answer to another. */
  readonly room: (session: number) => number;
  readonly call: (session: number, calls: Proxy.Calls) => void;
  /** Frames and bytes that went to the cluster and came from it so far. */
  readonly traffic: () => { readonly sent: Traffic; readonly received: Traffic };
  readonly close: () => Promise<void>;
};

export type Traffic = { readonly messages: number; readonly bytes: number };

type Watching = {
  /** An attempt failed its safety check; its resubmission is on the way. */
  readonly onFailed?: (session: number, call: number) => void;
  /** Writes down what the proxies do, if what is executed is to be told, under the name of this client, which must be nobody else's. */
  readonly trace?: (Tracing & { readonly name: string }) | undefined;
  readonly log: Log;
};

export type Listener = Watching & {
  /** First answers: that to call `calls[i]` is the reply at byte `places[i]`. The bytes are only good until this returns. */
  readonly onAnswers: (session: number, calls: readonly number[], places: readonly number[], replies: Uint8Array) => void;
  /** Every reply of every replica to a session, the first as well as those that come after it; only until this returns. */
  readonly onReplies?: (replica: ProcessId, session: number, replies: Uint8Array) => void;
};

/** Connects to every process of the cluster. Replies belong to sessions, whose numbers must be nobody else's. */
export const openSessions = (config: Config, sessions: readonly number[], settings: Proxy.Settings, listener: Listener): Sessions => {
  const cluster = clusterOf(config);
  const { onAnswers, onFailed, onReplies, log } = listener;
  const indexOf = new Map(sessions.map((session, index) => [session, index]));
  const proxies = sessions.map((session) => Proxy.initial(session, settings, outstandingInPlace(settings.window)));
  // What proxies do is no part of the protocol between processes, and there is too much of it to be told along.
  const trace = listener.trace?.level === 'execution' ? startTrace(config, settings, listener.trace) : undefined;
  const sent = { messages: 0, bytes: 0 };
  const received = { messages: 0, bytes: 0 };

  const onFrame = (from: ProcessId, payload: Uint8Array): E.Either<string, unknown> => {
    const frame = decode(payload);
    if (E.isLeft(frame)) return frame;
    if (frame.right.type !== 'Replies') return E.left('a message, to a client');
    const { replies } = frame.right;
    received.messages += 1;
    received.bytes += payload.length;
    // Each proxy is given what comes to it in a row.
    for (let at = 0; at < replies.length; ) {
      const session = sessionAt(replies, at);
      const start = at;
      do at = nextRecord(replies, at);
      while (at < replies.length && sessionAt(replies, at) === session);
      const index = indexOf.get(session);
      if (index === undefined) continue;
      const own = replies.subarray(start, at);
      onReplies?.(from, index, own);
      handle(index, { type: 'Replies', replies: own });
    }
    return E.right(undefined);
  };
  const peers = links(config, { type: 'Client', protocol: PROTOCOL, cluster: config.name, sessions }, log, onFrame);

  /** What goes to one acceptor for one group in one tick travels together. */
  const batches = new Map<ProcessId, Map<Group, Uint8Array[]>>();
  const multicast = (group: Group, turn: number, records: Uint8Array): void => {
    if (batches.size === 0) setImmediate(submit);
    const to = Node.acceptorFor(cluster, group, turn);
    const byGroup = batches.get(to) ?? new Map<Group, Uint8Array[]>();
    batches.set(to, byGroup);
    const known = byGroup.get(group);
    if (known === undefined) byGroup.set(group, [records]);
    else known.push(records);
  };
  const submit = (): void => {
    for (const [to, byGroup] of batches)
      for (const [group, records] of byGroup)
        for (const commands of portions(join(records), config.ring.batchBytes)) {
          sent.messages += 1;
          sent.bytes += commands.length;
          peers.send(to, { type: 'Message', group, message: { type: 'Submit', commands } });
        }
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
          multicast(effect.group, effect.turn, effect.records);
          break;
        case 'Failed':
          onFailed?.(index, effect.call);
          break;
        case 'Answers':
          onAnswers(index, effect.calls, effect.places, effect.replies);
          break;
      }
  };
  const tick = (): void => proxies.forEach((_, index) => handle(index, { type: 'Tick', now: steadyNow() }));
  tick();
  const ticking = setInterval(tick, TICK);
  // Replicas reply on the connections that the client has to them.
  cluster.membership.learners.forEach((replica) => peers.open(replica));

  return {
    room: (index) => Proxy.roomOf(proxies[index]!),
    call: (index, calls) => handle(index, { type: 'Calls', calls }),
    traffic: () => ({ sent: { ...sent }, received: { ...received } }),
    close: async () => {
      clearInterval(ticking);
      await peers.close();
      trace?.close();
    },
  };
};

export type Caller<C> = {
  /** Calls in one of the sessions, by its index. `call` is the caller's own name for it, unique in its session. */
  readonly call: (session: number, call: number, command: C | 'digest') => void;
  readonly close: () => Promise<void>;
};

export type Watcher = Watching & {
  readonly onAnswer: (session: number, call: number, reply: Reply) => void;
};

/** The same, for whoever calls one command at a time. */
export const connect = <C, R>(config: Config, service: Service<C, R>, sessions: readonly number[], settings: Proxy.Settings, watcher: Watcher): Caller<C> => {
  const cluster = clusterOf(config);
  const { call, close } = openSessions(config, sessions, settings, {
    ...watcher,
    onAnswers: (session, calls, places, replies) => {
      const kept = replies.slice();
      calls.forEach((each, i) => watcher.onAnswer(session, each, replyAt(kept, places[i]!)));
    },
  });
  return {
    call: (index, first, command) =>
      call(
        index,
        command === 'digest'
          ? { first, commands: encodeCall(DIGEST_KIND, new Uint8Array()), group: G_ALL, fallback: G_ALL }
          : { first, commands: encodeCall(service.codec.kindOf(command), service.codec.encode(command)), ...Node.routeOf(cluster, service, command) },
      ),
    close,
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

/** Records in portions of about `bytes`: batches that a coordinator can fill its own with. */
function* portions(records: Uint8Array, bytes: number): Generator<Uint8Array> {
  let from = 0;
  for (let at = 0, next = 0; at < records.length; at = next) {
    next = nextRecord(records, at);
    if (at > from && next - from > bytes) {
      yield records.subarray(from, at);
      from = at;
    }
  }
  if (from < records.length) yield from === 0 ? records : records.subarray(from);
}
