/**
 * Two-phase commit (Gray 1978; the specification is that of Gray and Lamport, "Consensus on transaction commit", 2006): the
 * explorer's first example, as its counts are known to the digit.
 *
 * Resource managers prepare or abort by themselves; the transaction manager commits when all have said that they are
 * prepared. Messages are never lost and never taken away: what was said once can be heard at any time.
 */

import type { System } from '../check/explore/system.js';

const WORKING = 0;
const PREPARED = 1;
const COMMITTED = 2;
const ABORTED = 3;

/** Managers as the bits of a number. */
type Managers = number;

type State = {
  /** By resource manager: working, prepared, committed or aborted. */
  readonly managers: readonly number[];
  /** The transaction manager: working, committed or aborted. */
  readonly decided: number;
  /** Those that the transaction manager knows to be prepared. */
  readonly known: Managers;
  /** Those that have said that they are. */
  readonly said: Managers;
};

type Action = {
  readonly type: 'is told of a prepared one' | 'commits' | 'aborts' | 'prepares' | 'gives up' | 'hears of the commit' | 'hears of the abort';
  /** The resource manager; -1: the transaction manager. */
  readonly who: number;
};

const TRANSACTION_MANAGER = -1;

export const twoPhaseCommit = (size: number): System<State, Action> => {
  const everyone: Managers = 2 ** size - 1;
  const ofEach = (type: Action['type']): readonly Action[] => Array.from({ length: size }, (_, who) => ({ type, who }));
  const told = ofEach('is told of a prepared one');
  const prepares = ofEach('prepares');
  const givesUp = ofEach('gives up');
  const hearsOfCommit = ofEach('hears of the commit');
  const hearsOfAbort = ofEach('hears of the abort');
  const commits: Action = { type: 'commits', who: TRANSACTION_MANAGER };
  const aborts: Action = { type: 'aborts', who: TRANSACTION_MANAGER };

  return {
    name: 'two-phase-commit',
    initial: [{ managers: Array.from({ length: size }, () => WORKING), decided: WORKING, known: 0, said: 0 }],

    actions: ({ managers, decided, known, said }) => {
      const possible: Action[] = [];
      if (decided === WORKING) {
        if (known === everyone) possible.push(commits);
        possible.push(aborts);
      }
      for (let who = 0; who < size; who += 1) {
        if (decided === WORKING && (said >> who) & 1) possible.push(told[who]!);
        if (managers[who] === WORKING) possible.push(prepares[who]!, givesUp[who]!);
        if (decided === COMMITTED) possible.push(hearsOfCommit[who]!);
        if (decided === ABORTED) possible.push(hearsOfAbort[who]!);
      }
      return possible;
    },

    step: (state, { type, who }) => {
      switch (type) {
        case 'is told of a prepared one':
          return { ...state, known: state.known | (1 << who) };
        case 'commits':
          return { ...state, decided: COMMITTED };
        case 'aborts':
          return { ...state, decided: ABORTED };
        case 'prepares':
          return { ...state, managers: state.managers.with(who, PREPARED), said: state.said | (1 << who) };
        case 'gives up':
        case 'hears of the abort':
          return { ...state, managers: state.managers.with(who, ABORTED) };
        case 'hears of the commit':
          return { ...state, managers: state.managers.with(who, COMMITTED) };
      }
    },

    encode: ({ managers, decided, known, said }, { word }) => {
      let all = decided;
      for (const manager of managers) all = 4 * all + manager;
      word(all | 0);
      word((known << 16) | said);
    },

    say: ({ type, who }) => `${who === TRANSACTION_MANAGER ? 'the transaction manager' : `manager ${who}`} ${type}`,

    clauses: {
      always: {
        'no manager commits while another aborts': ({ managers }) => !(managers.includes(COMMITTED) && managers.includes(ABORTED)),
        'whoever commits was told to': {
          when: ({ managers }) => managers.includes(COMMITTED),
          holds: ({ decided }) => decided === COMMITTED,
        },
      },
      stepwise: {
        'what is decided stays decided': (before, after) => before.decided === WORKING || after.decided === before.decided,
      },
      sometimes: {
        'all commit': ({ managers }) => managers.every((manager) => manager === COMMITTED),
        'all abort': ({ managers }) => managers.every((manager) => manager === ABORTED),
      },
    },

    symmetry: {
      size,
      permute: ({ managers, decided, known, said }, from) => ({
        managers: from.map((who) => managers[who]!),
        decided,
        known: renamed(known, from),
        said: renamed(said, from),
      }),
      signature: ({ managers, known, said }, who) => 4 * managers[who]! + 2 * ((known >> who) & 1) + ((said >> who) & 1),
    },
  };
};

const renamed = (managers: Managers, from: readonly number[]): Managers => from.reduce((all, who, i) => all | (((managers >> who) & 1) << i), 0);
