/**
 * The junctions that a search has abandoned, and those that are no better (Lowe 2017, with dominance).
 *
 * What may still happen after a junction depends on its return, on the state, and on who waits. Of two junctions alike in
 * these, the one that has *fewer reads waiting*, or *more writes and crashed operations to spare*, is at least as good:
 * a read changes nothing, so a linearization stays one without it; and what may be left out need not be taken. So whatever
 * is no better than an abandoned junction is abandoned unseen.
 *
 * And of what crashed, an entry says only how often it has to be used up for nothing to help (`search.ts`, R8): who has used
 * that much and more, of whatever else as little as may be, is no better either.
 *
 * Entries lie in one array, each with the words of its masks, and hang together by the hash of what must be equal. A set of
 * open operations is a mask over slots. Two operations that are ever open together have different slots, so at one event a
 * mask says which they are, and as many words are taken as there are slots: more than 32 are nothing special.
 */

/** What a search knows at a junction. Operations are those that are called and not placed. */
export type Junction = {
  readonly event: number;
  /** Reads whose answer is not right yet. */
  readonly reads: readonly number[];
  /** What has to take effect before it returns. */
  readonly required: readonly number[];
  /** What may take effect before it returns, or not. */
  readonly spare: readonly number[];
  /** Which crashed operations took effect, as `uses` numbers them. */
  readonly used: number;
};

export type DeadEnds = {
  /** What must be used up for the entry to hold that is at least as good as this junction, if there is one. */
  readonly find: (junction: Junction, state: number) => number | undefined;
  readonly add: (junction: Junction, state: number) => void;
};

/** Before the words of its masks, an entry holds these: the next one of the same hash, and what must be equal. */
const [NEXT, EVENT, STATE, USED, MASKS] = [0, 1, 2, 3, 4];

export const rememberDeadEnds = (slotOf: Int32Array, slots: number, isWithin: (used: number, other: number) => boolean): DeadEnds => {
  const words = Math.max(1, (slots + 31) >> 5);
  const size = MASKS + 3 * words;
  const masks = new Int32Array(3 * words);
  let entries = new Int32Array(size << 6);
  let taken = size; // the entry at 0 is nobody's: it ends a chain
  let heads = new Int32Array(1 << 6);

  const fill = (operations: readonly number[], from: number): void => {
    for (const operation of operations) {
      const slot = slotOf[operation]!;
      masks[from + (slot >> 5)]! |= 1 << (slot & 31);
    }
  };
  const maskOf = ({ required, reads, spare }: Junction): void => {
    masks.fill(0);
    fill(required, 0);
    fill(reads, words);
    fill(spare, 2 * words);
  };
  const hashOf = (event: number, state: number, at: number, of: Int32Array): number => {
    let hash = Math.imul(event, 0x9e3779b1) ^ Math.imul(state, 0x85ebca6b);
    for (let i = 0; i < words; i += 1) hash = Math.imul(hash ^ of[at + i]!, 0xc2b2ae35) ^ (hash >>> 15);
    return (hash ^ (hash >>> 16)) >>> 0;
  };
  /** Whether the junction in `masks` is no better than the entry at `at`. */
  const isDominated = (at: number, event: number, state: number, used: number): boolean => {
    if (entries[at + EVENT] !== event || entries[at + STATE] !== state) return false;
    for (let i = 0; i < words; i += 1) {
      const mask = at + MASKS + i;
      if (entries[mask] !== masks[i]) return false;
      if ((entries[mask + words]! & ~masks[words + i]!) !== 0) return false;
      if ((masks[2 * words + i]! & ~entries[mask + 2 * words]!) !== 0) return false;
    }
    return isWithin(entries[at + USED]!, used);
  };
  const grow = (): void => {
    const more = new Int32Array(2 * entries.length);
    more.set(entries);
    entries = more;
    heads = new Int32Array(2 * heads.length);
    for (let at = size; at < taken; at += size) link(at, hashOf(entries[at + EVENT]!, entries[at + STATE]!, at + MASKS, entries));
  };
  const link = (at: number, hash: number): void => {
    const head = hash & (heads.length - 1);
    entries[at + NEXT] = heads[head]!;
    heads[head] = at;
  };

  return {
    find: (junction, state) => {
      maskOf(junction);
      const hash = hashOf(junction.event, state, 0, masks);
      for (let at = heads[hash & (heads.length - 1)]!; at !== 0; at = entries[at + NEXT]!)
        if (isDominated(at, junction.event, state, junction.used)) return entries[at + USED]!;
      return undefined;
    },
    add: (junction, state) => {
      maskOf(junction);
      if (taken + size > entries.length) grow();
      entries[taken + EVENT] = junction.event;
      entries[taken + STATE] = state;
      entries[taken + USED] = junction.used;
      entries.set(masks, taken + MASKS);
      link(taken, hashOf(junction.event, state, 0, masks));
      taken += size;
    },
  };
};

