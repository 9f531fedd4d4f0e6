/**
 * Judges whether a history is linearizable. The judge is exact: `ok` comes with an order that `replay` can check without
 * trusting it, `illegal` with operations that contradict each other whatever the others did, and `unknown` says which budget
 * ran out, and where. Cheapest first:
 *
 * 1. the order that positions promise, if it holds: O(n log n) (`witness.ts`);
 * 2. per component of keys (`components.ts`), where the model is one of registers: zones, if each value is left once
 *    (`zones.ts`), after what can be said of crashed operations (`normalise.ts`): O(n log n);
 * 3. where reads tell of all that was appended, the order that they tell (`prefixes.ts`): O(n log n);
 * 4. a just-in-time search (`search.ts`). Keys that are tied by scans are first looked at one by one, to refute.
 *
 * The orders of the components are joined into one (`interleave.ts`). A promise that does not hold proves nothing about the
 * history, and the other procedures decide. But what made it was at fault.
 */

import { accessesOf, isExplainedBy, type Accesses } from './accesses.js';
import { argumentOf, whyMany } from './argument.js';
import { componentsOf, partsOf } from './components.js';
import { contradictionIn } from './contradiction.js';
import { endOf, type History, type Operation } from './history.js';
import { interleaved } from './interleave.js';
import type { Model } from './model.js';
import { registerJudge } from './registers.js';
import { replay } from './replay.js';
import { decideService } from './services.js';
import { promisedOrder } from './witness.js';

export type Verdict =
  | { readonly type: 'ok'; readonly procedure: 'witness' | 'zones' | 'prefixes' | 'search'; readonly linearization: readonly number[] }
  | { readonly type: 'illegal'; readonly procedure: 'zones' | 'prefixes' | 'search'; readonly certificate: Certificate }
  | { readonly type: 'unknown'; readonly exhausted: 'nodes'; readonly budget: number; readonly window: Window };

/** Operations of the history that contradict each other, whatever the others did. */
export type Certificate = {
  /** Their ids, by call. */
  readonly operations: readonly number[];
  /** One sentence per step of the argument. It names operation 12 as `{12}`. */
  readonly argument: readonly string[];
  /** No operation of it can be left out: that was proved. */
  readonly isMinimal: boolean;
  /** No fewer operations that touch the same keys contradict each other: that was proved. It is a smallest one, if it names no more. */
  readonly atLeast: number;
};

/** Where the budget ran out: the operations that were open there, and the instants between which no order was found. */
export type Window = { readonly from: number; readonly to: number; readonly operations: readonly number[] };

export type Options = {
  /** Junctions that the search may abandon in each component. Bounds its time and its memory. */
  readonly nodes?: number;
  /** The M of the deterministic merge that made the positions. */
  readonly slotsPerTurn?: number;
};

/** Whether some order of the operations respects real time and explains every result. */
export const judge = <S, C, R>(
  model: Model<S, C, R>,
  history: History<C, R>,
  { nodes = 1_000_000, slotsPerTurn = 1 }: Options = {},
): Verdict => {
  const accesses = model.registers && accessesOf(model.registers, history);
  const promised = promisedOrder(history, slotsPerTurn);
  if (promised !== undefined) {
    const linearization = once(() => Array.from(promised, (i) => history[i]!.id));
    if (accesses === undefined ? replay(model, history, linearization()).length === 0 : isExplainedBy(accesses, promised)) return okBy('witness', linearization);
  }

  const finding = accesses === undefined ? findingOn(model, history, nodes) : findingOnRegisters(accesses, nodes);
  switch (finding.type) {
    case 'ok':
      return okBy(finding.procedure, once(() => Array.from(finding.order(), (i) => history[i]!.id)));
    case 'illegal': {
      const component = finding.component.map((i) => history[i]!).sort((a, b) => a.call - b.call);
      const suspects = new Set(finding.suspects.map((i) => history[i]!));
      const certificate = once(() => certificateOf(model, component, suspects)); // That there is one is certain.
      return {
        type: 'illegal',
        procedure: finding.procedure,
        get certificate() {
          return certificate();
        },
      };
    }
    case 'unknown': {
      const { from, to, component } = finding;
      const open = component.map((i) => history[i]!).filter((operation) => operation.call <= to && endOf(operation) >= from);
      return { type: 'unknown', exhausted: 'nodes', budget: nodes, window: { from, to, operations: open.map(({ id }) => id) } };
    }
  }
};

/** What is made when somebody wants to see it first. */
const once = <T>(make: () => T): (() => T) => {
  let made: { readonly it: T } | undefined;
  return () => (made ??= { it: make() }).it;
};

const okBy = (procedure: Extract<Verdict, { readonly type: 'ok' }>['procedure'], linearization: () => readonly number[]): Verdict => ({
  type: 'ok',
  procedure,
  get linearization() {
    return linearization();
  },
});

