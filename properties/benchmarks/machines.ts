/**
 * What a step of the hot path costs, in microseconds of CPU: `npm run -s bench -- machines`, `--json` for machines.
 *
 * CPU time rather than wall time, the median of several rounds: on a machine that others use as well, only ratios between
 * figures of one run mean anything.
 */
import { clusterOf, limitsOf, local, serviceOf } from '../../src/adapter/config.js';
import type { ProcessId } from '../../src/consensus/ballot.js';
import { costOf, ROUNDS } from '../../src/measure/costs/processor.js';
import { commandsOf } from '../../src/measure/draws.js';
import { WORKLOADS } from '../../src/measure/workload.js';
import * as Node from '../../src/node.js';
import { encodeCommand, join } from '../../src/record.js';
import { persistentBoard } from '../../src/replica/barrier.js';
import { sessionsBytes, sharedSessions } from '../../src/replica/sessions.js';

const keys = 1_000_000;
const config = local({
  technique: 'opt-psmr',
  threads: 2,
  acceptors: 3,
  replicas: 2,
  ports: [1, 2, 3, 4, 5],
  skip: { lambda: 10_000, delta: 5, origin: 1 },
  service: { name: 'b-plus-tree', keySpace: 2 * keys, keys, capacity: 64, fill: 0.7, minimum: 'one' },
});
const cluster = clusterOf(config);
const { service, create, load } = serviceOf(config);
const draw = commandsOf({ keys, workload: WORKLOADS.mixed, seed: 1 }, 1);

/** One instance of consensus, from a batch submitted to its delivery at every process: all five processes' work. */
const instance = (): number => {
  const processes = cluster.membership.acceptors.concat(cluster.membership.learners).map((id) => Node.startProcess(cluster, id));
  const underway: (readonly [ProcessId, Node.ProcessEvent])[] = [];
  const handle = (id: ProcessId, event: Node.ProcessEvent): void => {
    const process = processes[id];
    if (process === undefined) return;
    const [next, effects] = Node.onProcessEvent(process, event);
    processes[id] = next;
    for (const effect of effects) if (effect.type === 'Send') underway.push([effect.to, { type: 'Received', group: effect.group, from: id, message: effect.message }]);
  };
  const settle = (): void => {
    for (let i = 0; i < underway.length; i += 1) handle(...(underway[i] as (typeof underway)[number]));
    underway.length = 0;
  };
  processes.forEach((_, id) => handle(id, { type: 'Tick', now: 1 }));
  settle();
  const commands = new Uint8Array(8192);
  return costOf(2000, (turn) => {
    const group = turn % 3;
    handle(Node.acceptorFor(cluster, group, 0), { type: 'Received', group, from: -1, message: { type: 'Submit', commands } });
    settle();
  });
};

/** A command of a thread's own group, merged, checked, executed and answered, over shared memory. */
const execution = (): number => {
  const limits = limitsOf(config);
  const shared = { engine: create(load).engine, sessions: sharedSessions(limits, new SharedArrayBuffer(sessionsBytes(limits))), board: persistentBoard(1) };
  let thread = Node.startThread(cluster, cluster.membership.learners[0] ?? 0, 1, shared);
  const take = (event: Node.ThreadEvent): void => {
    [thread] = Node.onThreadEvent(thread, event);
  };
  take({ type: 'Decided', group: 0, value: { type: 'Skip', to: Number.MAX_SAFE_INTEGER } });
  let sequence = 0;
  const batch = 128;
  const own = (): ReturnType<typeof draw> => {
    for (;;) {
      const command = draw();
      if (command.type !== 'scan' && command.key < BigInt(keys)) return command;
    }
  };
  return (
    costOf(400, () => {
      const records = Array.from({ length: batch }, () => {
        const command = own();
        sequence += 1;
        return encodeCommand({ kind: service.codec.kindOf(command), attempt: 0, session: 7, sequence, floor: sequence, payload: service.codec.encode(command) });
      });
      take({ type: 'Decided', group: 1, value: { type: 'Batch', commands: join(records) } });
      take({ type: 'Run', budget: batch });
    }) / batch
  );
};

const figures = {
  'an instance of consensus, at all five processes': instance(),
  'a command encoded, merged, checked, executed and answered, at its thread': execution(),
};

if (process.argv.includes('--json')) console.log(JSON.stringify({ unit: 'us of CPU', rounds: ROUNDS, figures }, null, 2));
else for (const [what, cost] of Object.entries(figures)) console.log(`${cost.toFixed(2).padStart(8)} us  ${what}`);
