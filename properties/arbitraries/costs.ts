/** Costs that somebody chose: about those of a small virtual machine. */
import { FORMAT, type Costs } from '../../src/measure/simulated/costs.js';

export const COSTS: Costs = {
  format: FORMAT,
  machine: 'nobody has it',
  client: { submit: { each: 3, command: 0.2 }, replies: { each: 1, command: 0.4 }, write: 0.2 },
  order: { submit: { each: 8, command: 0.02 }, value: { each: 10, command: 0.02 }, message: 4 },
  replica: { feed: { each: 2, command: 0.02 }, reply: { each: 6, command: 0.02 } },
  thread: {
    merge: { each: 3, command: 0 },
    answer: 0.4,
    read: [{ at: 1000, cost: 0.2 }, { at: 1_000_000, cost: 0.5 }],
    write: [{ at: 1000, cost: 0.3 }, { at: 1_000_000, cost: 0.8 }],
    check: 0.1,
    pass: 0.01,
  },
  scheduler: { each: 14, command: 0.13 },
  barrier: { spinning: 0.5, sleeping: 20, look: 0.1 },
  system: { call: 5, kilobyte: 0.3, wake: 20, rise: 30, wire: 15 },
  contention: [{ at: 1, cost: 1 }, { at: 8, cost: 1.5 }],
  fit: null,
};
