/** One process of a real cluster: the machines of `node.ts` over sockets, disks and threads. */
import * as E from 'fp-ts/lib/Either.js';
import { Map as Persistent } from 'immutable';
import { availableParallelism } from 'node:os';
import type { ProcessId } from '../../consensus/ballot.js';
import type { Durable } from '../../consensus/messages.js';
import * as Node from '../../node.js';
import { join, nextRecord, sessionAt, type Group } from '../../record.js';
import { clusterOf, directoryOf, processIdOf, type Config } from '../config.js';
import { listen, type Connection, type Handlers, type Listener } from '../connections.js';
import { Hello } from '../hello.js';
import type { Log } from '../log.js';
import { outbox } from '../outbox.js';
import { steadyNow } from '../steady.js';
import { memory, open, type Storage } from '../storage.js';
import { decode, decodeKept, encode, encodeKept, type Frame, type Kept } from '../wire.js';
import { recordProcess } from '../../trace/recorder.js';
import { livesOf, openTraceFile, settingOf, type Tracing } from '../trace-files.js';
import { startCrew, type Crew } from './crew.js';
import { helloOf, HIGH_WATER, links } from './links.js';

/** How often machines are told the time, ms. */
const TICK = 5;

/** How long a record that nobody waits for may stay off the disk, ms. */
const WRITE_BEHIND = 200;

export type Server = { readonly close: () => Promise<void> };

export type Watcher = {
  readonly log: Log;
  /** The process cannot go on: its disk or one of its threads has failed. */
  readonly onFailure: (error: Error) => void;
  /** Writes down what every machine of this process does. */
  readonly trace?: Tracing | undefined;
};

/**
 * Starts process `id` of the cluster: listening when the promise resolves. Rejects if it cannot start, saying why. `crewOf`
 * makes what a replica delivers to.
 */
export const serve = async (config: Config, id: string, watcher: Watcher, crewOf: typeof startCrew = startCrew): Promise<Server> => {
  const found = processIdOf(config, id);
  if (E.isLeft(found)) throw new Error(found.left);
  const me = found.right;
  const self = config.processes[me];
  if (self === undefined) throw new Error(`no process ${id}`);
  return self.role === 'acceptor' ? serveAcceptor(config, me, id, watcher) : serveReplica(config, me, id, watcher, crewOf);
};

const serveAcceptor = async (config: Config, me: ProcessId, id: string, { log, onFailure, trace: tracing }: Watcher): Promise<Server> => {
  const cluster = clusterOf(config);
  const recordsByGroup = new Map<Group, Durable[]>();
  const onRecord = (bytes: Uint8Array): void => {
    const kept = decodeKept(bytes);
    if (E.isLeft(kept)) throw new Error(`${directoryOf(config, id)}: a record that is none of this version's: ${kept.left}`);
    const records = recordsByGroup.get(kept.right.group);
    if (records === undefined) recordsByGroup.set(kept.right.group, [kept.right.record]);
    else records.push(kept.right.record);
  };
  const onDurable = (position: number): void => {
    held.durable(position);
    settle();
  };
  const storage: Storage =
    config.storage === 'disk' ? await open(directoryOf(config, id), { onRecord, onDurable, onFailure }) : memory({ onDurable });

  const peers = links(config, helloOf(config, id), log, () => E.left('a peer does not answer on this connection'));
  const toSelf: Node.ProcessEvent[] = [];
  const held = outbox(new Map([...recordsByGroup].map(([group, records]) => [group, records.length])), ({ to, group, message }) => {
    if (to === me) toSelf.push({ type: 'Received', group, from: me, message });
    else peers.send(to, { type: 'Message', group, message });
  });

  /** Records on their way to the disk. Decisions wait here until a vote goes there as well, or for a while. */
  let unwritten: Kept[] = [];
  /** Memory needs no bytes to remember by: the machine has it all. */
  const bytesOf = config.storage === 'disk' ? encodeKept : () => new Uint8Array();
  let process = Node.startProcess(cluster, me, Persistent(recordsByGroup));
  const trace = tracing && startTrace(config, id, tracing);
  recordsByGroup.forEach((records, group) => records.forEach((record) => trace?.kept({ type: 'Kept', group, record })));
  recordsByGroup.clear();
  const handle = (event: Node.ProcessEvent): void => {
    const [next, effects] = Node.onProcessEvent(process, event);
    process = next;
    trace?.step(event, effects, next);
    for (const effect of effects)
      switch (effect.type) {
        case 'Persist':
          unwritten.push({ group: effect.group, record: effect.record });
          held.written(effect.group);
          break;
        case 'Send':
          held.send(effect);
          break;
        case 'Decided':
          break;
      }
  };
  /** What the process has said to itself is heard before anything else is; then the disk is asked, if anyone waits for it. */
  const settle = (): void => {
    for (let event = toSelf.shift(); event !== undefined; event = toSelf.shift()) handle(event);
    if (held.isHolding()) write();
  };
  const write = (): void => {
    for (const kept of unwritten) storage.append(bytesOf(kept));
    unwritten = [];
  };
  const take = (event: Node.ProcessEvent): void => {
    handle(event);
    settle();
  };

  const listener = await admit(config, me, log, {
    onPeer: (from, frame) => (frame.type === 'Message' ? E.right(take({ type: 'Received', group: frame.group, from, message: frame.message })) : E.left('replies, to an acceptor')),
    onClient: (frame) =>
      frame.type === 'Message' && frame.message.type === 'Submit' && isProposable(config, frame.message.commands)
        ? E.right(take({ type: 'Received', group: frame.group, from: STRANGER, message: frame.message }))
        : E.left(`a client may only submit commands, ${config.ring.batchBytes} bytes at once`),
    onSessions: () => undefined,
  }).catch(async (error: unknown) => {
    await storage.close();
    throw error;
  });
  const ticking = setInterval(() => take({ type: 'Tick', now: steadyNow() }), TICK);
  const writing = setInterval(write, WRITE_BEHIND);
  log.info(`acceptor ${id} listens on ${addressOf(config, me)}`);
  return {
    close: async () => {
      clearInterval(ticking);
      clearInterval(writing);
      await Promise.all([listener.close(), peers.close()]);
      write();
      await storage.close();
      trace?.close();
    },
  };
};

