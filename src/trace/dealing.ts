/** What a scheduler made of a batch, as the clauses of spec/scheduler.ts see it. */
import type { Dealing, Dealt } from '../../spec/scheduler.js';
import { commandAt, DIGEST_KIND, recordsOf } from '../record.js';
import type { Value } from '../replica/scheduler.js';
import type { Service } from '../service/service.js';
import { nameOf, namesIn } from './batch.js';

/** The dealing of `batch`, whose payloads are known, by the scheduler of `replica` to as many threads. */
export const dealingOf = <C, R>(service: Service<C, R>, threads: number, { replica, slot }: Pick<Dealing, 'replica' | 'slot'>, batch: Uint8Array, lanes: readonly Value[]): Dealing => ({
  replica,
  slot,
  decided: touchedBy(service, threads, batch),
  lanes: lanes.map((lane) => (lane.type === 'Batch' ? namesIn(lane.commands) : [])),
});

/** The commands of a batch, and what each of them touches of the partitions of `threads` threads. */
export const touchedBy = <C, R>({ codec, footprint }: Service<C, R>, threads: number, batch: Uint8Array): readonly Dealt[] => {
  const all = Array.from({ length: threads }, (_, index) => index + 1);
  return [...recordsOf(batch)].map((at) => {
    const record = commandAt(batch, at);
    const command = nameOf(record);
    if (record.kind === DIGEST_KIND) return { command, touches: all, change: 'nothing' };
    const known = codec.decode(record.kind, record.payload);
    if (typeof known === 'string') return { command, touches: [], change: 'nothing' };
    const part = footprint(known);
    return { command, touches: part.type === 'Partition' ? [part.partition] : all, change: part.change };
  });
};
