/**
 * What clients may rely on: the replicated service looks like one sequential service, at all times, to all of them.
 *
 * A *history* is what the clients saw: when each called, when it was answered, and with what. It is *linearizable* if every
 * answered operation can be given one instant between its call and its return such that the sequential service, asked in
 * the order of these instants, answers just so (Herlihy and Wing 1990). An operation still pending may have taken effect
 * at any instant since its call, or not at all.
 */

/** An operation that was answered. Times are of any one unit; only their order counts, and equal times are concurrent. */
export type Completed<C, R> = {
  readonly type: 'completed';
  readonly id: number;
  readonly command: C;
  readonly call: number;
  readonly return: number;
  readonly result: R;
};

/** An operation whose client never learnt what became of it. */
export type Pending<C> = { readonly type: 'pending'; readonly id: number; readonly command: C; readonly call: number };

export type Operation<C, R> = Completed<C, R> | Pending<C>;

/** The sequential service: what each command does when there is no other. */
export type Sequential<S, C, R> = {
  readonly initial: S;
  readonly apply: (state: S, command: C) => readonly [state: S, result: R];
  readonly sameResult: (a: R, b: R) => boolean;
};

/** Real time orders two operations if one was answered before the other was called. */
export const precedes = <C, R>(a: Operation<C, R>, b: Operation<C, R>): boolean => a.type === 'completed' && a.return < b.call;

/** The definition, word for word: it tries every order, so give it seven operations at most. */
export const isLinearizable = <S, C, R>(service: Sequential<S, C, R>, history: readonly Operation<C, R>[]): boolean => {
  for (const order of orders(history)) if (respectsRealTime(order) && explains(service, order)) return true;
  return false;
};

/** Every order of all completed and of any pending operations. */
function* orders<C, R>(history: readonly Operation<C, R>[]): Generator<readonly Operation<C, R>[]> {
  if (history.every((operation) => operation.type === 'pending')) yield [];
  for (const first of history)
    for (const others of orders(history.filter((operation) => operation !== first))) yield [first, ...others];
}

const respectsRealTime = <C, R>(order: readonly Operation<C, R>[]): boolean =>
  order.every((later, i) => order.slice(0, i).every((earlier) => !precedes(later, earlier)));

const explains = <S, C, R>(service: Sequential<S, C, R>, order: readonly Operation<C, R>[]): boolean => {
  let state = service.initial;
  return order.every((operation) => {
    const [next, result] = service.apply(state, operation.command);
    state = next;
    return operation.type === 'pending' || service.sameResult(result, operation.result);
  });
};

/** What one replica did with one attempt of a command. The states are digests: equal if and only if the states are. */
export type Attempt = { readonly id: number; readonly status: 'Executed' | 'Failed'; readonly before: string; readonly after: string };

/** What is known when a run is over. */
export type Facts<S, C, R> = {
  readonly service: Sequential<S, C, R>;
  /** What the clients saw. */
  readonly history: readonly Operation<C, R>[];
  /** What the replicas did with each attempt, where a digest was taken on both sides of it. */
  readonly attempts: readonly Attempt[];
  /** The ids of the operations as each replica executed them. */
  readonly executions: readonly (readonly number[])[];
  /** Whether the order of two commands matters: one of them changes what the other one reads or writes. */
  readonly conflict: (a: C, b: C) => boolean;
};

/** The clauses: what violates each of them, given the facts of a run. Longer histories need a better judge than the definition. */
export const clauses = {
  'LIN-1: every client history is linearizable with respect to the sequential service': <S, C, R>(
    { service, history }: Pick<Facts<S, C, R>, 'service' | 'history'>,
    judge: typeof isLinearizable = isLinearizable,
  ): readonly string[] => (judge(service, history) ? [] : [`no order explains the ${history.length} operations`]),

  'LIN-2: a failed attempt has no effect': <S, C, R>({ attempts }: Pick<Facts<S, C, R>, 'attempts'>): readonly string[] =>
    attempts
      .filter(({ status, before, after }) => status === 'Failed' && before !== after)
      .map(({ id, before, after }) => `operation ${id} failed, and yet turned ${before} into ${after}`),

  'LIN-3: nothing acknowledged is missing: what was answered is in every later state that it matters to': <S, C, R>({
    history,
    executions,
    conflict,
  }: Pick<Facts<S, C, R>, 'history' | 'executions' | 'conflict'>): readonly string[] =>
    executions.flatMap((execution, replica) => {
      const placeById = new Map(execution.map((id, place) => [id, place]));
      const placeOf = ({ id }: Operation<C, R>): number => placeById.get(id) ?? Infinity;
      const isMissing = (earlier: Operation<C, R>, later: Operation<C, R>): boolean =>
        precedes(earlier, later) && conflict(earlier.command, later.command) && placeOf(earlier) > placeOf(later);
      return history
        .filter((later) => placeById.has(later.id))
        .flatMap((later) => history.filter((earlier) => isMissing(earlier, later)).map((earlier) => [earlier.id, later.id]))
        .map(([earlier, later]) => `replica ${replica} executed ${later} without ${earlier}, answered before it was called`);
    }),
};
