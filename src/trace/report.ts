/** What a check of a trace comes to: one verdict, what it rests on, and the first thing that is wrong. */
import type { Verdict } from '../check/linearizability.js';
import type { Checker, Found } from './checker.js';
import { CLAUSES } from './finding.js';
import { clausesOver, judgeHistory, WHOLE, type Violation } from './facts.js';

export type Report = {
  readonly verdict: 'ok' | 'broken' | 'unknown';
  readonly files: number;
  readonly events: number;
  readonly level: 'protocol' | 'execution';
  /** Lines that rest on what nobody wrote down: of a process without a trace, or one that was killed. */
  readonly unmatched: number;
  /** Replicas that were executed no more from the first barrier on at which a thread was missed. */
  readonly abandoned: readonly string[];
  /** Files that end in half a line. */
  readonly cut: readonly string[];
  /** Facts beyond those that clauses on whole runs were shown. */
  readonly dropped: number;
  /** The clauses that the run was held against. */
  readonly clauses: readonly string[];
  /** Clauses that it was not held against: somebody was killed, and what they ask for may be missing. */
  readonly notAsked: readonly string[];
  readonly operations: number;
  /** `not whole` where a client was killed: others may have seen what it had no time to tell of. */
  readonly history: Verdict['type'] | 'not written down' | 'not whole';
  readonly found?: Found;
  readonly violations: readonly Violation[];
};

/** Nodes of the search for a linearization. */
const BUDGET = 1_000_000;

/** The report of a checker that has come to its end. */
export const reportOf = (checker: Checker, budget = BUDGET): Report => {
  const { stage, feeds } = checker;
  const found = checker.found();
  const { events, cut, ended, all } = checker.played();
  const { level } = stage.setting;
  const common = { files: feeds.length, events, level, unmatched: stage.unmatched, abandoned: [...stage.abandoned], cut, dropped: stage.facts.dropped };
  if (found !== undefined) return { ...common, verdict: 'broken', clauses: [], notAsked: [], operations: 0, history: 'not written down', found, violations: [] };

  const last = checker.conclude();
  // Of a process that has no trace as little is known as of one that was killed.
  const isWhole = stage.setting.names.every((name) => stage.present.has(name)) && (stage.setting.world === 'simulated' || ended === all);
  const clauses = clausesOver(stage.setting, stage.facts, isWhole);
  const violations = Object.entries(clauses)
    .map(([clause, violationsOf]) => ({ clause, violations: violationsOf() }))
    .filter((one) => one.violations.length > 0);
  violations.push(...last);
  if (stage.owed.size > 0) violations.push({ clause: CLAUSES.durable, violations: [...stage.owed.values()] });
  const isWritten = level === 'execution' && stage.clients.length > 0;
  const isAsked = isWritten && checker.isHistoryWhole();
  const history = isAsked ? judgeHistory(stage.setting, stage.facts, budget) : undefined;
  if (history?.type === 'illegal') violations.push({ clause: LINEARIZABLE, violations: [`no order explains what the clients saw`] });
  return {
    ...common,
    verdict: violations.length > 0 ? 'broken' : history?.type === 'unknown' ? 'unknown' : 'ok',
    clauses: [...Object.keys(clauses), CLAUSES.durable, ...(isAsked ? [LINEARIZABLE] : [])],
    notAsked: [...(isWhole ? [] : WHOLE), ...(isWritten && !isAsked ? [LINEARIZABLE] : [])],
    operations: stage.facts.history.length,
    history: history?.type ?? (isWritten ? 'not whole' : 'not written down'),
    violations,
  };
};

const LINEARIZABLE = 'LIN-1: every client history is linearizable with respect to the sequential service';
