/**
 * What is under way between processes: whatever is received must have been sent, and once only where the network does not
 * double. What is lost stays here for good; connections lose only what is under way when they break.
 */
import type { Message } from '../consensus/messages.js';

/** Between processes: a message, and the words that it was sent in. Whoever receives the same words has received the same. */
export type Letter = { readonly message: Message; readonly words: string };

/** What was sent: `after` as many records of its group were to be durable, in the sender's `life`. */
export type Sent = {
  readonly life: number;
  readonly after: number;
  readonly letter?: Letter;
  /** What was sent in the same words before. */
  readonly others?: Sent;
};

export type UnderWay = {
  readonly send: (way: Way, what: string, sent: Sent) => void;
  /** Takes one of what was sent so, if there is one: the last, for what was sent before may have been held back for ever. */
  readonly take: (way: Way, what: string) => Sent | undefined;
  readonly has: (way: Way, what: string) => boolean;
};

/** From one process to another, in one group: processes are numbered from -2 on. Mostly a small number, which is looked up in no time. */
export type Way = number;

/** Numbers of processes that ways tell apart, those of who is none included. */
const SPAN = 2 ** 10;

/** There must be fewer processes in a trace. */
export const MOST_PROCESSES = SPAN - 2;

export const wayOf = (from: number, to: number, group: number): Way => (group * SPAN + from + 2) * SPAN + to + 2;

export const underWay = (doubles: boolean): UnderWay => {
  const ways = new Map<Way, Map<string, Sent>>();
  return {
    send: (way, what, sent) => {
      let known = ways.get(way);
      if (known === undefined) ways.set(way, (known = new Map<string, Sent>()));
      const same = known.get(what);
      // Of what was sent again and again, and may be received as often, one is as good as all that come from the same life.
      if (same === undefined || !doubles || same.life < sent.life) known.set(what, same === undefined ? sent : { ...sent, others: same });
    },
    take: (way, what) => {
      const known = ways.get(way);
      const last = known?.get(what);
      if (doubles || known === undefined || last === undefined) return last;
      if (last.others === undefined) known.delete(what);
      else known.set(what, last.others);
      return last;
    },
    has: (way, what) => ways.get(way)?.has(what) === true,
  };
};
