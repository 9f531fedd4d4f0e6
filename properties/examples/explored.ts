/**
 * A machine of one's own under the explorer: a lock that one process grants to two others, over a network that puts messages
 * out of order and may double them. A machine is a pure function (state, event) => [state, effects]; `asks` says what an
 * effect asks of the world, `bounds` what may befall it, and what must hold are predicates on the states of the whole.
 */

import { composed } from '../../src/check/explore/composition.js';
import type { Step } from '../../src/step.js';

type Message = { readonly type: 'Ask' | 'Release'; readonly turn: number } | { readonly type: 'Grant'; readonly turn: number };
type Event = { readonly type: 'Received'; readonly from: number; readonly message: Message } | { readonly type: 'Wants' } | { readonly type: 'Done' };
type Effect = { readonly type: 'Send'; readonly to: number; readonly message: Message };
/** `turn` counts asking and letting go; the server keeps who holds the lock, who waits, and whom it has served. */
type Machine = { readonly me: number; readonly turn: number; readonly holds: boolean; readonly holder: number; readonly queue: readonly number[]; readonly seen: readonly number[] };

const SERVER = 0;
const send = (to: number, message: Message): Effect => ({ type: 'Send', to, message });

const grantNext = (server: Machine, queue: readonly number[]): Step<Machine, Effect> => {
  const [next, ...others] = queue;
  if (next === undefined) return [{ ...server, holder: -1, queue }, []];
  return [{ ...server, holder: next, queue: others }, [send(next, { type: 'Grant', turn: server.seen[next]! })]];
};

export const onEvent = (machine: Machine, event: Event): Step<Machine, Effect> => {
  if (event.type === 'Wants') return [{ ...machine, turn: machine.turn + 1 }, [send(SERVER, { type: 'Ask', turn: machine.turn + 1 })]];
  // The turn is over, so that a late copy of the grant is of no use: the explorer found out that it must be.
  if (event.type === 'Done') return [{ ...machine, holds: false, turn: machine.turn + 1 }, [send(SERVER, { type: 'Release', turn: machine.turn })]];
  const { from, message } = event;
  switch (message.type) {
    case 'Ask': {
      if (message.turn <= machine.seen[from]!) return [machine, []]; // it is a duplicate
      const asked = { ...machine, seen: machine.seen.with(from, message.turn) };
      return asked.holder < 0 ? grantNext(asked, [...asked.queue, from]) : [{ ...asked, queue: [...asked.queue, from] }, []];
    }
    case 'Release':
      return machine.holder === from && message.turn === machine.seen[from] ? grantNext(machine, machine.queue) : [machine, []];
    case 'Grant':
      return [message.turn === machine.turn ? { ...machine, holds: true } : machine, []];
  }
};

export const lock = (machine = onEvent) =>
  composed<Machine, Event, Effect, Message, never, never, null>({
    name: 'lock',
    processes: 3,
    start: (me) => ({ me, turn: 0, holds: false, holder: -1, queue: [], seen: [0, 0, 0] }),
    onEvent: machine,
    asks: (effect) => effect,
    received: (message, from) => ({ type: 'Received', from, message }),
    inputs: ({ me, holds }) => (me === SERVER ? [] : [holds ? { type: 'Done' } : { type: 'Wants' }]),
    bounds: { inputs: 4, duplications: 1 },
    observer: { initial: null, observe: (seen) => seen },
    clauses: {
      always: { 'one process holds the lock at most': ({ processes }) => processes.filter(({ machine: { holds } }) => holds).length < 2 },
      sometimes: { 'the other one holds it after the first': ({ processes }) => processes[1]!.machine.turn > 0 && processes[2]!.machine.holds },
    },
  });
