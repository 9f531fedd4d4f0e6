/**
 * How fast the explorer is: `npm run -s bench -- explorer`, `--json` for machines.
 *
 * Medians of several rounds; searches in one thread and in two take turns, so that whatever else the machine does befalls
 * both alike. Seconds are wall time, of a search in threads with their start.
 */
import { medianOf } from '../../src/measure/statistics.js';
import { explore } from '../../src/check/explore/explore.js';
import { exploreInThreads } from '../../src/cli/explore-threads.js';
import { theSystem } from '../../src/cli/models.js';

const ROUNDS = 5;

const CASES = [
  ['two-phase-commit', 7],
  ['two-phase-commit', 8],
  ['lamport-paxos', 3],
  ['ring', 2],
] as const;

const secondsOf = async (work: () => Promise<void> | void): Promise<number> => {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
};


const figures = [];
for (const [model, size] of CASES) {
  const { system } = theSystem(model, size);
  const [one, two]: [number[], number[]] = [[], []];
  let [states, bytes] = [0, 0];
  for (let round = 0; round < ROUNDS; round += 1) {
    const search = explore(system);
    one.push(
      await secondsOf(() => {
        while (search.advance(10_000));
      }),
    );
    const { distinct, bytes: taken } = search.outcome();
    [states, bytes] = [distinct, taken / distinct];
    two.push(
      await secondsOf(async () => {
        const { outcome } = await exploreInThreads({ model, size, system, options: {}, threads: 2 }, new AbortController().signal, () => undefined);
        if (outcome.distinct !== distinct) throw new Error(`${model}, size ${size}: ${distinct} states in one thread, ${outcome.distinct} in two`);
      }),
    );
    process.stderr.write(`${model}, size ${size}: round ${round + 1} of ${ROUNDS}\n`);
  }
  figures.push({
    model,
    size,
    states,
    seconds: medianOf(one),
    statesPerSecond: Math.round(states / medianOf(one)),
    bytesPerState: Math.round(bytes),
    secondsInTwoThreads: medianOf(two),
    speedup: medianOf(one.map((seconds, round) => seconds / two[round]!)),
  });
}

if (process.argv.includes('--json')) console.log(JSON.stringify({ rounds: ROUNDS, figures }, null, 2));
else
  for (const { model, size, states, seconds, statesPerSecond, bytesPerState, secondsInTwoThreads, speedup } of figures)
    console.log(`${model}, size ${size}: ${states} states in ${seconds.toFixed(2)} s, ${statesPerSecond}/s, ${bytesPerState} bytes each; in two threads ${secondsInTwoThreads.toFixed(2)} s, ${speedup.toFixed(2)} times as fast`);
