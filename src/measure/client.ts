/**
 * The client process of a measurement: it drives the cluster, times every command, records all that happens to the audited
 * keys, and judges the run when it is over. It tells its parent how far it is.
 */
import * as E from 'fp-ts/lib/Either.js';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { read, serviceOf, type Config } from '../adapter/config.js';
import { linesOf, saveLines } from '../adapter/history/save.js';
import { logger } from '../adapter/log.js';
import { connect } from '../adapter/tcp/caller.js';
import type { Reply } from '../record.js';
import { decodeDigest } from '../replica/worker.js';
import { hearJob, type Job, type Report, type Told } from './control.js';
import { judgeAgreement, judgeHistory, judgeLedger, type Cut } from './judges.js';
import { tally, type Call } from './tally.js';
import { auditedRanges, auditsOf, commandsOf, keySpaceOf, valueAt } from './draws.js';

/** Sessions that audit, and the commands that each keeps in flight. */
const AUDITORS = 2;
const AUDITS = 4;
/** How long to wait for the last answers, and for the digests of all replicas, ms. */
const PATIENCE = 20_000;
/** How long a proxy waits for an answer before it asks again, ms. */
const RETRY_AFTER = 2000;

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
    const start = performance.now();
    await pass(job.seconds, (finished) => {
      const rate = counted().commands / Math.max(1, performance.now() - start);
      tell({ type: 'Note', finished, note: `${rate.toFixed(1)} Kcps` });
    });
    setMeasuring(false);
    const seconds = (performance.now() - start) / 1000;
    const memory = process.memoryUsage.rss() / 2 ** 20;

    tell({ type: 'Stage', stage: 'cool down' });
    await pass(job.cooldown, (finished) => tell({ type: 'Note', finished, note: '' }));

    tell({ type: 'Stage', stage: 'judge' });
    const unanswered = await load.drain();
    const cuts = await load.cut(replicas);
    const { commands, failed, latency } = counted();
    const refused = load.refused();
    if (job.history !== null) await saveLines(job.history, linesOf({ keySpace, keys: job.keys, slotsPerTurn: config.right.m }, history));
    return {
      commands,
      failed,
      seconds,
      latency: { all: latency, passed: latency, failed: latency },
      histogram: '',
      series: [],
      sent: { messages: 0, bytes: 0 },
      received: { messages: 0, bytes: 0 },
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

/** Waits, and tells the finished part now and then. */
const pass = async (seconds: number, tell: (finished: number) => void): Promise<void> => {
  const start = performance.now();
  for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - start) / 1000) {
    tell(elapsed / seconds);
    await sleep(Math.min(200, (seconds - elapsed) * 1000));
  }
};

/** The sessions of a job: writers that keep their commands in flight once begun, and auditors among them. */
const startLoad = (job: Job, config: Config) => {
  const { service } = serviceOf(config);
  const { clients } = job.arrivals;
  const outstanding = job.arrivals.type === 'closed' ? job.arrivals.outstanding : 1;
  const ranges = auditedRanges(job.keys, job.bounds);
  const writers = [
    ...Array.from({ length: clients }, (_, i) => ({ next: commandsOf(job, i + 1), outstanding })),
    ...Array.from({ length: AUDITORS }, (_, i) => ({ next: auditsOf(job, clients + i + 1, ranges), outstanding: AUDITS })),
  ];
  // The last session asks for digests and for nothing else.
  const teller = writers.length;
  const sessions = Array.from({ length: teller + 1 }, (_, i) => randomInt(2 ** 40) * 256 + i);

  const kept = tally(service.codec, config.m, ranges);
  const calls = new Map<number, Call>();
  const digests: { readonly replica: string; readonly reply: Reply }[] = [];
  let called = 0;
  let cuts = 0; // which are all that the last session asks for
  let isCalling = false;
  let refused: string | undefined;

  const ask = (session: number): void => {
    const writer = writers[session];
    if (writer === undefined || !isCalling) return;
    const command = writer.next();
    called += 1;
    calls.set(called, { session, id: called, command, called: performance.now() });
    caller.call(session, called, command);
  };
  const caller = connect(config, service, sessions, { window: config.sessions.window, retryAfter: RETRY_AFTER }, {
    onAnswer: (session, id, reply) => {
      const call = calls.get(id);
      if (call === undefined) return;
      calls.delete(id);
      if (reply.status === 'Refused') refused ??= new TextDecoder().decode(reply.payload);
      else kept.answered(call, performance.now(), reply);
      ask(session);
    },
    onFailed: kept.failed,
    onReply: (replica, reply) => {
      // A replica that comes back answers again what was asked before: only the last cut counts.
      if (reply.session === sessions[teller] && reply.sequence === cuts) digests.push({ replica: config.processes[replica]?.id ?? '', reply });
    },
    log: { ...logger('client'), info: () => undefined, warn: () => undefined },
    trace: job.trace === null ? undefined : { ...job.trace, name: `client-${process.pid}` },
  });

  const until = async (isDone: () => boolean): Promise<void> => {
    for (const end = performance.now() + PATIENCE; !isDone() && performance.now() < end; ) await sleep(5);
  };

  return {
    tally: kept,
    refused: () => refused,
    begin: () => {
      isCalling = true;
      writers.forEach(({ outstanding }, session) => {
        for (let i = 0; i < outstanding; i += 1) ask(session);
      });
    },
    /** Sends nothing more, and waits for what is on its way. Returns how many commands stay unanswered. */
    drain: async (): Promise<number> => {
      isCalling = false;
      await until(() => calls.size === 0);
      calls.forEach(kept.abandoned);
      return calls.size;
    },
    /** The digests of `replicas` replicas at one cut, or of as many as give one in time. */
    cut: async (replicas: number): Promise<readonly Cut[]> => {
      digests.length = 0;
      cuts += 1;
      called += 1;
      caller.call(teller, called, 'digest');
      const given = (): ReadonlyMap<string, Reply> => new Map(digests.map(({ replica, reply }) => [replica, reply]));
      await until(() => given().size >= replicas);
      return [...given()].map(([replica, { payload, position }]) => ({ replica, digest: decodeDigest(payload), place: `slot ${position.slot} of g_all` }));
    },
    close: caller.close,
  };
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
