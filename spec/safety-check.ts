/**
 * What makes optimism safe: a command that was sent to one thread only is either shown not to concern any other thread,
 * before it is executed, or fails without a trace (paper, section V).
 *
 * The tree is shared by the threads of a replica and has no locks. Every thread owns a range of keys, and executes the
 * commands of its own group while the others execute theirs. What concerns all of them is executed under a barrier, at which
 * all threads have arrived; between two barriers lies an *epoch*.
 */

/** One command that came to one thread optimistically, and what became of it. */
export type Judgement = {
  readonly thread: number;
  readonly command: string;
  readonly passed: boolean;
  /** The leaf to which the inner nodes send the command's key, and the threads that own a key they send there. */
  readonly leaf: number;
  readonly owners: readonly number[];
  /** The nodes that its execution wrote. */
  readonly written: readonly number[];
  /** The tree before and after its execution, drawn without the entries in its leaves. */
  readonly structureBefore: string;
  readonly structureAfter: string;
};

/** A thread looked at, or wrote in, a part of the tree: a node or, where that is said, an entry. */
export type Access = { readonly epoch: number; readonly thread: number; readonly part: string; readonly mode: 'read' | 'write' };

/** What a replica made of a command: its result, or the condition that it failed. */
export type Outcome = { readonly replica: string; readonly command: string; readonly outcome: string };

/** What is known when a run is over. */
export type Facts = {
  readonly judgements: readonly Judgement[];
  readonly accesses: readonly Access[];
  readonly outcomes: readonly Outcome[];
};

/** The clauses: what violates each of them, given the facts of a run. */
export const clauses = {
  'SAF-1: a command that passed writes only the leaf of its key, and every key sent to that leaf belongs to its thread': ({
    judgements,
  }: Pick<Facts, 'judgements'>) =>
    judgements
      .filter(({ passed }) => passed)
      .filter(({ thread, owners, leaf, written }) => owners.some((owner) => owner !== thread) || written.some((node) => node !== leaf))
      .map(
        ({ thread, command, leaf, owners, written }) =>
          `${command} passed on t${thread} and wrote ${written.join(', ')}; leaf ${leaf} belongs to ${threads(owners)}`,
      ),

  'SAF-2: a command that passed changes no structure': ({ judgements }: Pick<Facts, 'judgements'>) =>
    judgements
      .filter(({ passed, structureBefore, structureAfter }) => passed && structureBefore !== structureAfter)
      .map(
        ({ thread, command, structureBefore, structureAfter }) =>
          `${command} passed on t${thread} and made ${structureAfter} of ${structureBefore}`,
      ),

  /**
   * Of nodes under opt-PSMR, where `update` is checked as well. P-SMR sends an update to its own group unchecked: two threads
   * may then write in a leaf on a boundary, though never in the same entry, and this clause is about entries there.
   */
  'SAF-3: between two barriers no thread touches what another one writes': ({ accesses }: Pick<Facts, 'accesses'>) => {
    const touching = grouped(accesses, partOf, ({ thread }) => thread);
    const writing = grouped(accesses.filter(({ mode }) => mode === 'write'), partOf, ({ thread }) => thread);
    return [...writing]
      .map(([part, writers]) => ({ part, writers, all: touching.get(part) ?? [] }))
      .filter(({ all }) => all.length > 1)
      .map(({ part, writers, all }) => `${part}: written by ${threads(writers)}, touched by ${threads(all)}`);
  },

  'SAF-4: the outcome of a command is the same at every replica, however their threads interleave': ({
    outcomes,
  }: Pick<Facts, 'outcomes'>) => {
    const outcomesByCommand = grouped(outcomes, ({ command }) => command, ({ outcome }) => outcome);
    return [...outcomesByCommand]
      .filter(([, different]) => different.length > 1)
      .map(([command, different]) => `${command}: ${different.join(' or ')}`);
  },
};

const partOf = ({ epoch, part }: Access): string => `${part} in epoch ${epoch}`;

const threads = (numbers: readonly number[]): string => numbers.map((thread) => `t${thread}`).join(', ');

/** The different values of the facts under each key. */
const grouped = <F, V>(facts: readonly F[], keyOf: (fact: F) => string, valueOf: (fact: F) => V): ReadonlyMap<string, readonly V[]> => {
  const valuesByKey = new Map<string, Set<V>>();
  for (const fact of facts) {
    const key = keyOf(fact);
    const values = valuesByKey.get(key);
    if (values === undefined) valuesByKey.set(key, new Set([valueOf(fact)]));
    else values.add(valueOf(fact));
  }
  return new Map([...valuesByKey].map(([key, values]) => [key, [...values]]));
};
