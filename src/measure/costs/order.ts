/** What ordering costs: every message of a ring, taken out of its frame, heard by the machine, and what it sends put into frames. */
import * as E from 'fp-ts/lib/Either.js';
import { decode, encode } from '../../adapter/wire.js';
import type { ProcessId } from '../../consensus/ballot.js';
import type { Message } from '../../consensus/messages.js';
import * as Node from '../../node.js';
import { encodeCommand, G_ALL, join } from '../../record.js';
import type { Costs } from '../simulated/costs.js';
import { medianOf } from '../statistics.js';
import { lineThrough } from './processor.js';

/** Commands of the batches that are sent round: what lies between is interpolated. */
const FEW = 8;
const MANY = 512;
const INSTANCES = 1500;

type Kind = 'submit' | 'value' | 'message';

const kindOf = ({ type }: Message): Kind => (type === 'Submit' ? 'submit' : type === 'Value' ? 'value' : 'message');

/** Batches of this many commands of the length of an insert. */
const batchOf = (commands: number): Uint8Array =>
  join(Array.from({ length: commands }, (_, i) => encodeCommand({ kind: 3, attempt: 0, session: 1, sequence: i + 1, floor: 1, payload: new Uint8Array(16) })));

/** Medians, by the kind of the message, of the time that a process spends on one: no system call is in it. */
const timesOf = (cluster: Node.Cluster, commands: number): Readonly<Record<Kind, number>> => {
  const batch = batchOf(commands);
  const members = [...cluster.membership.acceptors, ...cluster.membership.learners];
  const processes = new Map(members.map((id) => [id, Node.startProcess(cluster, id)]));
  const times: Record<Kind, number[]> = { submit: [], value: [], message: [] };
  const underway: { readonly to: ProcessId; readonly from: ProcessId; readonly frame: Uint8Array }[] = [];
  const own: (readonly [ProcessId, Node.ProcessEvent])[] = [];

  const handle = (id: ProcessId, event: Node.ProcessEvent): void => {
    const process = processes.get(id);
    if (process === undefined) return;
    const [next, effects] = Node.onProcessEvent(process, event);
    processes.set(id, next);
    for (const effect of effects)
      if (effect.type === 'Send') {
        const { to, group, message } = effect;
        if (to === id) own.push([id, { type: 'Received', group, from: id, message }]);
        else underway.push({ to, from: id, frame: encode({ type: 'Message', group, message }) });
      }
  };
  const settle = (): void => {
    for (let said = own.shift(); said !== undefined; said = own.shift()) handle(...said);
  };
  const hear = ({ to, from, frame }: (typeof underway)[number]): void => {
    const start = performance.now();
    const decoded = decode(new Uint8Array(frame));
    if (E.isLeft(decoded) || decoded.right.type !== 'Message') return;
    const { group, message } = decoded.right;
    handle(to, { type: 'Received', group, from, message });
    settle();
    times[kindOf(message)].push((performance.now() - start) * 1000);
  };

  members.forEach((id) => handle(id, { type: 'Tick', now: 1 }));
  settle();
  while (underway.length > 0) hear(underway.shift()!);
  const coordinator = Node.acceptorFor(cluster, G_ALL, 0);
  for (let i = 0; i < INSTANCES; i += 1) {
    underway.push({ to: coordinator, from: -1, frame: encode({ type: 'Message', group: G_ALL, message: { type: 'Submit', commands: batch } }) });
    while (underway.length > 0) hear(underway.shift()!);
  }
  const late = (all: readonly number[]): number => medianOf(all.slice(all.length >> 1)); // warm by then
  return { submit: late(times.submit), value: late(times.value), message: late(times.message) };
};

export const measureOrder = (cluster: Node.Cluster): Costs['order'] => {
  const few = timesOf(cluster, FEW);
  const many = timesOf(cluster, MANY);
  return {
    submit: lineThrough(FEW, few.submit, MANY, many.submit),
    value: lineThrough(FEW, few.value, MANY, many.value),
    message: few.message,
  };
};
