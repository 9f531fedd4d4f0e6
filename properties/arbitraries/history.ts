/** Histories of an ordered map: some that are linearizable by construction, and some that may not be. */

import fc from 'fast-check';
import type { Completed, History, Operation, Position } from '../../src/check/history.js';
import type { Model } from '../../src/check/model.js';
import type { Command, Entry, Result } from '../../src/service/b-plus-tree/commands.js';
import { sayCommand } from '../../src/service/b-plus-tree/ordered-map.js';
import { registers } from '../../src/service/b-plus-tree/registers.js';

export type MapOperation = Operation<Command, Result>;
export type MapHistory = History<Command, Result>;
export type MapModel = Model<readonly Entry[], Command, Result>;

/** The ordered map as a sorted list of entries. */
export const orderedMap: MapModel = {
  initial: [],
  apply: (entries, command) => {
    if (command.type === 'scan') {
      const inRange = entries.slice(placeOf(entries, command.from), placeOf(entries, command.to + 1n));
      return [entries, { type: 'entries', entries: inRange, complete: true }];
    }
    const place = placeOf(entries, command.key);
    const entry = entries[place];
    const value = entry !== undefined && entry[0] === command.key ? entry[1] : undefined;
    if (value === undefined)
      return command.type === 'insert'
        ? [entries.toSpliced(place, 0, [command.key, command.value]), { type: 'inserted' }]
        : [entries, { type: 'absent' }];
    switch (command.type) {
      case 'read':
        return [entries, { type: 'found', value }];
      case 'insert':
        return [entries, { type: 'exists', value }];
      case 'update':
        return [entries.with(place, [command.key, command.value]), { type: 'updated', previous: value }];
      case 'delete':
        return [entries.toSpliced(place, 1), { type: 'removed', value }];
    }
  },
  sameResult: (a, b) => nameOf(a) === nameOf(b),
  stateKey: (entries) => entries.join(';'),
  commandKey: sayCommand,
  spansOf: (command) => [command.type === 'scan' ? command : { from: command.key, to: command.key }],
  isReadOnly: (_, result) => ['absent', 'found', 'exists', 'entries'].includes(result.type),
  registers: registers(() => null, () => []),
};

/** What one client means to do, and when it has its effect. Pauses and delays are in ticks of one clock. */
export type Plan = {
  readonly session: number;
  readonly command: Command;
  /** Before the call, since the session's last return. */
  readonly pause: number;
  /** From the call to the effect. */
  readonly going: number;
  /** From the effect to the return. */
  readonly coming: number;
  readonly fate: 'answered' | 'executed, reply lost' | 'never executed';
  /** Whether it is ordered against all groups, as a structural change or a resubmission is. */
  readonly toAll: boolean;
};

export type Scope = { readonly sessions: number; readonly keys: bigint; readonly values: bigint; readonly ticks: number };

export const plan = ({ sessions, keys, values, ticks }: Scope): fc.Arbitrary<Plan> =>
  fc.record({
    session: fc.nat({ max: sessions - 1 }),
    command: command(keys, values),
    pause: fc.nat({ max: ticks }),
    going: fc.nat({ max: ticks }),
    coming: fc.nat({ max: ticks }),
    fate: fc.oneof(
      { arbitrary: fc.constant('answered' as const), weight: 8 },
      { arbitrary: fc.constant('executed, reply lost' as const), weight: 1 },
      { arbitrary: fc.constant('never executed' as const), weight: 1 },
    ),
    toAll: fc.boolean(),
  });

const command = (keys: bigint, values: bigint): fc.Arbitrary<Command> => {
  const key = fc.bigInt({ min: 0n, max: keys - 1n });
  const value = fc.bigInt({ min: 0n, max: values - 1n });
  return fc.oneof(
    fc.record({ type: fc.constant('read' as const), key }),
    fc.record({ type: fc.constant('insert' as const), key, value }),
    fc.record({ type: fc.constant('update' as const), key, value }),
    fc.record({ type: fc.constant('delete' as const), key }),
    fc.tuple(key, key).map(([a, b]) => ({ type: 'scan' as const, from: a < b ? a : b, to: a < b ? b : a })),
  );
};

/** The history of clients that follow their plans on one map: linearizable, as every effect lies between call and return. */
export const simulate = (plans: readonly Plan[]): MapHistory => {
  const clocks = new Map<number, number>();
  const timed = plans.map((plan, id) => {
    const call = (clocks.get(plan.session) ?? 0) + plan.pause;
    const effect = call + plan.going;
    clocks.set(plan.session, effect + plan.coming);
    return { ...plan, id, call, effect, return: effect + plan.coming };
  });
  const operations = new Map<number, MapOperation>();
  const nextPosition = positions();
  let state = orderedMap.initial;
  for (const { id, session, command, call, fate, toAll, ...times } of timed.toSorted((a, b) => a.effect - b.effect)) {
    if (fate === 'never executed') {
      operations.set(id, { type: 'pending', id, session, command, call });
      continue;
    }
    const [next, result] = orderedMap.apply(state, command);
    const position = nextPosition(command, toAll);
    state = next;
    operations.set(
      id,
      fate === 'answered'
        ? { type: 'completed', id, session, command, call, return: times.return, result, position }
        : { type: 'pending', id, session, command, call },
    );
  }
  return timed.map(({ id }) => operations.get(id) as MapOperation);
};

