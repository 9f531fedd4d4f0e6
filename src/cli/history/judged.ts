/** Judging a history part by part, and what is told of it: the verdict, and the operations that it is about. */
import { endOf, type Operation } from '../../check/history.js';
import { judge, type Verdict } from '../../check/linearizability.js';
import type { Span } from '../../check/model.js';
import type { Shown } from '../../check/timeline.js';
import { partsOf } from './parts.js';
import type { Subject } from './subject.js';

export type Finding = {
  readonly operations: number;
  /** How many were put aside for lack of memory. */
  readonly aside: number;
} & (
  | { readonly type: 'ok'; readonly procedure: Procedure }
  | { readonly type: 'illegal'; readonly procedure: Procedure; readonly argument: readonly string[]; readonly isMinimal: boolean; readonly scene: Scene }
  | { readonly type: 'unknown'; readonly budget: number; readonly scene: Scene }
);

type Procedure = Extract<Verdict, { readonly type: 'ok' }>['procedure'];

/** The operations that a verdict is about, by call, and some of those that happened meanwhile under the same keys. */
export type Scene = { readonly named: readonly number[]; readonly operations: readonly Shown[] };

export type Limits = {
  /** Junctions that the search may abandon, in each component. */
  readonly budget: number;
  /** Operations that are held in memory. */
  readonly held: number;
  /** Nobody asks why: looking for an argument takes longer than the verdict. */
  readonly isBrief?: boolean;
};

/** How far the work is: operations read, or parts judged. */
export type Tell = (how: { readonly type: 'read'; readonly operations: number } | { readonly type: 'judged'; readonly operations: number; readonly of: number }) => void;

/** Cheapest first. */
const PROCEDURES: readonly Procedure[] = ['witness', 'zones', 'prefixes', 'search'];

const NOTHING: Scene = { named: [], operations: [] };

/** Operations shown beside those that matter. */
const MOST_BESIDE = 24;

/** Operations shown of those among which a search gave up. */
const MOST_OPEN = 100;

/** Judges what the batches hold. The first part that is illegal settles it; one that is unknown does so if none is illegal. */
export const judged = async <S, C, R>(subject: Subject<S, C, R>, batches: AsyncIterable<readonly Operation<C, R>[]>, limits: Limits, tell: Tell): Promise<Finding> => {
  const parts = partsOf(subject, limits.held);
  try {
    for await (const batch of batches) {
      parts.add(batch);
      tell({ type: 'read', operations: parts.counted().operations });
    }
    const counted = parts.counted();
    let procedure: Procedure = 'witness';
    let done = 0;
    let unknown: Finding | undefined;
    for (const part of parts.taken()) {
      const verdict = judge(subject.model, part, { nodes: limits.budget, slotsPerTurn: subject.slotsPerTurn });
      switch (verdict.type) {
        case 'illegal': {
          if (limits.isBrief === true) return { ...counted, type: 'illegal', procedure: verdict.procedure, argument: [], isMinimal: false, scene: NOTHING };
          const { certificate } = verdict;
          return { ...counted, type: 'illegal', procedure: verdict.procedure, argument: certificate.argument, isMinimal: certificate.isMinimal, scene: sceneOf(subject, part, certificate.operations) };
        }
        case 'unknown':
          unknown ??= { ...counted, type: 'unknown', budget: verdict.budget, scene: sceneOf(subject, part, verdict.window.operations.slice(0, MOST_OPEN)) };
          break;
        case 'ok':
          if (PROCEDURES.indexOf(verdict.procedure) > PROCEDURES.indexOf(procedure)) procedure = verdict.procedure;
      }
      done += part.length;
      tell({ type: 'judged', operations: done, of: counted.operations });
    }
    return unknown ?? { ...counted, type: 'ok', procedure };
  } finally {
    parts.close();
  }
};

const sceneOf = <S, C, R>(subject: Subject<S, C, R>, part: readonly Operation<C, R>[], named: readonly number[]): Scene => {
  const matter = new Set(named);
  const main = part.filter(({ id }) => matter.has(id)).toSorted((a, b) => a.call - b.call);
  const spans = main.flatMap(({ command }) => subject.model.spansOf?.(command) ?? [EVERYWHERE]);
  const isAt = ({ command }: Operation<C, R>): boolean => (subject.model.spansOf?.(command) ?? [EVERYWHERE]).some((span) => spans.some((other) => meet(span, other)));
  const isBeside = (operation: Operation<C, R>): boolean =>
    main.some((other) => operation.call <= (other.type === 'completed' ? other.return : other.call) && endOf(operation) >= other.call);
  const beside = part.filter((operation) => !matter.has(operation.id) && isBeside(operation) && isAt(operation)).slice(0, MOST_BESIDE);
  return { named: main.map(({ id }) => id), operations: [...main, ...beside].map((operation) => shown(subject, operation)) };
};

/** Where a model does not tell its keys apart, every operation is about all of them. */
const EVERYWHERE: Span = { from: '', to: '' };

const meet = (a: Span, b: Span): boolean => a.from <= b.to && b.from <= a.to;

const shown = <S, C, R>({ caller, sayCommand, sayResult, linesOf }: Subject<S, C, R>, operation: Operation<C, R>): Shown => {
  const { id, session, command, call } = operation;
  const lines = [...new Set(linesOf(operation))];
  const answer = operation.type === 'completed' ? sayResult(command, operation.result) : '';
  return {
    id,
    process: `${caller} ${session}`,
    call,
    return: operation.type === 'completed' ? operation.return : null,
    says: operation.type === 'pending' ? `${sayCommand(command)}, ${lines.length < 2 ? 'never answered' : 'nobody knows how it ended'}` : answer === '' ? sayCommand(command) : `${sayCommand(command)} → ${answer}`,
    place: `${lines.length === 1 ? 'line' : 'lines'} ${lines.join(' and ')}`,
  };
};