/** So many steps from one multiset to another are kept. */
const MOST_KNOWN = 2 ** 22;

/**
 * Multisets of classes of crashed operations, by number: 0 is the empty one. Crashed operations of a class may stand for each
 * other, so only how many of each took effect matters.
 */
export const uses = () => {
  const members: (readonly number[])[] = [[]];
  const numbers = new Map([['', 0]]);
  const successors = new Map<string, number>();
  let [counted, counts] = [0, new Map<number, number>()]; // of the one that was asked for last
  const numberOf = (some: readonly number[]): number => {
    const name = some.join();
    const number = numbers.get(name) ?? members.length;
    if (number === members.length) members.push(some);
    numbers.set(name, number);
    return number;
  };
  const known = (step: string, make: () => readonly number[]): number => {
    const number = successors.get(step) ?? numberOf(make());
    if (successors.size === MOST_KNOWN) successors.clear();
    successors.set(step, number);
    return number;
  };
  return {
    /** The multiset with one more of a class. */
    with: (used: number, kind: number): number => known(`${used},${kind}`, () => [...members[used]!, kind].sort((a, b) => a - b)),
    /** The multiset with one less of a class, if it has any. */
    without: (used: number, kind: number): number =>
      known(`${used}-${kind}`, () => {
        const at = members[used]!.indexOf(kind);
        return at < 0 ? members[used]! : members[used]!.toSpliced(at, 1);
      }),
    /** The smallest multiset that both are within. */
    joined: (used: number, other: number): number => {
      if (used === other || other === 0) return used;
      if (used === 0) return other;
      return known(`${used}|${other}`, () => merged(members[used]!, members[other]!));
    },
    /** Only what it holds of some classes. */
    only: (used: number, kinds: readonly number[]): number => (kinds.length === 0 ? 0 : numberOf(members[used]!.filter((kind) => kinds.includes(kind)))),
    countsOf: (used: number): ReadonlyMap<number, number> => {
      if (counted !== used) {
        counts = new Map();
        for (const member of members[used]!) counts.set(member, (counts.get(member) ?? 0) + 1);
        counted = used;
      }
      return counts;
    },
    /** Whether one is no larger than another. */
    isWithin: (used: number, other: number): boolean => {
      if (used === other || used === 0) return true;
      const [few, many] = [members[used]!, members[other]!];
      let i = 0;
      for (let j = 0; i < few.length && j < many.length; j += 1) if (few[i] === many[j]) i += 1;
      return i === few.length;
    },
  };
};

/** Of two sorted lists: what either holds, as often as the one that holds more of it. */
const merged = (some: readonly number[], others: readonly number[]): readonly number[] => {
  const all: number[] = [];
  for (let i = 0, j = 0; i < some.length || j < others.length; ) {
    const [a, b] = [some[i] ?? Infinity, others[j] ?? Infinity];
    all.push(Math.min(a, b));
    if (a <= b) i += 1;
    if (b <= a) j += 1;
  }
  return all;
};
