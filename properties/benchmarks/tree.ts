/**
 * What a command costs at the B+-tree, in nanoseconds of CPU, by the number of keys: `npm run -s bench -- tree`, `--json` for
 * machines; `node dist/properties/benchmarks/tree.js --keys 10000,1000000` for other sizes.
 *
 * Half of the commands are reads, a quarter inserts and a quarter deletes, of uniform keys, in batches of 128 as workers get
 * them: footprint, safety check, execution. The three ways take turns on the same tree; the way of objects
 * is the store that the engine is, driven by `engineOf`. CPU time rather than wall time, the
 * median of several rounds: on a machine that others use as well, only ratios between figures of one run mean anything.
 */
import { parseArgs } from 'node:util';
import { commandsOf } from '../../src/measure/draws.js';
import { dependent } from '../../src/measure/workload.js';
import { encodeCommand, join, newSheet, nextRecord } from '../../src/record.js';
import { bPlusTree, evenKeys } from '../../src/service/b-plus-tree/index.js';
import { engineOf, REFUSED, storeOf, type Engine } from '../../src/service/engine.js';

const ROUNDS = 7;
const BATCH = 128;
/** So many that the nodes they go to are in no cache any more. */
const BATCHES = 512;

/** CPU time of `work`, nanoseconds. */
const costOf = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return 1000 * (user + system);
};

const medianOf = (costs: readonly number[]): number => costs.toSorted((a, b) => a - b)[costs.length >> 1] ?? NaN;

const run = (engine: Engine, batches: readonly Uint8Array[], isExpected: boolean): void => {
  const sheet = newSheet(16 * BATCH);
  let failed = 0;
  for (const batch of batches) {
    sheet.length = 0;
    if (isExpected) engine.expect(batch, 0, batch.length);
    for (let at = 0; at < batch.length; at = nextRecord(batch, at)) {
      if (engine.footprintAt(batch, at) === REFUSED) throw new Error(engine.flawAt(batch, at));
      if (engine.checkAt(1, batch, at) !== undefined) failed += 1; // Executed all the same, as it would be under the barrier.
      engine.executeAt(batch, at, sheet);
    }
  }
  if (failed > batches.length * BATCH) throw new Error('more failed than there were');
};

const measure = (keys: number) => {
  const { service, create } = bPlusTree({ keySpace: 2 * keys, partitions: 1 });
  let tree = create();
  const load = costOf(() => (tree = create(evenKeys(keys))));
  const digest = medianOf(Array.from({ length: 3 }, () => costOf(() => tree.digest())));

  const draw = commandsOf({ keys, workload: dependent(50), seed: 1 }, 1);
  let sequence = 0;
  const batch = (): Uint8Array =>
    join(
      Array.from({ length: BATCH }, () => {
        const command = draw();
        sequence += 1;
        return encodeCommand({ kind: service.codec.kindOf(command), attempt: 0, session: 7, sequence, floor: sequence, payload: service.codec.encode(command) });
      }),
    );
  const objects = engineOf(service, storeOf(service, tree.engine));
  const ways = {
    objects: (batches: readonly Uint8Array[]) => run(objects, batches, false),
    records: (batches: readonly Uint8Array[]) => run(tree.engine, batches, false),
    expected: (batches: readonly Uint8Array[]) => run(tree.engine, batches, true),
  };
  const costs = { objects: [] as number[], records: [] as number[], expected: [] as number[] };
  for (let round = 0; round <= ROUNDS; round += 1)
    for (const way of ['objects', 'records', 'expected'] as const) {
      const batches = Array.from({ length: BATCHES }, batch);
      const cost = costOf(() => ways[way](batches)) / (BATCH * BATCHES);
      if (round > 0) costs[way].push(cost); // The first one warms up.
    }
  const [object, record, expected] = [medianOf(costs.objects), medianOf(costs.records), medianOf(costs.expected)];
  return { keys, object, record, expected, load: load / 1e6, digest: digest / 1e6 };
};

/** One size after the other, each as soon as it is asked for. */
function* measured(sizes: readonly number[]): Generator<ReturnType<typeof measure>> {
  for (const keys of sizes) yield measure(keys);
}

const { values } = parseArgs({ options: { json: { type: 'boolean' }, keys: { type: 'string', default: '10000,100000,1000000,10000000' } } });
const sizes = values.keys.split(',').map(Number);

if (values.json === true) console.log(JSON.stringify({ unit: 'ns of CPU a command; load and digest: ms of CPU', rounds: ROUNDS, figures: sizes.map(measure) }, null, 2));
else {
  console.log('      keys    objects    records   expected    times faster   load ms   digest ms');
  for (const { keys, object, record, expected, load, digest } of measured(sizes))
    console.log(
      [
        String(keys).padStart(10),
        ...[object, record, expected].map((cost) => cost.toFixed(0).padStart(10)),
        `${(object / record).toFixed(1)}, ${(object / expected).toFixed(1)}`.padStart(15),
        load.toFixed(0).padStart(9),
        digest.toFixed(0).padStart(11),
      ].join(' '),
    );
}
