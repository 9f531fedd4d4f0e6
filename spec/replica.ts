/**
 * What the threads of a replica must do with what they deliver: the same at every replica, each command once.
 *
 * REP-5, that a thread passes one barrier at a time, is said of the worker where it stands. So is REP-8: a command that is sent
 * for the first time is answered by one replica, and by all when it is asked again. Every replica carries it out all the same.
 */

/** One attempt of a command was carried out: executed, or failed its safety check. Answers repeated from memory are not. */
export type Execution = {
  /** A replica between two crashes. */
  readonly replica: string;
  readonly thread: number;
  /** Session and sequence number. */
  readonly command: string;
  readonly attempt: number;
  /** Status and payload of the reply, as text. */
  readonly outcome: string;
  readonly isEffective: boolean;
  /** Where it stands in the replicated order: the round of the merge, then group, slot, and offset in the batch. */
  readonly round: number;
  readonly group: number;
  readonly slot: number;
  readonly offset: number;
};

/** A replica when the run ended, the network in order and all clients answered. */
export type Standing = { readonly replica: string; readonly digest: string; readonly isAtRest: boolean };

/** What is known when a run is over. */
export type Facts = {
  /** In the order in which it happened at each replica. */
  readonly executions: readonly Execution[];
  readonly standing: readonly Standing[];
  /** Commands that clients still wait for. */
  readonly unanswered: readonly string[];
};

/** The order of execution within a group and against g_all: round, group, slot, offset. */
const comesBefore = (a: Execution, b: Execution): boolean =>
  a.round !== b.round ? a.round < b.round : a.group !== b.group ? a.group < b.group : a.slot !== b.slot ? a.slot < b.slot : a.offset < b.offset;

const nameOf = ({ command, attempt }: Execution): string => `${command}, attempt ${attempt}`;

/** The clauses: what violates each of them, given the facts of a run. */
export const clauses = {
  'REP-2: a replica executes a command at most once': ({ executions }: Facts) => {
    const seen = new Set<string>();
    return executions.flatMap((execution) => {
      if (!execution.isEffective) return [];
      const name = `${execution.command} at ${execution.replica}`;
      if (seen.has(name)) return [`${name} again, attempt ${execution.attempt}`];
      seen.add(name);
      return [];
    });
  },

  'REP-3: an attempt has one outcome, at all replicas and for ever': ({ executions }: Facts) => {
    const outcomeByAttempt = new Map<string, string>();
    return executions.flatMap((execution) => {
      const name = nameOf(execution);
      const known = outcomeByAttempt.get(name) ?? execution.outcome;
      outcomeByAttempt.set(name, known);
      return known === execution.outcome ? [] : [`${name}: ${known} and, at ${execution.replica}, ${execution.outcome}`];
    });
  },

  'REP-4: a command of g_all is executed after all that comes before it at any thread, and before all that comes after it': ({ executions }: Facts) =>
    [...groupsOf(executions)].flatMap(([replica, order]) => {
      const late: string[] = [];
      let last: Execution | undefined; // the last in the replicated order of all executed so far
      let barrier: Execution | undefined; // the last of g_all
      for (const execution of order) {
        if (execution.group === 0 && last !== undefined && comesBefore(execution, last)) late.push(`${nameOf(execution)} at ${replica} after ${nameOf(last)}`);
        if (barrier !== undefined && comesBefore(execution, barrier)) late.push(`${nameOf(execution)} at ${replica} after ${nameOf(barrier)}`);
        if (execution.group === 0) barrier = execution;
        if (last === undefined || comesBefore(last, execution)) last = execution;
      }
      return late;
    }),

  'REP-6: at rest, all replicas are in the same state': ({ standing }: Facts) =>
    standing.slice(1).filter(({ digest }) => digest !== standing[0]!.digest).map(({ replica, digest }) => `${replica}: ${digest}, ${standing[0]!.replica}: ${standing[0]!.digest}`),

  'REP-7: no thread waits for ever, and every client is answered': ({ standing, unanswered }: Facts) => [
    ...standing.filter(({ isAtRest }) => !isAtRest).map(({ replica }) => `a thread of ${replica} is stuck`),
    ...unanswered.map((command) => `${command} is unanswered`),
  ],
};

const groupsOf = (executions: readonly Execution[]): ReadonlyMap<string, readonly Execution[]> => {
  const groups = new Map<string, Execution[]>();
  for (const execution of executions) {
    const group = groups.get(execution.replica);
    if (group === undefined) groups.set(execution.replica, [execution]);
    else group.push(execution);
  }
  return groups;
};