const serveReplica = async (config: Config, me: ProcessId, id: string, { log, onFailure, trace: tracing }: Watcher, crewOf: typeof startCrew): Promise<Server> => {
  const cluster = clusterOf(config);
  const clients = new Map<number, Connection>(); // by session
  const replies = new Map<Connection, Uint8Array[]>();
  /** Replies are handed on in runs: those that lie together mostly go to the same client. */
  const onReplies = (batch: Uint8Array): void => {
    let client: Connection | undefined;
    let session = NaN;
    let from = 0;
    const close = (end: number): void => {
      if (client === undefined || end === from) return;
      if (replies.size === 0) setImmediate(sendReplies);
      const waiting = replies.get(client);
      if (waiting === undefined) replies.set(client, [batch.subarray(from, end)]);
      else waiting.push(batch.subarray(from, end));
    };
    for (let at = 0; at < batch.length; at = nextRecord(batch, at)) {
      const next = sessionAt(batch, at);
      if (next === session) continue;
      session = next;
      const owner = clients.get(session);
      if (owner === client) continue;
      close(at);
      client = owner;
      from = at;
    }
    close(batch.length);
  };
  const sendReplies = (): void => {
    for (const [client, records] of replies) client.send(encode({ type: 'Replies', replies: join(records) }));
    replies.clear();
  };
  const trace = tracing && startTrace(config, id, tracing);
  const crew: Crew = crewOf(config, me, spinFor(cluster.threads), { onReplies, onFailure, trace: trace && { ...trace.tracing, process: id, life: trace.life } });

  const peers = links(config, helloOf(config, id), log, () => E.left('a peer does not answer on this connection'));
  let process = Node.startProcess(cluster, me);
  const take = (event: Node.ProcessEvent): void => {
    const [next, effects] = Node.onProcessEvent(process, event);
    process = next;
    trace?.step(event, effects, next);
    for (const effect of effects)
      switch (effect.type) {
        case 'Send':
          peers.send(effect.to, { type: 'Message', group: effect.group, message: effect.message });
          break;
        case 'Decided':
          crew.feed(effect.group, effect.value);
          break;
        case 'Persist': // A learner keeps nothing: the acceptors do.
          break;
      }
    crew.wake();
  };

  const listener = await admit(config, me, log, {
    onPeer: (from, frame) => (frame.type === 'Message' ? E.right(take({ type: 'Received', group: frame.group, from, message: frame.message })) : E.left('replies, to a replica')),
    onClient: () => E.left('a client sends its commands to an acceptor'),
    onSessions: (sessions, connection) => {
      sessions.forEach((session) => clients.set(session, connection));
      return () => sessions.forEach((session) => clients.get(session) === connection && clients.delete(session));
    },
  }).catch(async (error: unknown) => {
    await crew.close();
    throw error;
  });
  const ticking = setInterval(() => {
    take({ type: 'Tick', now: steadyNow() });
    crew.flush();
  }, 2 * TICK);
  log.info(`replica ${id} listens on ${addressOf(config, me)}, ${cluster.threads} threads, ${config.service.keys} keys`);
  return {
    close: async () => {
      clearInterval(ticking);
      await Promise.all([listener.close(), peers.close()]);
      await crew.close();
      trace?.close();
    },
  };
};

