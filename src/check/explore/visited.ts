/**
 * The states that a search has seen: their fingerprints, and from which state each was reached first.
 *
 * An open-addressed table over typed arrays, about 40 bytes a state. The arrays may lie in shared memory, and several
 * threads may then add to it at once: a slot is claimed by compare-and-exchange, filled, and only then told to others.
 */

export type Memory = {
  /** Word 0: how many states there are. */
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

export const countOf = ({ header }: Memory): number => Atomics.load(header, 0);

/**
 * Adds a state, unless it is there: its number if it is new, else the complement of its number. Numbers count from 0, in
 * the order of discovery. There must be room.
 */
export const add = ({ header, slots, highs, lows, parents }: Memory, high: number, low: number, parent: number): number => {
  const last = (slots.length >> 1) - 1;
  for (let at = (low ^ high) & last; ; at = (at + 1) & last) {
    let held = Atomics.load(slots, 2 * at);
    if (held === 0) {
      held = Atomics.compareExchange(slots, 2 * at, 0, CLAIMED);
      if (held === 0) {
        const id = Atomics.add(header, 0, 1);
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
};

/** The same states in memory for twice as many. Nobody may add to the old one meanwhile. */
export const grown = (memory: Memory, isShared: boolean): Memory => {
  const larger = memoryFor(2 * capacityOf(memory), isShared);
  const last = (larger.slots.length >> 1) - 1;
  const count = countOf(memory);
  larger.header[0] = count;
  larger.highs.set(memory.highs);
  larger.lows.set(memory.lows);
  larger.parents.set(memory.parents);
  for (let id = 0; id < count; id += 1) {
    let at = (larger.lows[id]! ^ larger.highs[id]!) & last;
    while (larger.slots[2 * at] !== 0) at = (at + 1) & last;
    larger.slots[2 * at] = id + 1;
    larger.slots[2 * at + 1] = larger.lows[id]!;
  }
  return larger;
};

/** The numbers of the states on the way to a state, from where a run starts. */
export const wayTo = ({ parents }: Memory, id: number): readonly number[] => {
  const way: number[] = [];
  for (let at = id; at !== NOBODY; at = parents[at]!) way.push(at);
  return way.reverse();
};
