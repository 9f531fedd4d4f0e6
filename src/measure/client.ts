/**
 * The client process of a measurement: it loads the cluster, times every command, records all that happens to the audited
 * keys, and judges the run when it is over. It tells its parent how far it is.
 */
import * as E from 'fp-ts/lib/Either.js';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { read, serviceOf } from '../adapter/config.js';
import { logger } from '../adapter/log.js';
import { connect } from '../adapter/tcp/caller.js';
import type { Operation } from '../check/history.js';
import type { Reply } from '../record.js';
import { decodeDigest } from '../replica/worker.js';
import type { Command, Result } from '../service/b-plus-tree/index.js';
import { hearJob, type Job, type Report, type Told } from './control.js';
import { histogram } from './histogram.js';
import { judgeAgreement, judgeHistory, judgeLedger, type Cut } from './judges.js';
import { ledger } from './ledger.js';
import { auditedRanges, auditsOf, commandsOf, keySpaceOf, valueAt } from './workload.js';

/** Sessions that audit, and the commands that each keeps in flight. */
const AUDITORS = 2;
const AUDITS = 4;
/** How long to wait for the last answers, and for the digests of all replicas, ms. */
const PATIENCE = 20_000;
/** How long a proxy waits for an answer before it asks again, ms. */
const RETRY_AFTER = 2000;

type Call = { readonly command: Command | 'digest'; readonly at: number };

