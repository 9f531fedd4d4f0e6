/**
 * Whether something happens sooner or later in every run: a question about whole runs, answered on the graph of all states.
 *
 * A run that never reaches the goal stays among the states that do not, and either ends in one of them or goes round in
 * them for ever. So what is asked is whether, among these states alone, an end or a cycle can be reached from a start. It is
 * not enough to look along the paths of the search: of two paths that join, only the first would be followed, and a cycle
 * is never followed to its close.
 *
 * A cycle proves something only if it is fair: every action that must not be put off for ever is taken in it, or impossible
 * somewhere in it. Where a strongly connected component has both kinds of states for every such action, one cycle visits
 * them all.
 */

import type { Edge, Graph } from './graph.js';

/** A run that never reaches the goal: the states on the way, and those of the cycle that it ends in; none if it just ends. */
export type Lasso = { readonly clause: string; readonly way: readonly number[]; readonly cycle: readonly number[] };

/** One lasso for every end and every fair component that misses the goal of a clause, shortest way first. */
export const lassos = <S>(graph: Graph<S>, roots: number, fair: readonly string[]): readonly Lasso[] => {
  const edges = [...graph.edges()];
  return graph.clauses.flatMap((clause, number) => {
    const misses = (id: number): boolean => !graph.isReached(id, number);
    const inside = adjacency(edges.filter(({ from, to }) => misses(from) && misses(to)));
    const { reached, wayTo } = spread(inside, Array.from({ length: roots }, (_, id) => id).filter(misses));
    const leaving = new Set(edges.map(({ from }) => from));
    const ends = [...reached].filter((id) => !leaving.has(id) && !graph.isCut(id)).map((id) => ({ clause, way: wayTo(id), cycle: [] }));
    const enabled = enabledIn(edges);
    const cycles = componentsOf(inside, reached)
      .filter((component) => isFair(component, inside, enabled, fair))
      .map((component): Lasso => {
        const [first] = component;
        return { clause, way: wayTo(first), cycle: tour(component, inside, enabled, fair) };
      });
    return [...ends, ...cycles].sort((a, b) => a.way.length + a.cycle.length - b.way.length - b.cycle.length);
  });
};

type Adjacency = ReadonlyMap<number, readonly Edge[]>;
type Component = readonly [first: number, ...others: number[]];

const adjacency = (edges: readonly Edge[]): Adjacency => {
  const from = new Map<number, Edge[]>();
  for (const edge of edges) {
    const known = from.get(edge.from);
    if (known === undefined) from.set(edge.from, [edge]);
    else known.push(edge);
  }
  return from;
};

/** The types of actions that may happen in each state. */
const enabledIn = (edges: readonly Edge[]): ReadonlyMap<number, ReadonlySet<string>> => {
  const types = new Map<number, Set<string>>();
  for (const { from, type } of edges) types.set(from, (types.get(from) ?? new Set()).add(type));
  return types;
};

/** Breadth first from the roots: what is reached, in that order, and the shortest way there. */
const spread = (steps: Adjacency, roots: readonly number[]): { readonly reached: ReadonlySet<number>; readonly wayTo: (id: number) => readonly number[] } => {
  const from = new Map<number, number | null>(roots.map((id) => [id, null]));
  for (const id of from.keys()) for (const { to } of steps.get(id) ?? []) if (!from.has(to)) from.set(to, id);
  const wayTo = (id: number): readonly number[] => {
    const way: number[] = [];
    for (let at: number | null | undefined = id; at !== null && at !== undefined; at = from.get(at)) way.push(at);
    return way.reverse();
  };
  return { reached: new Set(from.keys()), wayTo };
};

/** The strongly connected components that hold a cycle (Tarjan 1972, without recursion). */
const componentsOf = (steps: Adjacency, states: ReadonlySet<number>): readonly Component[] => {
  const indexOf = new Map<number, number>();
  const lowest = new Map<number, number>();
  const open: number[] = [];
  const isOpen = new Set<number>();
  const components: Component[] = [];

  const visit = (id: number): { readonly id: number; at: number } => {
    indexOf.set(id, indexOf.size);
    lowest.set(id, indexOf.size - 1);
    open.push(id);
    isOpen.add(id);
    return { id, at: 0 };
  };
  const lower = (id: number, to: number): void => void lowest.set(id, Math.min(lowest.get(id)!, to));

  for (const start of states) {
    if (indexOf.has(start)) continue;
    const trail = [visit(start)];
    for (let last = trail.at(-1); last !== undefined; last = trail.at(-1)) {
      const edge = steps.get(last.id)?.[last.at];
      last.at += 1;
      if (edge === undefined) {
        trail.pop();
        const before = trail.at(-1);
        if (before !== undefined) lower(before.id, lowest.get(last.id)!);
        if (lowest.get(last.id) !== indexOf.get(last.id)) continue;
        const component = open.splice(open.lastIndexOf(last.id)) as [number, ...number[]];
        component.forEach((id) => isOpen.delete(id));
        const isCyclic = component.length > 1 || (steps.get(last.id) ?? []).some(({ to }) => to === last.id);
        if (isCyclic) components.push(component);
      } else if (!indexOf.has(edge.to)) trail.push(visit(edge.to));
      else if (isOpen.has(edge.to)) lower(last.id, indexOf.get(edge.to)!);
    }
  }
  return components;
};

const isFair = (component: Component, steps: Adjacency, enabled: ReadonlyMap<number, ReadonlySet<string>>, fair: readonly string[]): boolean =>
  fair.every((type) => witnessOf(type, component, steps, enabled) !== undefined);

/** What makes a component fair to a type of action: a step of it inside, or a state in which it cannot happen. */
const witnessOf = (type: string, component: Component, steps: Adjacency, enabled: ReadonlyMap<number, ReadonlySet<string>>): readonly number[] | undefined => {
  const members = new Set<number>(component);
  for (const id of component) {
    if (enabled.get(id)?.has(type) !== true) return [id];
    const taken = steps.get(id)?.find((edge) => edge.type === type && members.has(edge.to));
    if (taken !== undefined) return [taken.from, taken.to];
  }
  return undefined;
};

/** A closed walk through a component that passes a witness for every fair type, back to the first state. */
const tour = (component: Component, steps: Adjacency, enabled: ReadonlyMap<number, ReadonlySet<string>>, fair: readonly string[]): readonly number[] => {
  const members = new Set<number>(component);
  const [first] = component;
  const stops = [...fair.flatMap((type) => witnessOf(type, component, steps, enabled) ?? []), first];
  const walk = [first];
  const go = (to: number): void => {
    // At least one step, so that a tour without stops goes round as well, and a step from a state to itself is taken.
    const starts = (steps.get(walk.at(-1)!) ?? []).map((edge) => edge.to).filter((id) => members.has(id));
    const within = new Map([...steps].filter(([id]) => members.has(id)).map(([id, edges]) => [id, edges.filter((edge) => members.has(edge.to))]));
    walk.push(...spread(within, starts).wayTo(to));
  };
  stops.forEach(go);
  return walk.slice(1);
};
