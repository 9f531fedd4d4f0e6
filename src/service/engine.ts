/**
 * A service and its state as a worker drives them: over the records of a batch, with no object per command.
 *
 * Any store is one by `engineOf`, which makes an object of every record and so says what is meant. A store that is to be
 * fast brings an engine of its own, and a property holds the two against each other.
 */
import { commandAt, encodeCommand, extend, newSheet, type Sheet } from '../record.js';
import type { Change, Condition, Digest, Footprint, Service, Store } from './service.js';

export interface Engine {
  /** The part of the state that the command at byte `at` touches: a `packed` footprint, or `REFUSED` when it is no command. */
  readonly footprintAt: (batch: Uint8Array, at: number) => number;
  /** Why it is none. */
  readonly flawAt: (batch: Uint8Array, at: number) => string;
  /** The safety check of thread t_`thread`: the first condition that the command fails, or `undefined` when it passes. */
  readonly checkAt: (thread: number, batch: Uint8Array, at: number) => Condition | undefined;
  /** Executes the command, and writes the payload of its result at the end of `sheet`. Returns the engine to use from then on. */
  readonly executeAt: (batch: Uint8Array, at: number, sheet: Sheet) => Engine;
  /**
   * Told that the commands from byte `at` to byte `end` are likely to be next, so that what they touch may be fetched all
   * at once. Changes nothing that can be seen.
   */
  readonly expect: (batch: Uint8Array, at: number, end: number) => void;
  readonly digest: () => Digest;
}

/** No footprint: the record is no command of this service. */
export const REFUSED = -1;

const CHANGES: readonly Change[] = ['nothing', 'entry', 'structure'];

/** A footprint as a number: four times its partition, 0 for everything, plus the place of its change. */
export const packed = (footprint: Footprint): number =>
  4 * (footprint.type === 'Partition' ? footprint.partition : 0) + CHANGES.indexOf(footprint.change);

/** The partition of a packed footprint, 0 for everything. */
export const partitionIn = (footprint: number): number => footprint >> 2;

/** The footprint that was packed. */
export const unpacked = (footprint: number): Footprint => {
  const partition = partitionIn(footprint);
  const change = changeIn(footprint);
  return partition === 0 ? { type: 'Everything', change } : { type: 'Partition', partition, change };
};

export const changeIn = (footprint: number): Change => CHANGES[footprint & 3] ?? 'structure';

/** An engine over a store that can still be looked at. */
export type Stored<C, R> = Engine & { readonly store: Store<C, R> };

/** What `service` means over `store`. */
export const engineOf = <C, R>(service: Service<C, R>, store: Store<C, R>): Stored<C, R> => {
  const decoded = (batch: Uint8Array, at: number): C | string => {
    const { kind, payload } = commandAt(batch, at);
    return service.codec.decode(kind, payload);
  };
  /** Of a record whose footprint was asked for before, and is one. */
  const command = (batch: Uint8Array, at: number): C => {
    const known = decoded(batch, at);
    if (typeof known === 'string') throw new RangeError(known);
    return known;
  };
  return {
    store,
    footprintAt: (batch, at) => {
      const known = decoded(batch, at);
      return typeof known === 'string' ? REFUSED : packed(service.footprint(known));
    },
    flawAt: (batch, at) => {
      const known = decoded(batch, at);
      return typeof known === 'string' ? known : '';
    },
    checkAt: (thread, batch, at) => store.check(thread, command(batch, at)),
    executeAt: (batch, at, sheet) => {
      const [next, result] = store.execute(command(batch, at));
      const payload = service.codec.encodeResult(result);
      const to = extend(sheet, payload.length);
      sheet.bytes.set(payload, to);
      return engineOf(service, next);
    },
    expect: () => undefined,
    digest: () => store.digest(),
  };
};

/** The other way round: the store that an engine is, for those who have objects. A command that it refuses is thrown. */
export const storeOf = <C, R>(service: Service<C, R>, engine: Engine): Store<C, R> => {
  const { codec } = service;
  const recordOf = (command: C): Uint8Array =>
    encodeCommand({ kind: codec.kindOf(command), attempt: 0, session: 0, sequence: 1, floor: 1, payload: codec.encode(command) });
  return {
    check: (thread, command) => engine.checkAt(thread, recordOf(command), 0),
    execute: (command) => {
      const sheet = newSheet(16);
      const next = engine.executeAt(recordOf(command), 0, sheet);
      return [storeOf(service, next), codec.decodeResult(codec.kindOf(command), sheet.bytes.subarray(0, sheet.length))];
    },
    digest: engine.digest,
  };
};
