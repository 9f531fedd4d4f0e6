/**
 * The states that a search has seen: their fingerprints, and from which state each was reached first.
 *
 * An open-addressed table over typed arrays, about 40 bytes a state. The arrays may lie in shared memory, and several
 * threads may then add to it at once: a slot is claimed by compare-and-exchange, filled, and only then told to others.
 * Every thread numbers its states from blocks of its own, so that threads seldom write where another one just did.
 */

export type Memory = {
  /** Word 0: the numbers below this one are given out, in blocks; not all of them need be used. */
  readonly header: Int32Array;
  /** Pairs of words: number of a state plus 1 (0: free; -1: claimed), and the lower half of its fingerprint. */
  readonly slots: Int32Array;
  readonly highs: Int32Array;
  readonly lows: Int32Array;
  readonly parents: Int32Array;
};

/** The parent of a state in which runs start. */
export const NOBODY = -1;

const CLAIMED = -1;
const BLOCK = 1024;

/** Memory for up to `states` states, a power of two; shared between threads if it is to be. */
export const memoryFor = (states: number, isShared: boolean): Memory => {
  const words = (length: number): Int32Array =>
    isShared ? new Int32Array(new SharedArrayBuffer(length * Int32Array.BYTES_PER_ELEMENT)) : new Int32Array(length);
  return { header: words(1), slots: words(4 * states), highs: words(states), lows: words(states), parents: words(states) };
};

/** The bytes that a memory takes. */
export const bytesOf = (memory: Memory): number => Object.values(memory).reduce((sum, words) => sum + words.byteLength, 0);

/** How many states it can hold. */
export const capacityOf = ({ highs }: Memory): number => highs.length;

/** How many numbers are given out. */
export const givenOut = ({ header }: Memory): number => Atomics.load(header, 0);

/** One thread's way to add states. */
export type Visited = {
  /** Whether there is room for so many more states. Whoever adds asks first. */
  readonly hasRoom: (states: number) => boolean;
  /** Adds a state, unless it is there: its number if it is new, else the complement of its number. */
  readonly add: (high: number, low: number, parent: number) => number;
  /** How many states were added here. Where only one thread adds, they are numbered from 0 on, without a gap. */
  readonly count: () => number;
  readonly memory: () => Memory;
  /** From now on, states are added there: what was added here must be there too. */
  readonly moveTo: (memory: Memory) => void;
};

export const visited = (first: Memory): Visited => {
  let memory = first;
  let { header, slots, highs, lows, parents } = first;
  let last = (slots.length >> 1) - 1;
  let next = 0;
  let end = 0;
  let count = 0;
  const blocks: number[] = [];

  const number = (): number => {
    if (next === end) {
      next = blocks.shift() ?? Atomics.add(header, 0, BLOCK);
      end = next + BLOCK;
    }
    next += 1;
    return next - 1;
  };

  return {
    hasRoom: (states) => {
      while (end - next + blocks.length * BLOCK < states) blocks.push(Atomics.add(header, 0, BLOCK));
      return blocks.length === 0 || blocks[blocks.length - 1]! + BLOCK <= highs.length;
    },
    add: (high, low, parent) => {
      for (let at = (low ^ high) & last; ; at = (at + 1) & last) {
        let held = Atomics.load(slots, 2 * at);
        if (held === 0) {
          held = Atomics.compareExchange(slots, 2 * at, 0, CLAIMED);
          if (held === 0) {
            const id = number();
            count += 1;
            highs[id] = high;
            lows[id] = low;
            parents[id] = parent;
            slots[2 * at + 1] = low;
            Atomics.store(slots, 2 * at, id + 1);
            return id;
          }
        }
        while (held === CLAIMED) held = Atomics.load(slots, 2 * at);
        if (slots[2 * at + 1] === low && highs[held - 1] === high) return ~(held - 1);
      }
    },
    count: () => count,
    memory: () => memory,
    moveTo: (other) => {
      memory = other;
      ({ header, slots, highs, lows, parents } = other);
      last = (slots.length >> 1) - 1;
    },
  };
};

/** The same states in memory for so many. Nobody may add to the old one meanwhile. */
export const moved = (memory: Memory, states: number, isShared: boolean): Memory => {
  const larger = memoryFor(states, isShared);
  const last = (larger.slots.length >> 1) - 1;
  larger.header.set(memory.header);
  larger.highs.set(memory.highs);
  larger.lows.set(memory.lows);
  larger.parents.set(memory.parents);
  for (let from = 0; from < memory.slots.length; from += 2) {
    const held = memory.slots[from]!;
    if (held === 0) continue;
    const low = memory.slots[from + 1]!;
    let at = (low ^ larger.highs[held - 1]!) & last;
    while (larger.slots[2 * at] !== 0) at = (at + 1) & last;
    larger.slots[2 * at] = held;
    larger.slots[2 * at + 1] = low;
  }
  return larger;
};

/** The numbers of the states on the way to a state, from where a run starts. */
export const wayTo = ({ parents }: Memory, id: number): readonly number[] => {
  const way: number[] = [];
  for (let at = id; at !== NOBODY; at = parents[at]!) way.push(at);
  return way.reverse();
};

/** The fingerprint of a state. */
export const fingerprintIn = ({ highs, lows }: Memory, id: number): readonly [high: number, low: number] => [highs[id]!, lows[id]!];
