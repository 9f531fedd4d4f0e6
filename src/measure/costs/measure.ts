/** Measures the cost of every step on this machine, one after the other: what `psmr measure costs` does. */
import { clusterOf, local } from '../../adapter/config.js';
import { machine } from '../machine.js';
import { FORMAT, type Costs } from '../simulated/costs.js';
import { measureAnswers } from './answer.js';
import { measureClient } from './client.js';
import { measureOrder } from './order.js';
import { measurePassing } from './passing.js';
import { measureSystem } from './system.js';
import { measureContention, measureExecution, measureMeeting } from './thread.js';

/** Takes about a minute, most of it for the tree of ten million keys. `tell` hears what is measured next. */
export const measureCosts = async (capacity: number, fill: number, tell: (what: string) => void): Promise<Costs> => {
  tell('the system');
  const system = await measureSystem();
  tell('the client');
  const client = measureClient();
  tell('what a replica passes on');
  const passing = await measurePassing();
  tell('ordering');
  const order = measureOrder(clusterOf(local({ technique: 'smr', threads: 1, acceptors: 3, replicas: 2, ports: [1, 2, 3, 4, 5] })));
  const execution = measureExecution(capacity, fill, tell);
  tell('answers');
  const answers = measureAnswers(execution);
  tell('threads beside each other');
  const contention = await measureContention(capacity, fill);
  const meeting = await measureMeeting();
  return {
    format: FORMAT,
    machine: machine().cpu,
    client,
    ...passing,
    order,
    thread: { ...execution, ...answers },
    barrier: { spinning: meeting / 2, sleeping: system.wake, look: meeting / 20 },
    system,
    contention,
    fit: null,
  };
};
