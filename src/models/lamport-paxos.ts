/**
 * Single-decree Paxos as Lamport specified it ("The part-time parliament", 1998; "Paxos made simple", 2001): the explorer's
 * second example, as its counts are known to the digit.
 *
 * Three acceptors, two values. Ballots are numbers that belong to nobody, and messages, once sent, can be received at any
 * time, by everyone, again and again: a set that only grows. Votes of a quorum in one ballot choose their value.
 */

import type { System } from '../check/explore/system.js';

const ACCEPTORS = [0, 1, 2];
const VALUES = [0, 1];
const NONE = -1;

/** What an acceptor answers to a ballot: the ballot and the value of its last vote. */
type Promise = { readonly ballot: number; readonly value: number };

type Acceptor = { readonly promised: number; readonly vote: Promise };

type State = {
  readonly acceptors: readonly Acceptor[];
  /** Phase 1a: the ballots that were begun, as bits. */
  readonly begun: number;
  /** Phase 1b, by ballot and acceptor. */
  readonly promises: readonly (readonly (Promise | null)[])[];
  /** Phase 2a: the value of each ballot. */
  readonly proposed: readonly number[];
  /** Phase 2b: who voted in each ballot, as bits. */
  readonly voters: readonly number[];
};

type Action =
  | { readonly type: 'begins'; readonly ballot: number }
  | { readonly type: 'promises' | 'votes'; readonly acceptor: number; readonly ballot: number }
  | { readonly type: 'proposes'; readonly ballot: number; readonly value: number };

const isQuorum = (acceptors: readonly number[]): boolean => 2 * acceptors.length > ACCEPTORS.length;
const QUORUMS = [[0, 1], [0, 2], [1, 2], ACCEPTORS];

export const lamportPaxos = (size: number): System<State, Action> => {
  const ballots = Array.from({ length: size }, (_, ballot) => ballot);

  return {
    name: 'lamport-paxos',
    initial: [
      {
        acceptors: ACCEPTORS.map(() => ({ promised: NONE, vote: { ballot: NONE, value: NONE } })),
        begun: 0,
        promises: ballots.map(() => ACCEPTORS.map(() => null)),
        proposed: ballots.map(() => NONE),
        voters: ballots.map(() => 0),
      },
    ],

    actions: (state) => {
      const possible: Action[] = [];
      for (const ballot of ballots) {
        possible.push({ type: 'begins', ballot });
        if (state.proposed[ballot] === NONE) for (const value of VALUES) if (mayPropose(state.promises[ballot]!, value)) possible.push({ type: 'proposes', ballot, value });
        for (const acceptor of ACCEPTORS) {
          const { promised } = state.acceptors[acceptor]!;
          if ((state.begun >> ballot) & 1 && ballot > promised) possible.push({ type: 'promises', acceptor, ballot });
          if (state.proposed[ballot] !== NONE && ballot >= promised) possible.push({ type: 'votes', acceptor, ballot });
        }
      }
      return possible;
    },

    step: (state, action) => {
      const { ballot } = action;
      switch (action.type) {
        case 'begins':
          return (state.begun >> ballot) & 1 ? state : { ...state, begun: state.begun | (1 << ballot) };
        case 'promises': {
          const { vote } = state.acceptors[action.acceptor]!;
          return {
            ...state,
            acceptors: state.acceptors.with(action.acceptor, { promised: ballot, vote }),
            promises: state.promises.with(ballot, state.promises[ballot]!.with(action.acceptor, vote)),
          };
        }
        case 'proposes':
          return { ...state, proposed: state.proposed.with(ballot, action.value) };
        case 'votes':
          if ((state.voters[ballot]! >> action.acceptor) & 1) return state;
          return {
            ...state,
            acceptors: state.acceptors.with(action.acceptor, { promised: ballot, vote: { ballot, value: state.proposed[ballot]! } }),
            voters: state.voters.with(ballot, state.voters[ballot]! | (1 << action.acceptor)),
          };
      }
    },

    encode: ({ acceptors, begun, promises, proposed, voters }, { word }) => {
      word(begun);
      for (const { promised, vote } of acceptors) word(packed(vote) * 64 + promised);
      for (const ballot of ballots) {
        word(proposed[ballot]! * 64 + voters[ballot]!);
        const [first, second, third] = promises[ballot]!;
        word((codeOf(first) << 20) | (codeOf(second) << 10) | codeOf(third));
      }
    },

    say: (action) => {
      switch (action.type) {
        case 'begins':
          return `ballot ${action.ballot} begins`;
        case 'promises':
        case 'votes':
          return `acceptor ${action.acceptor} ${action.type} in ballot ${action.ballot}`;
        case 'proposes':
          return `ballot ${action.ballot} proposes value ${action.value}`;
      }
    },

    clauses: {
      always: {
        'at most one value is chosen': { when: (state) => chosenIn(state).length > 0, holds: (state) => chosenIn(state).length === 1 },
        'no vote is above the promise': ({ acceptors }) => acceptors.every(({ promised, vote }) => vote.ballot <= promised),
      },
      stepwise: {
        'a promise is never taken back': (before, after) => after.acceptors.every(({ promised }, acceptor) => promised >= before.acceptors[acceptor]!.promised),
      },
      sometimes: {
        'a value is chosen': (state) => chosenIn(state).length > 0,
        'a value is chosen in every ballot': ({ voters }) => voters.every((who) => isQuorum(membersOf(who))),
      },
    },
  };
};

/** Whether a quorum's promises allow a value: nobody in it has voted, or the highest of its votes was for that value. */
const mayPropose = (promises: readonly (Promise | null)[], value: number): boolean =>
  QUORUMS.some((quorum) => {
    let highest: Promise | undefined;
    for (const acceptor of quorum) {
      const promise = promises[acceptor] ?? undefined;
      if (promise === undefined) return false;
      if (highest === undefined || promise.ballot > highest.ballot) highest = promise;
    }
    return highest?.ballot === NONE || highest?.value === value;
  });

const membersOf = (acceptors: number): readonly number[] => ACCEPTORS.filter((acceptor) => (acceptors >> acceptor) & 1);

const chosenIn = ({ proposed, voters }: State): readonly number[] => [...new Set(proposed.filter((_, ballot) => isQuorum(membersOf(voters[ballot]!))))];

const packed = ({ ballot, value }: Promise): number => 4 * (ballot + 1) + value + 1;
const codeOf = (promise: Promise | null | undefined): number => (promise == null ? 0 : packed(promise) + 1);