const certificateOf = <S, C, R>(model: Model<S, C, R>, component: History<C, R>, suspects: ReadonlySet<Operation<C, R>>): Certificate => {
  const { operations, isMinimal, atLeast } = contradictionIn(model, component, [...component.keys()].filter((i) => suspects.has(component[i]!)));
  const named = operations.map((i) => component[i]!);
  const isNamed = new Set(operations);
  const rest = component.filter((_, i) => !isNamed.has(i));
  return { operations: named.map(({ id }) => id), argument: [...argumentOf(model, named, rest), ...whyMany(named.length, isMinimal, atLeast)], isMinimal, atLeast };
};

/** What was found, the operations by their index in the history. */
type Finding = Ordered | Illegal | Unknown;
type Ordered = { readonly type: 'ok'; readonly procedure: 'zones' | 'prefixes' | 'search'; readonly order: () => Int32Array };
type Illegal = { readonly type: 'illegal'; readonly procedure: 'zones' | 'prefixes' | 'search'; readonly component: readonly number[]; readonly suspects: readonly number[] };
type Unknown = { readonly type: 'unknown'; readonly component: readonly number[]; readonly from: number; readonly to: number };

/** Component by component, each of which may be one of registers. */
const findingOn = <S, C, R>(model: Model<S, C, R>, history: History<C, R>, nodes: number): Finding => {
  const components = componentsOf(history, model.spansOf);
  const chains = collect(history.length);
  let procedure: Ordered['procedure'] = 'zones';
  let unknown: Unknown | undefined;
  for (const component of components) {
    const part = component.map((i) => history[i]!);
    const accesses = components.length === 1 ? undefined : model.registers && accessesOf(model.registers, part);
    const finding = accesses === undefined ? findingOnService(model, part, nodes) : findingOnRegisters(accesses, nodes);
    if (finding.type !== 'ok') {
      const named = { ...finding, component: finding.component.map((i) => component[i]!) };
      if (named.type === 'illegal') return { ...named, suspects: named.suspects.map((i) => component[i]!) };
      unknown ??= named;
      continue;
    }
    if (procedure !== 'search' && finding.procedure !== 'zones') ({ procedure } = finding);
    chains.begin();
    for (const i of finding.order()) chains.add(component[i]!);
  }
  return unknown ?? { type: 'ok', procedure, order: () => chains.joined(Float64Array.from(history, endOf)) };
};

const findingOnService = <S, C, R>(model: Model<S, C, R>, history: History<C, R>, nodes: number): Finding => {
  const component = [...history.keys()].sort((a, b) => history[a]!.call - history[b]!.call || a - b);
  const decision = decideService(model, component.map((i) => history[i]!), nodes);
  switch (decision.type) {
    case 'ok':
      return { type: 'ok', procedure: decision.procedure, order: () => Int32Array.from(decision.order, (i) => component[i]!) };
    case 'illegal':
      return { ...decision, component, suspects: decision.suspects.map((i) => component[i]!) };
    case 'unknown':
      return { ...decision, component };
  }
};

const findingOnRegisters = (accesses: Accesses, nodes: number): Finding => {
  const { order, starts } = partsOf(accesses);
  const { decide } = registerJudge(accesses, order, nodes);
  const chains = collect(accesses.count);
  let procedure: Ordered['procedure'] = 'zones';
  let unknown: Unknown | undefined;
  for (let part = 0; part + 1 < starts.length; part += 1) {
    const [from, to] = [starts[part]!, starts[part + 1]!];
    if (from === to) continue;
    const decision = decide(from, to);
    if (decision.type === 'illegal') return { ...decision, component: [...order.subarray(from, to)] };
    if (decision.type === 'unknown') {
      unknown ??= { ...decision, component: [...order.subarray(from, to)] };
      continue;
    }
    if (decision.procedure === 'search') procedure = 'search';
    chains.begin();
    for (let at = from; at < decision.to; at += 1) chains.add(order[at]!);
    for (let at = decision.to; at < to; at += 1)
      if (accesses.end[order[at]!] !== Infinity) {
        chains.begin();
        chains.add(order[at]!);
      }
  }
  return unknown ?? { type: 'ok', procedure, order: () => chains.joined(accesses.end) };
};

/** Chains of at most so many operations in all, to be joined into one. */
const collect = (room: number) => {
  const operations = new Int32Array(room);
  const starts: number[] = [];
  let length = 0;
  return {
    begin: () => void starts.push(length),
    add: (operation: number) => {
      operations[length] = operation;
      length += 1;
    },
    joined: (end: Float64Array): Int32Array => interleaved(end, operations.subarray(0, length), starts),
  };
};