/** How often what was traced is handed over at the latest, ms. */
const TRACE_BEHIND = 100;

/** The trace of a process, in a file of its own. */
const startTrace = (config: Config, id: string, tracing: Tracing) => {
  const { directory, level } = tracing;
  const life = livesOf(directory, id);
  const origin = { process: id, life, thread: 0 };
  const file = openTraceFile(directory, origin);
  const flushing = setInterval(file.flush, TRACE_BEHIND);
  const { kept, step, end } = recordProcess(origin, settingOf(config, level), file.write);
  return {
    tracing,
    life,
    kept,
    step,
    close: () => {
      clearInterval(flushing);
      end();
      file.close();
    },
  };
};

/** What is longer than a batch might become a value that no frame can carry, and hold up its ring for ever. */
const isProposable = ({ ring }: Config, commands: Uint8Array): boolean => commands.length > 0 && commands.length <= ring.batchBytes;

/** A client has no place among the processes. */
const STRANGER: ProcessId = -1;

/** Spinning takes a core from whoever has work, unless there is one to spare. */
const spinFor = (threads: number): number => (availableParallelism() > threads + 1 ? 1000 : 0);

const addressOf = (config: Config, me: ProcessId): string => `${config.processes[me]?.host ?? ''}:${config.processes[me]?.port ?? ''}`;

type Doors = {
  readonly onPeer: (from: ProcessId, frame: Frame) => E.Either<string, unknown>;
  readonly onClient: (frame: Frame) => E.Either<string, unknown>;
  /** A client of these sessions is here; what is returned is called when it leaves. */
  readonly onSessions: (sessions: readonly number[], connection: Connection) => (() => void) | undefined;
};

/** Lets in the processes of the cluster and its clients, each through its own door. */
const admit = (config: Config, me: ProcessId, log: Log, doors: Doors): Promise<Listener> => {
  const self = config.processes[me];
  const groups = Node.ringsOf(config);
  const isGroup = (group: Group): boolean => groups.includes(group);
  const through =
    (door: (frame: Frame) => E.Either<string, unknown>) =>
    (payload: Uint8Array): E.Either<string, unknown> => {
      // What is kept of a payload must not keep alive the whole chunk that it came in. One that spanned several is a copy already.
      const frame = decode(payload.length === payload.buffer.byteLength ? payload : new Uint8Array(payload));
      if (E.isLeft(frame)) return frame;
      if (frame.right.type === 'Message' && !isGroup(frame.right.group)) return E.left(`no group ${frame.right.group}`);
      return door(frame.right);
    };
  return listen<Hello>({
    host: self?.host ?? '127.0.0.1',
    port: self?.port ?? 0,
    limit: config.frameLimit,
    highWater: HIGH_WATER,
    hello: Hello,
    log,
    onHello: (hello, connection): E.Either<string, Handlers> => {
      if (hello.cluster !== config.name) return E.left(`of cluster ${JSON.stringify(hello.cluster)}, not ${JSON.stringify(config.name)}`);
      switch (hello.type) {
        case 'Peer': {
          const from = processIdOf(config, hello.from);
          return E.isLeft(from) ? from : E.right({ onFrame: through((frame) => doors.onPeer(from.right, frame)), onClose: () => undefined });
        }
        case 'Client':
          return E.right({ onFrame: through(doors.onClient), onClose: doors.onSessions(hello.sessions, connection) ?? (() => undefined) });
      }
    },
  });
};
