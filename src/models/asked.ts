/** Clauses of the spec, asked of the states of a model. */

/** The clauses over facts as predicates on states. The facts of a state are gathered once, however many clauses there are. */
export const asked = <F, S>(clauses: Readonly<Record<string, (facts: F) => readonly string[]>>, factsOf: (state: S) => F): Readonly<Record<string, (state: S) => boolean>> => {
  let last: { readonly state: S; readonly facts: F } | undefined;
  const factsIn = (state: S): F => {
    if (last?.state !== state) last = { state, facts: factsOf(state) };
    return last.facts;
  };
  return Object.fromEntries(Object.entries(clauses).map(([clause, violationsIn]) => [clause, (state: S) => violationsIn(factsIn(state)).length === 0]));
};
