/**
 * What one ring must do, whatever is lost, doubled, late, out of order or crashed: decide one value per instance.
 *
 * CON-1 a ballot belongs to one process and only grows · CON-2 a promise and a decision are never taken back · CON-3 no vote
 * is above the promise · CON-7 promises count for their own ballot, once an acceptor · CON-9 what is open and what waits is
 * bounded: these are said of each machine where it stands, since they need no other. The clauses here span processes.
 */

export type Ballot = { readonly round: number; readonly process: number };

/** A vote that became durable. */
export type Vote = { readonly ring: number; readonly process: number; readonly instance: number; readonly ballot: Ballot; readonly id: string };

/** A process handed over what an instance decided. `life` counts how often the process had crashed before. */
export type Learned = {
  readonly ring: number;
  readonly process: number;
  readonly life: number;
  readonly instance: number;
  readonly id: string;
  /** What the id stands for, as text: equal if and only if the values are. */
  readonly value: string;
  /** The commands in the value, by name; none for a skip or a no-op. */
  readonly commands: readonly string[];
};

/** The names of the commands that clients multicast, by the ring of their group. */
export type Submitted = ReadonlyMap<number, ReadonlySet<string>>;

/** What is known when a run is over. */
export type Facts = {
  readonly acceptors: number;
  readonly submitted: Submitted;
  readonly votes: readonly Vote[];
  /** In the order in which it happened at each process. */
  readonly learned: readonly Learned[];
};

const ballotName = ({ round, process }: Ballot): string => `${round}.${process}`;

/** The clauses: what violates each of them, given the facts of a run. */
export const clauses = {
  'CON-1: one ballot carries one value in an instance': ({ votes }: Facts) =>
    contradictions(votes, ({ instance, ballot }) => `${instance} in ballot ${ballotName(ballot)}`, ({ id }) => id, 'instance'),

  'CON-4: what is decided has the votes of a quorum in one ballot': ({ votes, learned, acceptors }: Facts) => {
    const votersByChoice = new Map<string, Set<number>>();
    const elected = new Set<string>();
    for (const { ring, instance, id, ballot, process } of votes) {
      const choice = `${ring}/${instance}/${id}`;
      const inBallot = `${choice}@${ballotName(ballot)}`;
      const voters = votersByChoice.get(inBallot) ?? new Set();
      votersByChoice.set(inBallot, voters.add(process));
      if (voters.size > acceptors / 2) elected.add(choice);
    }
    return learned
      .filter(({ ring, instance, id }) => !elected.has(`${ring}/${instance}/${id}`))
      .map(({ ring, process, instance, id }) => `process ${process} learned ${id} in instance ${instance} of ring ${ring}, for which no quorum voted`);
  },

  'CON-5: a process hands over instance after instance, without a gap': ({ learned }: Facts) =>
    byLife(learned).flatMap((one) =>
      one.filter(({ instance }, i) => i > 0 && instance > one[i - 1]!.instance + 1).map(({ process, instance }) => `process ${process} jumped to instance ${instance}`),
    ),

  'CON-6: a process hands over an instance once': ({ learned }: Facts) =>
    byLife(learned).flatMap((one) =>
      one.filter(({ instance }, i) => i > 0 && instance <= one[i - 1]!.instance).map(({ process, instance }) => `process ${process} repeated instance ${instance}`),
    ),

  'CON-8: no two processes learn different values for one instance': ({ learned }: Facts) =>
    contradictions(learned, ({ instance }) => instance, ({ value }) => value, 'instance'),

  'CON-8: an id stands for one value': ({ learned }: Facts) => contradictions(learned, ({ id }) => id, ({ value }) => value, 'id'),

  'CON-10: what is decided was submitted, or is a skip or a no-op': ({ learned, submitted }: Facts) =>
    learned.flatMap(({ ring, instance, commands }) =>
      unknownIn(submitted.get(ring), commands).map((command) => `instance ${instance} of ring ${ring} decided ${command}, which nobody submitted`),
    ),
};

/** Submissions as they came: to which ring, and which commands. */
export const byRing = (submissions: Iterable<readonly [ring: number, commands: readonly string[]]>): Submitted => {
  const submitted = new Map<number, Set<string>>();
  for (const [ring, commands] of submissions) {
    const known = submitted.get(ring) ?? new Set();
    submitted.set(ring, known);
    for (const command of commands) known.add(command);
  }
  return submitted;
};

/** Those of some commands that are not among the known ones. */
export const unknownIn = (known: ReadonlySet<string> | undefined, commands: readonly string[]): readonly string[] => commands.filter((command) => known?.has(command) !== true);

/** What goes by the same name in a ring and is not the same. */
const contradictions = <T extends { readonly ring: number }>(facts: readonly T[], nameOf: (fact: T) => number | string, contentOf: (fact: T) => string, what: string): readonly string[] => {
  const rings = new Map<number, Map<number | string, string>>();
  const found: string[] = [];
  for (const fact of facts) {
    const contentByName = rings.get(fact.ring) ?? new Map<number | string, string>();
    rings.set(fact.ring, contentByName);
    const name = nameOf(fact);
    const content = contentOf(fact);
    const known = contentByName.get(name);
    if (known === undefined) contentByName.set(name, content);
    else if (known !== content) found.push(`${what} ${name} of ring ${fact.ring}: ${known} and ${content}`);
  }
  return found;
};

/** What each process learned in each ring between two crashes. */
const byLife = (learned: readonly Learned[]): readonly (readonly Learned[])[] => {
  const lives = new Map<string, Learned[]>();
  for (const fact of learned) {
    const life = `${fact.ring}/${fact.process}/${fact.life}`;
    const known = lives.get(life);
    if (known === undefined) lives.set(life, [fact]);
    else known.push(fact);
  }
  return [...lives.values()];
};
