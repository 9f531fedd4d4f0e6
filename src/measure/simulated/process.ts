/**
 * A process of a ring in simulated time: the machine of `node.ts` in the event loop of one thread, as `adapter/tcp/serve.ts`
 * drives it, with costs in place of sockets. What an acceptor writes is durable in the same turn, as `storage: memory` has it.
 */
import type { ProcessId } from '../../consensus/ballot.js';
import type { Message, Value } from '../../consensus/messages.js';
import { outbox } from '../../adapter/outbox.js';
import * as Node from '../../node.js';
import { nextRecord, type Group } from '../../record.js';
import type { Burst, Machine, Thread, Time } from './cores.js';
import { total, type Costs } from './costs.js';
import { costOfReading, inbox, outgoing, waker, type Delivery, type Frame, type Inbox, type Outgoing } from './post.js';

/** A message of a group's ring. */
export type Said = { readonly group: Group; readonly message: Message };

export type Process = { readonly id: ProcessId; readonly inbox: Inbox<Said>; readonly thread: Thread };

export type World = { readonly time: Time; readonly costs: Costs; readonly cluster: Node.Cluster };

/** What else the thread of a process does, beside its part in the rings: a replica feeds its crew and passes replies on. */
export type Beside = {
  /** Takes what a ring has decided. Returns what that costs. */
  readonly decided: (group: Group, value: Value) => number;
  /** What is to be done in this burst: its cost, after sending what is to be sent. */
  readonly work: (out: Outgoing) => number;
  readonly hasWork: () => boolean;
  /** The burst is over: what it handed on can be seen. */
  readonly release: () => void;
};

const NOTHING: Beside = { decided: () => 0, work: () => 0, hasWork: () => false, release: () => undefined };

/** How often machines are told the time, microseconds: those of `adapter/tcp/serve.ts`. */
const TICK = { acceptor: 5000, replica: 10_000 } as const;

/** How long a frame of each kind is beside the commands in it, about: the layouts of `adapter/wire.ts`. */
const MESSAGE_BYTES = 40;

/** Starts process `id` on a machine of its own or shared. `peers` finds the inbox of another process. */
export const startProcess = (world: World, id: ProcessId, on: Machine, peers: (id: ProcessId) => Inbox<Said> | undefined, besideOf: (wake: () => void) => Beside = () => NOTHING): Process => {
  const { time, costs, cluster } = world;
  const toSelf: Said[] = [];
  let process = Node.startProcess(cluster, id);
  let out = outgoing(time, costs);
  let written = 0;
  let isTicking = true;

  const held = outbox(new Map(), ({ to, group, message }) => {
    if (to === id) return void toSelf.push({ group, message });
    const peer = peers(to);
    if (peer !== undefined) out.send(peer, frameOf(id, group, message));
  });

  const handle = (event: Node.ProcessEvent): number => {
    const [next, effects] = Node.onProcessEvent(process, event);
    process = next;
    let cost = 0;
    for (const effect of effects)
      switch (effect.type) {
        case 'Persist':
          written += 1;
          held.written(effect.group);
          break;
        case 'Send':
          held.send(effect);
          break;
        case 'Decided':
          cost += beside.decided(effect.group, effect.value);
          break;
      }
    return cost;
  };

  const hear = ({ frames }: Delivery<Said>): number =>
    frames.reduce((cost, { from, content: { group, message }, commands }) => cost + costOfMessage(costs, message, commands) + handle({ type: 'Received', group, from, message }), 0);

  /** What the process has said to itself is heard first; then, if anyone waits for what was written, it is durable. */
  const settle = (): number => {
    let cost = 0;
    do {
      held.durable(written);
      for (let said = toSelf.shift(); said !== undefined; said = toSelf.shift()) cost += handle({ type: 'Received', from: id, ...said });
    } while (held.isHolding());
    return cost;
  };

  const work = (): Burst | undefined => {
    if (box.isEmpty() && !isTicking && !beside.hasWork()) return undefined;
    out = outgoing(time, costs);
    let takes = 0;
    const deliveries = box.take();
    takes += costOfReading(deliveries, costs);
    for (const delivery of deliveries) takes += hear(delivery) + settle();
    if (isTicking) {
      isTicking = false;
      takes += costs.order.message + handle({ type: 'Tick', now: time.now() / 1000 + 1 }) + settle();
    }
    takes += beside.work(out) + out.cost();
    const { release } = out;
    return {
      takes,
      then: () => {
        release();
        beside.release();
      },
    };
  };

  const thread: Thread = on.thread(work, costs.system.rise);
  const box = inbox<Said>(waker(() => thread, costs));
  const beside = besideOf(() => thread.wake(costs.system.wake));
  const tick = (): void => {
    isTicking = true;
    thread.wake(costs.system.wake);
    time.later(cluster.membership.learners.includes(id) ? TICK.replica : TICK.acceptor, tick);
  };
  tick();
  return { id, inbox: box, thread };
};

/** A message as a frame on the wire. */
export const frameOf = (from: ProcessId, group: Group, message: Message): Frame<Said> => {
  const bytes = commandsIn(message);
  return { from, content: { group, message }, bytes: MESSAGE_BYTES + (bytes?.length ?? 0), commands: bytes === undefined ? 0 : countOf(bytes) };
};

const commandsIn = (message: Message): Uint8Array | undefined => {
  if (message.type === 'Submit') return message.commands;
  const value = message.type === 'Value' || message.type === 'Chosen' ? message.value : undefined;
  return value?.type === 'Batch' ? value.commands : undefined;
};

const counts = new WeakMap<Uint8Array, number>();

/** How many records a batch has: counted once, however often it goes round. */
export const countOf = (batch: Uint8Array): number => {
  const known = counts.get(batch);
  if (known !== undefined) return known;
  let count = 0;
  for (let at = 0; at < batch.length; at = nextRecord(batch, at)) count += 1;
  counts.set(batch, count);
  return count;
};

const costOfMessage = ({ order }: Costs, message: Message, commands: number): number => {
  switch (message.type) {
    case 'Submit':
      return total(order.submit, commands);
    case 'Value':
    case 'Chosen':
      return total(order.value, commands);
    case 'Prepare':
    case 'Promise':
    case 'Refuse':
    case 'Phase2':
    case 'Decision':
    case 'Ask':
    case 'Alive':
    case 'Here':
      return order.message;
  }
};
