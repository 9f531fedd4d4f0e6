/** The judges of a measured run: what each asks, and what it makes of what it sees. Pure. */
import { judge } from '../check/linearizability.js';
import type { History } from '../check/history.js';
import { orderedMap, sayCommand, textOf, type Command, type Result } from '../service/b-plus-tree/index.js';
import type { Digest } from '../service/service.js';
import type { Judgement } from './result.js';

/** The digest of a replica, and where in the replicated order it was taken. */
export type Cut = { readonly replica: string; readonly digest: Digest; readonly place: string };

const wordsOf = ({ entries, high, low }: Digest): string =>
  `${entries} entries, digest ${high.toString(16).padStart(8, '0')}${low.toString(16).padStart(8, '0')}`;

/** Whether all replicas were in the same logical state at the same cut. */
export const judgeAgreement = (cuts: readonly Cut[], replicas: number): Judgement => {
  const name = 'replicas agree';
  const [first] = cuts;
  if (first === undefined || cuts.length < replicas)
    return { judge: name, verdict: 'incomplete', detail: `${cuts.length} of ${replicas} replicas gave a digest` };
  const other = cuts.find(({ digest, place }) => wordsOf(digest) !== wordsOf(first.digest) || place !== first.place);
  return other === undefined
    ? { judge: name, verdict: 'ok', detail: `${replicas} replicas at ${first.place}: ${wordsOf(first.digest)}` }
    : { judge: name, verdict: 'diverged', detail: `${first.replica}: ${wordsOf(first.digest)} at ${first.place}; ${other.replica}: ${wordsOf(other.digest)} at ${other.place}` };
};

/** Whether the tree holds all that was acknowledged, and nothing that was not. */
export const judgeLedger = (actual: Digest | undefined, expected: Digest, keys: number, unanswered: number): Judgement => {
  const name = 'nothing acknowledged is missing';
  if (actual === undefined) return { judge: name, verdict: 'incomplete', detail: 'no digest to compare' };
  if (unanswered > 0) return { judge: name, verdict: 'incomplete', detail: `${unanswered} commands were never answered` };
  return wordsOf(actual) === wordsOf(expected)
    ? { judge: name, verdict: 'ok', detail: `the answers to all writes, of ${keys} keys, add up to the tree: ${wordsOf(actual)}` }
    : { judge: name, verdict: 'lost', detail: `the tree: ${wordsOf(actual)}; by the answers: ${wordsOf(expected)}` };
};

/** Whether the recorded part of the history, all that happened to some keys, is linearizable. */
export const judgeHistory = (
  history: History<Command, Result>,
  keySpace: number,
  loaded: (key: number) => bigint | undefined,
  slotsPerTurn: number,
): Judgement => {
  const name = 'history is linearizable';
  const verdict = judge(orderedMap(keySpace, loaded), history, { slotsPerTurn, nodes: 100_000 });
  const what = `${history.length} operations`;
  switch (verdict.type) {
    case 'ok':
      return { judge: name, verdict: 'ok', detail: `${what}, by ${verdict.procedure === 'witness' ? 'the positions in their answers' : verdict.procedure}` };
    case 'illegal': {
      const named = new Set(verdict.certificate.operations);
      const contradictory = history.filter(({ id }) => named.has(id)).slice(-8).map(sayOperation);
      return { judge: name, verdict: 'not-linearizable', detail: `${what}; no order explains ${contradictory.join(' | ')}` };
    }
    case 'unknown':
      return { judge: name, verdict: 'unknown', detail: `${what}; gave up after ${verdict.budget} steps` };
  }
};

const sayOperation = (operation: History<Command, Result>[number]): string => {
  const { command } = operation;
  const what = sayCommand(command);
  return operation.type === 'pending'
    ? `${what}, called at ${operation.call}, never answered`
    : `${what} -> ${textOf(operation.result)}, from ${operation.call} to ${operation.return}`;
};
