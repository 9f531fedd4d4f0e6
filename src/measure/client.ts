/**
 * The client process of a measurement: it drives the cluster, times every command, records all that happens to the audited
 * keys, and judges the run when it is over. It tells its parent how far it is.
 */
import * as E from 'fp-ts/lib/Either.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { read } from '../adapter/config.js';
import { linesOf, saveLines } from '../adapter/history/save.js';
import { hearJob, type Job, type Report, type Told, type Traffic } from './control.js';
import { keySpaceOf, valueAt } from './draws.js';
import { judgeAgreement, judgeHistory, judgeLedger } from './judges.js';
import { PATIENCE, startLoad } from './load.js';

/** Runs a job against a cluster that is up, or coming up. Rejects if the configuration can't be read or nobody answers. */
export const runJob = async (job: Job, tell: (told: Told) => void): Promise<Report> => {
  const config = read(job.config);
  if (E.isLeft(config)) throw new Error(config.left);
  const load = startLoad(job, config.right);
  const replicas = config.right.processes.filter(({ role }) => role === 'replica').length;
  const keySpace = keySpaceOf(job.keys);
  const loaded = (key: number): bigint | undefined => (key % 2 === 0 && key < keySpace ? valueAt(key / 2) : undefined);
  const { counted, history, ledger, setMeasuring } = load.tally;
  try {
    tell({ type: 'Stage', stage: 'load' });
    const [initial] = await load.cut(1);
    if (initial === undefined) throw new Error(`no replica has answered within ${PATIENCE / 1000} s`);

    tell({ type: 'Stage', stage: 'warm up' });
    load.begin();
    await pass(job.warmup, (finished) => tell({ type: 'Note', finished, note: '' }));

    tell({ type: 'Stage', stage: 'measure' });
    setMeasuring(true);
    const before = load.traffic();
    const start = performance.now();
    await pass(job.seconds, (finished) => {
      const rate = load.tally.commands() / Math.max(1, performance.now() - start);
      tell({ type: 'Note', finished, note: `${rate.toFixed(1)} Kcps` });
    });
    setMeasuring(false);
    const seconds = (performance.now() - start) / 1000;
    const after = load.traffic();
    const memory = process.memoryUsage.rss() / 2 ** 20;

    tell({ type: 'Stage', stage: 'cool down' });
    await pass(job.cooldown, (finished) => tell({ type: 'Note', finished, note: '' }));

    tell({ type: 'Stage', stage: 'judge' });
    const unanswered = await load.drain();
    const cuts = await load.cut(replicas);
    const refused = load.refused();
    if (job.history !== null) await saveLines(job.history, linesOf({ keySpace, keys: job.keys, slotsPerTurn: config.right.m }, history));
    return {
      ...counted(),
      seconds,
      sent: difference(before.sent, after.sent),
      received: difference(before.received, after.received),
      memory,
      judgements: [
        judgeAgreement(cuts, replicas),
        judgeLedger(cuts[0]?.digest, ledger.expected(initial.digest, loaded), ledger.keys(), unanswered),
        judgeHistory(history, keySpace, loaded, config.right.m),
        ...(refused === undefined ? [] : [{ judge: 'no command is refused', verdict: 'incomplete' as const, detail: refused }]),
      ],
    };
  } finally {
    await load.close();
  }
};

const difference = (before: Traffic, after: Traffic): Traffic => ({ messages: after.messages - before.messages, bytes: after.bytes - before.bytes });

/** Waits, and tells the finished part now and then. */
const pass = async (seconds: number, tell: (finished: number) => void): Promise<void> => {
  const start = performance.now();
  for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - start) / 1000) {
    tell(elapsed / seconds);
    await sleep(Math.min(200, (seconds - elapsed) * 1000));
  }
};

/** The process: its first message is its job, and it ends when its parent says so, or is gone. */
const main = (): void => {
  const tell = (told: Told): void => void process.send?.(told);
  process.on('disconnect', () => process.exit(1));
  process.on('SIGINT', () => undefined); // the parent decides
  process.on('SIGTERM', () => process.exit(0));
  process.once('message', (message) => {
    const job = hearJob(message);
    const run = E.isLeft(job) ? Promise.reject(new Error(job.left)) : runJob(job.right, tell);
    run.then(
      (report) => tell({ type: 'Done', report }),
      (error: unknown) => tell({ type: 'Broken', reason: error instanceof Error ? error.message : String(error) }),
    );
  });
};

if (process.argv[1] === import.meta.filename) main();
