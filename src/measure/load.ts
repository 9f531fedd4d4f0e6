/**
 * The sessions of a measurement: writers that call their commands in a closed loop or as they arrive, auditors among them, and
 * one that asks for digests. Commands are drawn, called and answered by the batch, with no object of their own.
 */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { clusterOf, serviceOf, type Config } from '../adapter/config.js';
import { logger } from '../adapter/log.js';
import { openSessions } from '../adapter/tcp/caller.js';
import { routeOf } from '../node.js';
import { DIGEST_KIND, encodeCall, G_ALL, newSheet, recordsOf, replyAt, sequenceAt, statusAt, type Group, type Reply } from '../record.js';
import { decodeDigest } from '../replica/worker.js';
import { KIND, putCall } from '../service/b-plus-tree/calls.js';
import { arrivalsOf } from './arrivals.js';
import type { Job } from './control.js';
import { auditedRanges, auditsOf, commandOf, drawsOf, type Draw, type Drawn } from './draws.js';
import type { Cut } from './judges.js';
import { tally, underwayOf } from './tally.js';

/** Sessions that audit, and the commands that each keeps in flight. */
const AUDITORS = 2;
const AUDITS = 4;
/** Commands that all auditors keep in flight together. */
export const AUDITED = AUDITORS * AUDITS;
/** How long to wait for the last answers, and for the digests of all replicas, ms. */
export const PATIENCE = 30_000;
/** How often digests are asked for in that time. */
const ATTEMPTS = 2;
/** How long a proxy waits for an answer before it asks again, ms. */
const RETRY_AFTER = 2000;

/** The group that a command goes to first, by its kind and partition; only scans are looked at one by one. */
export const routesOf = (config: Config): ((drawn: Readonly<Drawn>) => Group) => {
  const { service, partitions } = serviceOf(config);
  const cluster = clusterOf(config);
  const { lowerBounds } = partitions;
  const routed = (drawn: Readonly<Drawn>): Group => routeOf(cluster, service, commandOf(drawn)).group;
  const groups = Uint16Array.from({ length: 8 * lowerBounds.length }, (_, i) => routed({ kind: 1 + ((i % 8) % 4), key: lowerBounds[i >> 3]!, low: 0, high: 0 }));
  return (drawn) => {
    if (drawn.kind === KIND.scan) return routed(drawn);
    let partition = lowerBounds.length - 1;
    while (partition > 0 && (lowerBounds[partition] as number) > drawn.key) partition -= 1;
    return groups[8 * partition + drawn.kind - 1] as Group;
  };
};

/** Draws commands, and calls them together: those for one group as one batch. */
export const batcher = (config: Config, call: (session: number, calls: { first: number; group: Group; fallback: Group; commands: Uint8Array }) => void) => {
  const groupOf = routesOf(config);
  const { window } = config.sessions;
  const drawnGroups = new Uint16Array(window);
  const drawnKinds = new Uint8Array(window);
  const drawnKeys = new Float64Array(window);
  const drawnLows = new Int32Array(window);
  const drawnHighs = new Int32Array(window);
  const sheets = Array.from({ length: clusterOf(config).threads + 1 }, () => newSheet(2 ** 12));
  const counts = new Float64Array(sheets.length);
  const numbers = new Float64Array(sheets.length);

  /** Calls `count` commands, no more than a window; the i-th was to be called at `timeOf(i)`. `first` is the number of the first call. */
  return (session: number, draw: Draw, underway: ReturnType<typeof underwayOf>, first: number, count: number, timeOf: (i: number) => number): void => {
    counts.fill(0);
    for (let i = 0; i < count; i += 1) {
      const drawn = draw();
      const group = groupOf(drawn);
      drawnGroups[i] = group;
      drawnKinds[i] = drawn.kind;
      drawnKeys[i] = drawn.key;
      drawnLows[i] = drawn.low;
      drawnHighs[i] = drawn.high;
      counts[group]! += 1;
    }
    for (let group = 0, number = first; group < sheets.length; number += counts[group]!, group += 1) {
      numbers[group] = number;
      sheets[group]!.length = 0;
    }
    for (let i = 0; i < count; i += 1) {
      const group = drawnGroups[i]!;
      const number = numbers[group]!;
      const slot = number & underway.mask;
      numbers[group] = number + 1;
      underway.isOpen[slot] = 1;
      underway.hasFailed[slot] = 0;
      underway.kinds[slot] = drawnKinds[i]!;
      underway.keys[slot] = drawnKeys[i]!;
      underway.lows[slot] = drawnLows[i]!;
      underway.highs[slot] = drawnHighs[i]!;
      underway.called[slot] = timeOf(i);
      putCall(sheets[group]!, drawnKinds[i]!, drawnKeys[i]!, drawnLows[i]!, drawnHighs[i]!);
    }
    for (let group = 0; group < sheets.length; group += 1) {
      const { bytes, length } = sheets[group]!;
      if (length > 0) call(session, { first: numbers[group]! - counts[group]!, group, fallback: G_ALL, commands: bytes.subarray(0, length) });
    }
  };
};