/** Runs a job against a cluster that is up, or coming up. Rejects if the configuration can't be read or nobody answers. */
export const runJob = async (job: Job, tell: (told: Told) => void): Promise<Report> => {
  const read_ = read(job.config);
  if (E.isLeft(read_)) throw new Error(read_.left);
  const config = read_.right;
  const { service } = serviceOf(config);
  const keySpace = keySpaceOf(job.keys);
  const loaded = (key: number): bigint | undefined => (key % 2 === 0 && key < keySpace ? valueAt(key / 2) : undefined);

  const workload = { keys: job.keys, mix: job.mix, span: 8, seed: job.seed };
  const ranges = auditedRanges(job.keys, job.bounds);
  const audited = new Set(ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i)));
  const writers = [
    ...Array.from({ length: job.clients }, (_, i) => ({ next: commandsOf(workload, i + 1), outstanding: job.outstanding })),
    ...Array.from({ length: AUDITORS }, (_, i) => ({ next: auditsOf(workload, job.clients + i + 1, ranges), outstanding: AUDITS })),
  ];
  const sessions = writers.map((_, i) => randomInt(2 ** 40) * 256 + i);
  const teller = sessions.length - 1; // the session that asks for digests

  const answers = ledger(config.m);
  const latency = histogram();
  const history: Operation<Command, Result>[] = [];
  const callsBySession = sessions.map(() => new Map<number, Call>());
  const replies = new Map<number, Map<number, Reply>>(); // to the teller's digests: by sequence, by replica
  let calls = 0;
  let isCalling = false;
  let isMeasuring = false;
  let commands = 0;
  let failed = 0;
  let refused: string | undefined;
  let onDigest: ((reply: Reply) => void) | undefined;

  const ask = (session: number): void => {
    const writer = writers[session];
    if (writer === undefined || !isCalling) return;
    const command = writer.next();
    calls += 1;
    callsBySession[session]?.set(calls, { command, at: performance.now() });
    caller.call(session, calls, command);
  };

  const answered = (session: number, id: number, reply: Reply): void => {
    const call = callsBySession[session]?.get(id);
    if (call === undefined) return;
    callsBySession[session]?.delete(id);
    const now = performance.now();
    if (call.command === 'digest') return onDigest?.(reply);
    if (reply.status === 'Refused') refused ??= new TextDecoder().decode(reply.payload);
    else take(session, id, call.command, call.at, now, reply);
    ask(session);
  };

  const take = (session: number, id: number, command: Command, called: number, now: number, { payload, position }: Reply): void => {
    const result = service.codec.decodeResult(service.codec.kindOf(command), payload);
    answers.note(command, result, position);
    if (isMeasuring) {
      commands += 1;
      latency.record((now - called) * 1000);
    }
    if (audited.has(Number(command.type === 'scan' ? command.from : command.key)))
      history.push({ type: 'completed', id, session, command, call: called, return: now, result, position });
  };

  const caller = connect(config, service, sessions, { window: config.sessions.window, retryAfter: RETRY_AFTER }, {
    onAnswer: answered,
    onFailed: () => {
      if (isMeasuring) failed += 1;
    },
    onReply: (replica, reply) => {
      if (reply.session !== sessions[teller]) return;
      const bySequence = replies.get(reply.sequence) ?? new Map<number, Reply>();
      if (onDigest !== undefined) replies.set(reply.sequence, bySequence.set(replica, reply));
    },
    log: { ...logger('client'), info: () => {}, warn: () => {} },
  });

  /** The digests of all replicas at one cut. */
  const cut = async (): Promise<readonly Cut[]> => {
    calls += 1;
    const id = calls;
    const first = await new Promise<Reply | undefined>((resolve) => {
      onDigest = resolve;
      callsBySession[teller]?.set(id, { command: 'digest', at: performance.now() });
      caller.call(teller, id, 'digest');
      void sleep(PATIENCE, undefined, { ref: false }).then(() => resolve(undefined));
    });
    if (first === undefined) return [];
    const replicas = config.processes.filter(({ role }) => role === 'replica').length;
    const given = (): ReadonlyMap<number, Reply> => replies.get(first.sequence) ?? new Map<number, Reply>();
    for (const end = performance.now() + PATIENCE; given().size < replicas && performance.now() < end; ) await sleep(5);
    onDigest = undefined;
    return [...given()].map(([replica, { payload, position }]) => ({
      replica: config.processes[replica]?.id ?? '',
      digest: decodeDigest(payload),
      place: `slot ${position.slot} of g_all`,
    }));
  };

  const pass = async (seconds: number, rate: () => string): Promise<void> => {
    const start = performance.now();
    for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - start) / 1000) {
      tell({ type: 'Note', finished: elapsed / seconds, note: rate() });
      await sleep(Math.min(200, (seconds - elapsed) * 1000));
    }
  };

  try {
    tell({ type: 'Stage', stage: 'load' });
    const [initial] = await cut();
    if (initial === undefined) throw new Error('no replica has answered within 20 s');

    tell({ type: 'Stage', stage: 'warm up' });
    isCalling = true;
    writers.forEach(({ outstanding }, session) => {
      for (let i = 0; i < outstanding; i += 1) ask(session);
    });
    await pass(job.warmup, () => '');

    tell({ type: 'Stage', stage: 'measure' });
    isMeasuring = true;
    const start = performance.now();
    await pass(job.seconds, () => `${(commands / Math.max(1, performance.now() - start)).toFixed(1)} Kcps`);
    isMeasuring = false;
    const seconds = (performance.now() - start) / 1000;

    tell({ type: 'Stage', stage: 'judge' });
    isCalling = false;
    const open = (): number => callsBySession.reduce((sum, { size }) => sum + size, 0);
    for (const end = performance.now() + PATIENCE; open() > 0 && performance.now() < end; ) await sleep(5);
    const unanswered = open();
    callsBySession.forEach((open_, session) =>
      open_.forEach(({ command, at }, id) => {
        if (command !== 'digest') history.push({ type: 'pending', id, session, command, call: at });
      }),
    );
    const cuts = await cut();
    const replicas = config.processes.filter(({ role }) => role === 'replica').length;
    const { mean, p50, p99 } = latency.summary();
    return {
      commands,
      failed,
      seconds,
      latency: { mean, p50, p99 },
      judgements: [
        judgeAgreement(cuts, replicas),
        judgeLedger(cuts[0]?.digest, answers.expected(initial.digest, loaded), answers.keys(), unanswered),
        judgeHistory(history, keySpace, loaded, config.m),
        ...(refused === undefined ? [] : [{ judge: 'no command is refused', verdict: 'incomplete' as const, detail: refused }]),
      ],
    };
  } finally {
    await caller.close();
  }
};

/** The process: its first message is its job, and it ends when it has told what it found, or when its parent is gone. */
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
