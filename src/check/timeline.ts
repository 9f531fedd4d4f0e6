/**
 * Operations side by side: a lane for each client, a bar from each call to its return. Time is reduced to the order of calls
 * and returns, for the order is all that counts, and so no pause is long.
 */

/** An operation as a person is told of it. `return` is null where it never returned. */
export type Shown = {
  readonly id: number;
  readonly process: string;
  readonly call: number;
  readonly return: number | null;
  readonly says: string;
  /** Where it stands in the file. */
  readonly place?: string;
};

export type Bar = {
  readonly id: number;
  /** Of those that matter, from 1, by call; null for what merely happened meanwhile. */
  readonly number: number | null;
  /** Columns, both included; `to` is null where it is open to the end. */
  readonly from: number;
  readonly to: number | null;
  readonly says: string;
  readonly place?: string;
};

/** What one client had under way; two lanes for one that had two operations open at once. */
export type Lane = { readonly process: string; readonly bars: readonly Bar[] };

/** A sentence, and the operations that it speaks of. */
export type Step = { readonly text: string; readonly operations: readonly number[] };

export type Timeline = { readonly title: string; readonly argument: readonly Step[]; readonly lanes: readonly Lane[]; readonly columns: number };

/** The time-line of some operations. Those that the argument names are numbered, as are those that `named` adds. */
export const timelineOf = (operations: readonly Shown[], title: string, argument: readonly string[], named: readonly number[] = []): Timeline => {
  const byCall = operations.toSorted((a, b) => a.call - b.call || a.id - b.id);
  const matter = new Set([...named, ...argument.flatMap(mentioned)]);
  const numberById = new Map(byCall.filter(({ id }) => matter.has(id)).map(({ id }, i) => [id, i + 1]));
  const saysById = new Map(byCall.map(({ id, says }) => [id, says]));
  const columnOf = columnsOf(byCall);
  const bars = byCall.map(({ id, process, call, return: end, says, place }) => ({
    process,
    bar: {
      id,
      number: numberById.get(id) ?? null,
      from: columnOf(call, false),
      to: end === null ? null : columnOf(end, true),
      says,
      ...(place === undefined ? {} : { place }),
    },
  }));
  const inWords = (sentence: string): string => {
    const known = new Set(mentioned(sentence).length > MOST_IN_WORDS ? mentioned(sentence) : []);
    return sentence.replace(MENTION, (_, digits: string) => {
      const id = Number(digits);
      const number = numberById.get(id);
      const name = number === undefined ? `operation ${id}` : `#${number}`;
      if (number === undefined || known.has(id)) return name;
      known.add(id);
      return `${name} (${saysById.get(id) ?? ''})`;
    });
  };
  return {
    title,
    argument: argument.map((sentence) => ({ text: inWords(sentence), operations: mentioned(sentence) })),
    lanes: lanesOf(bars),
    columns: columnOf.count,
  };
};

/** How an argument names an operation. */
const MENTION = /\{(\d+)\}/g;

/** An operation is put into words where a sentence names it first, unless it names many. */
const MOST_IN_WORDS = 5;

const mentioned = (sentence: string): readonly number[] => [...new Set([...sentence.matchAll(MENTION)].map(([, id]) => Number(id)))];

/** Columns by instant: at equal times calls come before returns, for equal times are concurrent. */
const columnsOf = (operations: readonly Shown[]) => {
  const instants = new Map<string, readonly [time: number, isReturn: boolean]>();
  const note = (time: number, isReturn: boolean): void => void instants.set(`${time} ${isReturn}`, [time, isReturn]);
  operations.forEach(({ call, return: end }) => {
    note(call, false);
    if (end !== null) note(end, true);
  });
  const sorted = [...instants].sort(([, [a, isA]], [, [b, isB]]) => a - b || Number(isA) - Number(isB));
  const columnByInstant = new Map(sorted.map(([key], column) => [key, column]));
  return Object.assign((time: number, isReturn: boolean): number => columnByInstant.get(`${time} ${isReturn}`) ?? 0, { count: sorted.length });
};

/** Lanes of clients, by name; each bar in the first lane of its client that is free. */
const lanesOf = (bars: readonly { readonly process: string; readonly bar: Bar }[]): readonly Lane[] => {
  const lanesByProcess = new Map<string, { process: string; bars: Bar[] }[]>();
  for (const { process, bar } of bars) {
    const lanes = lanesByProcess.get(process) ?? [];
    lanesByProcess.set(process, lanes);
    const free = lanes.find((lane) => lane.bars.every(({ to }) => to !== null && to < bar.from));
    if (free === undefined) lanes.push({ process, bars: [bar] });
    else free.bars.push(bar);
  }
  return [...lanesByProcess].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true })).flatMap(([, lanes]) => lanes);
};
