/**
 * A client process in simulated time: one session that keeps its commands in flight through the proxy of `client/proxy.ts`,
 * as `measure/client.ts` does over sockets.
 */
import { outstandingInPlace } from '../../client/outstanding.js';
import * as Proxy from '../../client/proxy.js';
import type { ProcessId } from '../../consensus/ballot.js';
import * as Node from '../../node.js';
import { COMMAND_HEADER, extend, newSheet, nextRecord, padded, putCommand, type Group, type Sheet } from '../../record.js';
import type { Service } from '../../service/service.js';
import type { Burst, Machine, Thread } from './cores.js';
import { total } from './costs.js';
import { costOfReading, inbox, outgoing, waker, type Inbox } from './post.js';
import { frameOf, type Said, type World } from './process.js';

/** A client is no process of the cluster. */
const STRANGER = -1;

export type Watcher = {
  /** A command was answered, `latency` microseconds after it was called, having failed its check before or not. */
  readonly onAnswer: (latency: number, hasFailed: boolean) => void;
  /** So many frames, of so many bytes in all, went to the cluster or came from it. */
  readonly onTraffic: (way: 'sent' | 'received', frames: number, bytes: number) => void;
};

export type Client = {
  readonly inbox: Inbox<Uint8Array>;
  readonly thread: Thread;
  /** Calls nothing more. */
  readonly stop: () => void;
};

/** Keeps `outstanding` commands of `draw` in flight from the first moment on. */
export const startClient = <C, R>(
  world: World,
  service: Service<C, R>,
  session: number,
  draw: () => C,
  outstanding: number,
  on: Machine,
  peers: (id: ProcessId) => Inbox<Said> | undefined,
  isRead: (kind: number) => boolean,
  { onAnswer, onTraffic }: Watcher,
): Client => {
  const { time, costs, cluster } = world;
  let proxy = Proxy.initial(session, { window: outstanding, retryAfter: Infinity }, outstandingInPlace(outstanding));
  let called = 0;
  let wanted = outstanding;
  let writes = 0;
  let isStopped = false;
  const calledAt = new Map<number, number>();
  const hasFailed = new Set<number>();

  const callAll = (): readonly Proxy.Event[] => {
    const sheets = new Map<string, { readonly first: number; readonly group: Group; readonly fallback: Group; readonly sheet: Sheet }>();
    const drawn = Array.from({ length: wanted }, () => draw()).map((command) => ({ command, ...Node.routeOf(cluster, service, command) }));
    wanted = 0;
    // Calls of a group are numbered one after the other.
    const groups = [...new Set(drawn.map(({ group }) => group))];
    for (const group of groups)
      for (const { command, fallback } of drawn.filter((one) => one.group === group)) {
        called += 1;
        calledAt.set(called, time.now());
        const known = sheets.get(String(group)) ?? { first: called, group, fallback, sheet: newSheet(4096) };
        sheets.set(String(group), known);
        const payload = service.codec.encode(command);
        const kind = service.codec.kindOf(command);
        if (!isRead(kind)) writes += 1;
        const at = extend(known.sheet, padded(COMMAND_HEADER + payload.length));
        putCommand(known.sheet.bytes, at, kind, payload.length);
        known.sheet.bytes.set(payload, at + COMMAND_HEADER);
      }
    return [...sheets.values()].map(({ first, group, fallback, sheet }) => ({ type: 'Calls', calls: { first, group, fallback, commands: sheet.bytes.slice(0, sheet.length) } }));
  };

  const work = (): Burst | undefined => {
    if (box.isEmpty() && wanted === 0) return undefined;
    const out = outgoing(time, costs);
    const deliveries = box.take();
    let takes = costOfReading(deliveries, costs);
    const sendings = new Map<Group, Uint8Array[]>();
    const handle = (event: Proxy.Event): void => {
      const [next, effects] = Proxy.onEvent(proxy, event);
      proxy = next;
      for (const effect of effects)
        switch (effect.type) {
          case 'Multicast':
            sendings.set(effect.group, [...(sendings.get(effect.group) ?? []), effect.records]);
            break;
          case 'Failed':
            hasFailed.add(effect.call);
            break;
          case 'Answers':
            for (const call of effect.calls) {
              onAnswer(time.now() - (calledAt.get(call) ?? 0), hasFailed.delete(call));
              calledAt.delete(call);
            }
            if (!isStopped) wanted += effect.calls.length;
            break;
        }
    };
    for (const { frames, bytes } of deliveries) {
      onTraffic('received', frames.length, bytes);
      for (const { content, commands } of frames) {
        takes += total(costs.client.replies, commands);
        handle({ type: 'Replies', replies: content });
      }
    }
    for (const event of callAll()) handle(event);
    takes += writes * costs.client.write;
    writes = 0;
    for (const [group, records] of sendings)
      for (const portion of records.flatMap((all) => portions(all, cluster.ring.batchBytes))) {
        const frame = frameOf(STRANGER, group, { type: 'Submit', commands: portion });
        takes += total(costs.client.submit, frame.commands);
        const to = peers(Node.acceptorFor(cluster, group, 0));
        if (to !== undefined) out.send(to, frame);
      }
    onTraffic('sent', out.frames(), out.bytes());
    return { takes: takes + out.cost(), then: out.release };
  };

  const thread: Thread = on.thread(work, costs.system.rise);
  const box = inbox<Uint8Array>(waker(() => thread, costs));
  thread.wake();
  return {
    inbox: box,
    thread,
    stop: () => {
      isStopped = true;
    },
  };
};

/** The records in portions of at most `bytes`, one record at least. */
const portions = (records: Uint8Array, bytes: number): readonly Uint8Array[] => {
  const cut: Uint8Array[] = [];
  let from = 0;
  for (let at = 0; at < records.length; ) {
    const next = nextRecord(records, at);
    if (at > from && next - from > bytes) {
      cut.push(records.slice(from, at));
      from = at;
    }
    at = next;
  }
  if (from < records.length) cut.push(records.slice(from));
  return cut;
};