export const startLoad = (job: Job, config: Config) => {
  const { service } = serviceOf(config);
  const { arrivals } = job;
  const { window } = config.sessions;
  const ranges = auditedRanges(job.keys, job.bounds);
  const lane = (draw: Draw, isCounted: boolean, outstanding: number) => ({ draw, isCounted, outstanding, underway: underwayOf(window), called: 0, answered: 0 });
  const source = { ...job, writers: arrivals.clients };
  const lanes = [
    ...Array.from({ length: arrivals.clients }, (_, i) => lane(drawsOf(source, i + 1), true, arrivals.type === 'closed' ? arrivals.outstanding : 0)),
    ...Array.from({ length: AUDITORS }, (_, i) => lane(auditsOf(source, arrivals.clients + i + 1, ranges), false, AUDITS)),
  ];
  // The last session asks for digests and for nothing else.
  const teller = lanes.length;
  const ids = Array.from({ length: teller + 1 }, (_, i) => randomInt(2 ** 40) * 256 + i);

  const kept = tally(service.codec, config.m, ranges);
  const cuts: Map<string, Reply>[] = []; // which are all that the last session asks for: the digests of each, by replica
  let isCalling = false;
  let refused: string | undefined;

  const sessions = openSessions(config, ids, { window, retryAfter: RETRY_AFTER }, {
    onAnswers: (session, calls, places, replies) => {
      const of = lanes[session];
      if (of === undefined) return;
      const { underway, isCounted } = of;
      const now = performance.now();
      for (let i = 0; i < calls.length; i += 1) {
        const slot = (calls[i] as number) & underway.mask;
        const at = places[i] as number;
        underway.isOpen[slot] = 0;
        if (statusAt(replies, at) === 'Executed') kept.answered(underway, slot, session, isCounted, now, replies, at);
        else refused ??= new TextDecoder().decode(replyAt(replies, at).payload);
      }
      of.answered += calls.length;
      if (hungry.size === 0) setImmediate(feed);
      hungry.add(session);
    },
    onFailed: (session, call) => {
      const underway = lanes[session]?.underway;
      if (underway !== undefined) underway.hasFailed[call & underway.mask] = 1;
    },
    onReplies: (replica, session, replies) => {
      if (session !== teller) return;
      const own = replies.slice();
      for (const at of recordsOf(own)) cuts[sequenceAt(own, at) - 1]?.set(config.processes[replica]?.id ?? '', replyAt(own, at));
    },
    log: { ...logger('client'), info: () => undefined, warn: () => undefined },
    trace: job.trace === null ? undefined : { ...job.trace, name: `client-${process.pid}` },
  });
  const callBatch = batcher(config, sessions.call);
  const backlog = arrivals.type === 'open' ? arrivalsOf(arrivals, job.seed) : undefined;

  /** Calls as many commands of a session as are due and as there is room for. */
  const callMore = (session: number, now: number): void => {
    const { draw, underway, outstanding, called, answered } = lanes[session]!;
    if (!isCalling) return;
    const isPaced = backlog !== undefined && session < arrivals.clients;
    const due = isPaced ? backlog.waiting(session) : outstanding - (called - answered);
    const count = Math.min(due, sessions.room(session));
    if (count <= 0) return;
    lanes[session]!.called += count;
    callBatch(session, draw, underway, called + 1, count, isPaced ? () => backlog.take(session) : () => now);
  };

  /** Sessions that were answered in this turn of the loop: what each calls next leaves together, and so is answered together. */
  const hungry = new Set<number>();
  const feed = (): void => {
    const now = performance.now();
    for (const session of hungry) callMore(session, now);
    hungry.clear();
  };

  let pacing: NodeJS.Timeout | undefined;
  const pace = (): void => {
    const now = performance.now();
    backlog?.arrive(now);
    for (let session = 0; session < arrivals.clients; session += 1) callMore(session, now);
  };
  const until = async (isDone: () => boolean, patience = PATIENCE): Promise<void> => {
    for (const end = performance.now() + patience; !isDone() && performance.now() < end; ) await sleep(5);
  };
  const unanswered = (): number => lanes.reduce((sum, { called, answered }) => sum + called - answered, 0);

  return {
    tally: kept,
    traffic: sessions.traffic,
    refused: () => refused,
    begin: () => {
      const now = performance.now();
      isCalling = true;
      kept.begin(now);
      backlog?.begin(now);
      lanes.forEach((_, session) => callMore(session, now));
      if (backlog !== undefined) pacing = setInterval(pace, 1);
    },
    /** Sends nothing more, and waits for what is on its way. Returns how many commands stay unanswered. */
    drain: async (): Promise<number> => {
      isCalling = false;
      clearInterval(pacing);
      await until(() => unanswered() === 0);
      lanes.forEach(({ underway }, session) => underway.isOpen.forEach((isOpen, slot) => isOpen === 1 && kept.abandoned(underway, slot, session)));
      return unanswered();
    },
    /**
     * The digests of `replicas` replicas at one cut, or of as many as give one in time. A replica that nobody was connected to when
     * it answered will not answer again: so there is another cut after a while.
     */
    cut: async (replicas: number): Promise<readonly Cut[]> => {
      const from = cuts.length;
      const best = (): ReadonlyMap<string, Reply> => cuts.slice(from).reduce((most, cut) => (cut.size > most.size ? cut : most), new Map<string, Reply>());
      for (let attempt = 0; attempt < ATTEMPTS && best().size < replicas; attempt += 1) {
        cuts.push(new Map());
        sessions.call(teller, { first: cuts.length, group: G_ALL, fallback: G_ALL, commands: encodeCall(DIGEST_KIND, new Uint8Array()) });
        await until(() => best().size >= replicas, PATIENCE / ATTEMPTS);
      }
      return [...best()].map(([replica, { payload, position }]) => ({ replica, digest: decodeDigest(payload), place: `slot ${position.slot} of g_all` }));
    },
    close: (): Promise<void> => {
      clearInterval(pacing);
      return sessions.close();
    },
  };
};