export const SLOTS_PER_TURN = 2;
const GROUPS = 3n;

/** Positions that promise the order in which they are asked for. */
const positions = (): ((command: Command, toAll: boolean) => Position) => {
  const slotByGroup = new Map<number, number>();
  let turnOfBarrier = 0;
  let latestTurn = -1;
  let offset = 0;
  return (command, toAll) => {
    const group = toAll || command.type === 'scan' ? 0 : 1 + Number(command.key % GROUPS);
    const earliest = SLOTS_PER_TURN * (group === 0 ? latestTurn + 1 : turnOfBarrier);
    offset += 1;
    const slot = Math.max(earliest, (slotByGroup.get(group) ?? 0) + (offset % 2));
    const turn = Math.floor(slot / SLOTS_PER_TURN);
    slotByGroup.set(group, slot);
    if (group === 0) turnOfBarrier = turn;
    else latestTurn = Math.max(latestTurn, turn);
    return { group, slot, offset };
  };
};

/** Linearizable histories of at most so many operations. */
export const linearizable = (maxLength: number, scope: Scope): fc.Arbitrary<MapHistory> =>
  fc.array(plan(scope), { maxLength, size: 'max' }).map(simulate);

/** The same without one position missing: every operation was answered. */
export const answered = (maxLength: number, scope: Scope): fc.Arbitrary<MapHistory> =>
  fc.array(plan(scope).map((each): Plan => ({ ...each, fate: 'answered' })), { maxLength, size: 'max' }).map(simulate);

/** Histories some of whose results or times are not what happened. Positions stay as they were, and so may be wrong. */
export const corrupted = (maxLength: number, scope: Scope): fc.Arbitrary<MapHistory> =>
  fc
    .tuple(fc.oneof(linearizable(maxLength, scope), answered(maxLength, scope)), fc.array(corruption(scope), { maxLength: 3 }))
    .map(([history, corruptions]) => corruptions.reduce((so, corrupt) => corrupt(so), history));

type Corruption = (history: MapHistory) => MapHistory;

const corruption = ({ values, ticks }: Scope): fc.Arbitrary<Corruption> => {
  const value = fc.bigInt({ min: 0n, max: values - 1n });
  const shift = fc.integer({ min: -ticks, max: ticks });
  const result: fc.Arbitrary<Result> = fc.oneof(
    fc.constantFrom<Result>({ type: 'absent' }, { type: 'inserted' }),
    value.map((value): Result => ({ type: 'found', value })),
    value.map((value): Result => ({ type: 'removed', value })),
    value.map((previous): Result => ({ type: 'updated', previous })),
  );
  const ofCompleted = fc.oneof(
    result.map((result) => (operation: Answered): MapOperation => ({ ...operation, result })),
    fc.nat().map((which) => (operation: Answered, history: MapHistory): MapOperation => {
      const alike = history.filter((other): other is Answered => other.type === 'completed' && other.command.type === operation.command.type);
      return { ...operation, result: (alike[which % alike.length] as Answered).result };
    }),
    fc.tuple(shift, shift).map(([a, b]) => (operation: Answered): MapOperation => {
      const [call, end] = [operation.call + a, operation.return + b];
      return { ...operation, call: Math.min(call, end), return: Math.max(call, end) };
    }),
  );
  return fc.tuple(fc.nat(), ofCompleted).map(([which, change]) => (history) => {
    const chosen = history[which % history.length];
    return chosen?.type !== 'completed' ? history : history.with(which % history.length, change(chosen, history));
  });
};

type Answered = Completed<Command, Result>;

/** The place of the first entry whose key is not below `key`. */
const placeOf = (entries: readonly Entry[], key: bigint): number => {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((entries[middle] as Entry)[0] < key) low = middle + 1;
    else high = middle;
  }
  return low;
};

const nameOf = (result: Result): string => {
  switch (result.type) {
    case 'absent':
    case 'inserted':
      return result.type;
    case 'found':
    case 'exists':
    case 'removed':
      return `${result.type} ${result.value}`;
    case 'updated':
      return `${result.type} ${result.previous}`;
    case 'entries':
      return `${result.type} ${result.entries.join(';')}`;
  }
};
