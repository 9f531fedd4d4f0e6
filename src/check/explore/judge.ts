/** What is asked of every state and step that a search meets: the clauses, how often each said something, and what broke one. */

import type { Action, Clauses } from './system.js';

export type Kind = 'always' | 'stepwise' | 'sometimes' | 'eventually';

/** How often a clause was asked, how often that meant something, and how often it was (`sometimes`) or was not so. */
export type Count = { readonly kind: Kind; asked: number; applied: number; held: number };

/** Where a clause was broken: in a state or, if it is one on steps, by a step that leads out of it. */
export type Breach = { readonly clause: string; readonly kind: Kind; readonly state: number };

export type Judge<S, A> = {
  readonly counts: ReadonlyMap<string, Count>;
  /** Whether a new state keeps all clauses; those that it breaks are noted. */
  readonly ofState: (state: S, id: number) => boolean;
  /** Whether a step from state `id` keeps all clauses. */
  readonly ofStep: (before: S, after: S, action: A, id: number) => boolean;
  /** Whether there is anything to ask of steps. */
  readonly asksOfSteps: boolean;
  /** The first breach of each clause. */
  readonly breaches: readonly Breach[];
};

export const judge = <S, A extends Action>({ always = {}, stepwise = {}, sometimes = {}, eventually = {} }: Clauses<S, A>): Judge<S, A> => {
  const counts = new Map<string, Count>();
  const breaches: Breach[] = [];
  const note = (breach: Breach): void => {
    if (!breaches.some(({ clause }) => clause === breach.clause)) breaches.push(breach);
  };
  const counted = (clause: string, kind: Kind): Count => {
    const count: Count = { kind, asked: 0, applied: 0, held: 0 };
    counts.set(clause, count);
    return count;
  };

  const ofStates = Object.entries(always).map(([clause, asked]) => {
    const [when, holds] = typeof asked === 'function' ? [undefined, asked] : [asked.when, asked.holds];
    return { clause, when, holds, count: counted(clause, 'always') };
  });
  const ofSteps = Object.entries(stepwise).map(([clause, holds]) => ({ clause, holds, count: counted(clause, 'stepwise') }));
  const sights = [
    ...Object.entries(sometimes).map(([clause, happens]) => ({ happens, count: counted(clause, 'sometimes') })),
    ...Object.entries(eventually).map(([clause, happens]) => ({ happens, count: counted(clause, 'eventually') })),
  ];

  return {
    counts,
    breaches,
    asksOfSteps: ofSteps.length > 0,
    ofState: (state, id) => {
      let isKept = true;
      for (const { clause, when, holds, count } of ofStates) {
        count.asked += 1;
        if (when !== undefined && !when(state)) continue;
        count.applied += 1;
        if (holds(state)) count.held += 1;
        else {
          note({ clause, kind: 'always', state: id });
          isKept = false;
        }
      }
      for (const { happens, count } of sights) {
        count.asked += 1;
        count.applied += 1;
        if (happens(state)) count.held += 1;
      }
      return isKept;
    },
    ofStep: (before, after, action, id) => {
      let isKept = true;
      for (const { clause, holds, count } of ofSteps) {
        count.asked += 1;
        count.applied += 1;
        if (holds(before, after, action)) count.held += 1;
        else {
          note({ clause, kind: 'stepwise', state: id });
          isKept = false;
        }
      }
      return isKept;
    },
  };
};
