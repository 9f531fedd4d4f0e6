/**
 * The scheduler of a replica (sP-SMR; after the parallelizer of CBASE, Kotla and Dahlin 2004): it stands between the one
 * total order and the threads, and releases to each of them what depends on nothing that another one executes. REP-9, REP-10.
 *
 * Every decided value is dealt to lanes: lane i is for t_i alone, lane 0 for all threads together. A lane has a slot for
 * every slot of the order, so that a thread merges its two lanes as it would merge two rings: where P-SMR asks its clients
 * for the group of a command, sP-SMR asks here, and whatever comes after is the same. Of a slot, the part of all threads
 * comes first, under one barrier, and then what each has to itself. That departs from the order in the batch, and is as good:
 * none of its commands is answered before all are decided, so they are concurrent, and all replicas deal alike.
 *
 * A single thread has a single lane (pipelined SMR). To deal takes no memory: this machine has no state.
 */
import { attemptAt, DIGEST_KIND, G_ALL, kindAt, nextRecord, type Group } from '../record.js';
import { changeIn, partitionIn, REFUSED, type Engine } from '../service/engine.js';

/** What is decided, and what a lane is given of it. */
export type Value =
  | { readonly type: 'Noop' }
  | { readonly type: 'Batch'; readonly commands: Uint8Array }
  | { readonly type: 'Skip'; readonly to: number };

export type Scheduler = {
  readonly threads: number;
  /** What every command touches: asked of an engine of the service. */
  readonly footprintAt: Engine['footprintAt'];
};

/** What each lane is given of a decided value, by lane. */
export const deal = (scheduler: Scheduler, value: Value): readonly Value[] => {
  const { threads } = scheduler;
  if (threads === 1) return [value];
  // A no-op takes a slot of every lane, and a skip as many as it takes of the order.
  if (value.type !== 'Batch') return Array.from({ length: threads + 1 }, () => value);
  return split(scheduler, value.commands).map((commands) => (commands.length === 0 ? NOTHING : { type: 'Batch', commands }));
};

/** A slot in which a lane has nothing to do. */
const NOTHING: Value = { type: 'Noop' };

/** The commands of a batch by lane, in their order. */
const split = ({ threads, footprintAt }: Scheduler, batch: Uint8Array): readonly Uint8Array[] => {
  const lanes: Group[] = [];
  const bytes = Array.from({ length: threads + 1 }, () => 0);
  for (let at = 0; at < batch.length; ) {
    const next = nextRecord(batch, at);
    const lane = laneAt(footprintAt, batch, at);
    lanes.push(lane);
    bytes[lane]! += next - at;
    at = next;
  }
  const parts = bytes.map((size) => new Uint8Array(size));
  const from = wordsOf(batch);
  const into = parts.map(wordsOf);
  const filled = bytes.fill(0);
  let at = 0; // in words: a record is too short for a view of it to be worth making
  for (const lane of lanes) {
    const next = nextRecord(batch, WORD * at) / WORD;
    const words = into[lane]!;
    let to = filled[lane]!;
    while (at < next) words[to++] = from[at++]!;
    filled[lane] = to;
  }
  return parts;
};

const WORD = Int32Array.BYTES_PER_ELEMENT;

/** A batch by words: records are padded. */
const wordsOf = (batch: Uint8Array): Int32Array => {
  const { buffer, byteOffset, length } = batch.byteOffset % WORD === 0 ? batch : batch.slice();
  return new Int32Array(buffer, byteOffset, length / WORD);
};

/**
 * The lane of a command. One that touches a single partition, and changes no structure, is that partition's thread's. Whatever
 * else there is, all threads wait for: a change of structure may touch nodes of any partition, as under P-SMR. What is no
 * command touches nothing, and somebody has to refuse it.
 */
const laneAt = (footprintAt: Engine['footprintAt'], batch: Uint8Array, at: number): Group => {
  if (kindAt(batch, at) === DIGEST_KIND || attemptAt(batch, at) > 0) return G_ALL;
  const footprint = footprintAt(batch, at);
  if (footprint === REFUSED) return REFUSER;
  return changeIn(footprint) === 'structure' ? G_ALL : partitionIn(footprint);
};

const REFUSER: Group = 1;
