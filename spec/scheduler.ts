/** What the scheduler of a replica must do with the one order that it deals to the threads (sP-SMR). */

/** A command, and what it touches. */
export type Dealt = {
  /** Session, sequence number and attempt. */
  readonly command: string;
  /** Partitions; none if it is no command that anyone executes. */
  readonly touches: readonly number[];
  readonly change: 'nothing' | 'entry' | 'structure';
};

/** What a scheduler made of one batch. */
export type Dealing = {
  /** A replica between two crashes. */
  readonly replica: string;
  /** Where the batch stands in the order. */
  readonly slot: number;
  /** The batch, in its order. */
  readonly decided: readonly Dealt[];
  /** What each lane was given of it: lane 0 all threads, lane i thread t_i. */
  readonly lanes: readonly (readonly string[])[];
};

export type Facts = {
  /** In the order in which each replica dealt them. Where there is no scheduler, there are none. */
  readonly dealings: readonly Dealing[];
};

/** One changes what the other touches; what changes a structure may change any of it. */
export const isDependent = (a: Dealt, b: Dealt): boolean => reaches(a, b) || reaches(b, a);

const reaches = (one: Dealt, other: Dealt): boolean =>
  one.change === 'structure' ? other.touches.length > 0 : one.change === 'entry' && one.touches.some((partition) => other.touches.includes(partition));

const nameOf = ({ slot, replica }: Dealing): string => `slot ${slot} at ${replica}`;

/** The clauses: what violates each of them, given the facts of a run. */
export const clauses = {
  'REP-9: a scheduler deals each command of the order to one lane, and nothing else': ({ dealings }: Facts) =>
    dealings.flatMap((dealing) => {
      const [given, decided] = [dealing.lanes.flat(), dealing.decided.map(({ command }) => command)].map((names) => [...names].sort().join(' '));
      return given === decided ? [] : [`${nameOf(dealing)}: ${given} of ${decided}`];
    }),

  'REP-10: of two commands that depend on each other one is dealt to all threads, or both to one thread, in their order': ({ dealings }: Facts) =>
    dealings.flatMap((dealing) => {
      const places = placesIn(dealing.lanes);
      const placed = dealing.decided.flatMap((one) => {
        const place = places.get(one.command)?.shift();
        return place === undefined ? [] : [{ ...one, ...place }]; // what is not dealt is REP-9's
      });
      return placed.flatMap((later, i) =>
        placed.slice(0, i).flatMap((earlier) => {
          const isKept = earlier.lane === later.lane ? earlier.place < later.place : earlier.lane === 0 || later.lane === 0;
          return isKept || !isDependent(earlier, later) ? [] : [`${nameOf(dealing)}: ${earlier.command} in lane ${earlier.lane}, ${later.command} in lane ${later.lane}`];
        }),
      );
    }),

  'REP-10: all replicas deal a slot alike, and slots in their order': ({ dealings }: Facts) => {
    const laneBySlot = new Map<number, string>();
    const lastByReplica = new Map<string, number>();
    return dealings.flatMap((dealing) => {
      const lanes = dealing.lanes.map((names) => names.join(' ')).join(' | ');
      const known = laneBySlot.get(dealing.slot) ?? lanes;
      const last = lastByReplica.get(dealing.replica) ?? -1;
      laneBySlot.set(dealing.slot, known);
      lastByReplica.set(dealing.replica, dealing.slot);
      return [...(known === lanes ? [] : [`${nameOf(dealing)}: ${lanes}, elsewhere ${known}`]), ...(last < dealing.slot ? [] : [`${nameOf(dealing)} after slot ${last}`])];
    });
  },
};

/** Where each command was dealt to: more than one place if it was sent more than once. */
const placesIn = (lanes: Dealing['lanes']): ReadonlyMap<string, { readonly lane: number; readonly place: number }[]> => {
  const places = new Map<string, { readonly lane: number; readonly place: number }[]>();
  for (const [lane, names] of lanes.entries())
    for (const [place, command] of names.entries()) {
      const known = places.get(command);
      if (known === undefined) places.set(command, [{ lane, place }]);
      else known.push({ lane, place });
    }
  return places;
};
