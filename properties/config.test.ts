/** The configuration: what is left out is filled in, and what is wrong is refused by the name of its field. */
import * as E from 'fp-ts/lib/Either.js';
import * as fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { clusterOf, decode, directoryOf, limitsOf, local, processIdOf, read, serviceOf, type Config, type Local } from '../src/adapter/config.js';
import { isScheduled, isSequential, TECHNIQUES } from '../src/replica/techniques.js';

const FILE = '/etc/psmr/cluster.json';

/** The least that a file can say. */
const least = {
  name: 'least',
  technique: 'smr',
  processes: [
    { id: 'a1', role: 'acceptor', host: 'localhost', port: 7001 },
    { id: 'a2', role: 'acceptor', host: 'localhost', port: 7002 },
    { id: 'r1', role: 'replica', host: 'localhost', port: 7003 },
  ],
  service: { name: 'b-plus-tree', keySpace: 100, keys: 50 },
};
const parallel = { ...least, technique: 'opt-psmr', threads: 4, skip: { origin: 1 } };

const clusters: fc.Arbitrary<Local> = fc
  .record({
    technique: fc.constantFrom(...TECHNIQUES),
    threads: fc.integer({ min: 1, max: 64 }),
    acceptors: fc.integer({ min: 1, max: 7 }),
    replicas: fc.integer({ min: 1, max: 7 }),
    m: fc.integer({ min: 1, max: 9 }),
  })
  .map((chosen) => ({ ...chosen, threads: isSequential(chosen.technique) ? 1 : chosen.threads, m: isScheduled(chosen.technique) ? 1 : chosen.m, ports: Array.from({ length: 14 }, (_, i) => 7000 + i) }));

it('what is left out is filled in', () => {
  expect(decode(JSON.stringify(least), FILE)).toEqual(
    E.right({
      ...least,
      threads: 1,
      storage: 'disk',
      data: '/etc/psmr/data',
      service: { ...least.service, capacity: 64, fill: 0.7, minimum: 'one' },
      ring: { batchBytes: 65536, backlogBytes: 16777216, window: 64, heartbeat: 100, suspectAfter: 1000, resendAfter: 500, askAfter: 50, askFor: 256 },
      skip: { lambda: 10000, delta: 5, origin: 0 },
      m: 1,
      commandsPerBarrier: 'batch',
      sessions: { sessions: 256, window: 256 },
      rings: { g_all: { coordinator: 'a1' } },
      frameLimit: 16777216,
    }),
  );
});

it('a part of a section is filled in too', () => {
  const config = decoded({ ...least, ring: { window: 3 }, sessions: { sessions: 9 } });
  expect(config.ring).toMatchObject({ window: 3, heartbeat: 100 });
  expect(config.sessions).toEqual({ sessions: 9, window: 256 });
});

it('the acceptors take turns at the rings that nobody is named for', () => {
  const { rings } = decoded({ ...parallel, rings: { g_1: { coordinator: 'a1' } } });
  expect(Object.entries(rings).map(([name, { coordinator }]) => [name, coordinator])).toEqual([
    ['g_all', 'a1'],
    ['g_1', 'a1'],
    ['g_2', 'a1'],
    ['g_3', 'a2'],
    ['g_4', 'a1'],
  ]);
});

it('a configuration that was filled in says the same again', () =>
  fc.assert(
    fc.property(clusters, (chosen) => {
      const config = decoded(local(chosen));
      expect(decoded(config)).toEqual(config);
    }),
  ));

describe('a cluster', () => {
  it('numbers its processes as they are listed, and its homes are acceptors', () =>
    fc.assert(
      fc.property(clusters, (chosen) => {
        const config = local(chosen);
        const { membership, homes, threads, technique } = clusterOf(config);
        expect([...membership.acceptors, ...membership.learners]).toEqual(config.processes.map((_, i) => i));
        expect(homes).toHaveLength(threads === 1 || isScheduled(technique) ? 1 : threads + 1);
        expect(membership.acceptors).toEqual(expect.arrayContaining([...homes]));
      }),
    ));

  it('executes a batch under one barrier, or as many commands as are given', () => {
    expect(clusterOf(decoded(least)).commandsPerBarrier).toBe(Infinity);
    expect(clusterOf(decoded({ ...least, commandsPerBarrier: 1 })).commandsPerBarrier).toBe(1);
  });

  it('with one thread is SMR: there is no group but g_all', () =>
    expect(clusterOf(decoded({ ...parallel, threads: 1 }))).toMatchObject({ technique: 'smr', homes: [0] }));

  it('with one thread and a scheduler is pipelined SMR', () =>
    expect(clusterOf(decoded({ ...parallel, technique: 'sp-smr', threads: 1 }))).toMatchObject({ technique: 'pipelined-smr', homes: [0] }));

  it('has a session table for every thread and for the executor', () =>
    expect(limitsOf(decoded(parallel))).toEqual({ tables: 5, sessions: 256, window: 256, replyBytes: 48 }));

  it('starts from the even keys', () => {
    const { persistent, load } = serviceOf(decoded(least));
    expect(persistent(load).digest().entries).toBe(50);
    expect(persistent(load).execute({ type: 'read', key: 98n })[1]).toEqual({ type: 'found', value: 49n });
    expect(persistent(load).execute({ type: 'read', key: 97n })[1]).toEqual({ type: 'absent' });
  });

  it('gives every acceptor a directory of its own', () => expect(directoryOf(decoded(least), 'a2')).toBe('/etc/psmr/data/a2'));

  it('knows its processes by their ids, and names them to those who do not', () => {
    expect(processIdOf(decoded(least), 'r1')).toEqual(E.right(2));
    expect(processIdOf(decoded(least), 'r2')).toEqual(E.left('no such process: r2; there are a1, a2, r1'));
  });
});

describe('a refusal names the field:', () => {
  const [a1, a2, r1] = least.processes;

  for (const [given, reason] of [
    [{ ...least, technique: 'psmr' }, 'technique: expected "smr" or "pipelined-smr" or "sp-smr" or "p-smr" or "opt-psmr", got "psmr"'],
    [{ ...parallel, technique: 'smr' }, 'threads: expected 1 under smr, got 4'],
    [{ ...parallel, technique: 'pipelined-smr' }, 'threads: expected 1 under pipelined-smr, got 4'],
    [{ ...parallel, technique: 'sp-smr', m: 2 }, 'm: expected 1 under sp-smr, got 2'],
    [{ ...parallel, technique: 'sp-smr', rings: { g_1: { coordinator: 'a1' } } }, 'rings.g_1: no such ring; there are g_all'],
    [{ ...parallel, threads: 65 }, 'threads: expected an integer from 1 to 64, got 65'],
    [{ ...least, treads: 2 }, /^treads: no such field; there are name, technique, threads, .*, got 2$/],
    [{ ...least, ring: { window: 0 } }, 'ring.window: expected an integer from 1 on, got 0'],
    [{ ...least, ring: { windows: 1 } }, /^ring\.windows: no such field; there are batchBytes, .*, got 1$/],
    [{ ...least, ring: { heartbeat: 1000 } }, 'ring.heartbeat: expected less than suspectAfter, 1000, got 1000'],
    [{ ...least, ring: { backlogBytes: 65535 } }, 'ring.backlogBytes: expected room for a batch, 65536, got 65535'],
    [{ ...least, frameLimit: 10_000 }, 'frameLimit: expected room for a window of batches, 4194304, got 10000: a promise may carry as much'],
    [{ ...least, processes: [a1, a2, { ...r1, port: '7003' }] }, 'processes[2].port: expected an integer from 1 to 65535, got "7003"'],
    [{ ...least, processes: [a1, { ...a2, id: '../a2' }, r1] }, 'processes[1].id: expected a name of letters, digits, . - and _, the first a letter or digit, got "../a2"'],
    [{ ...least, processes: [a1, { ...a2, id: 'a1' }, r1] }, 'processes[1].id: expected an id of its own, got "a1" again'],
    [{ ...least, processes: [a1, { ...a2, port: 7001 }, r1] }, 'processes[1].port: expected an address of its own, got localhost:7001 again'],
    [{ ...least, processes: [a1, a2] }, 'processes: expected at least one with the role "replica", got none'],
    [{ ...least, processes: [r1] }, 'processes: expected at least one with the role "acceptor", got none'],
    [{ ...least, processes: {} }, 'processes: expected a list of processes, got {}'],
    [{ ...least, service: { ...least.service, keys: 51 } }, 'service.keys: expected even keys below 100, got 51 of them'],
    [{ ...least, service: { ...least.service, fill: 0.4 } }, 'service.fill: expected a number from 0.5 to 1, got 0.4'],
    [{ ...least, service: undefined }, 'service: expected an object, got nothing'],
    [{ ...parallel, service: { ...least.service, keySpace: 3, keys: 0 } }, 'service.keySpace: expected at least a key for each of 4 threads, got 3'],
    [{ ...parallel, skip: {} }, 'skip.origin: expected when the cluster was made, ms since the epoch, got nothing'],
    [{ ...parallel, rings: { g_5: { coordinator: 'a1' } } }, 'rings.g_5: no such ring; there are g_all, g_1, g_2, g_3, g_4'],
    [{ ...parallel, rings: { g_4: { coordinator: 'r1' } } }, 'rings.g_4.coordinator: no such acceptor; there are a1, a2, got "r1"'],
    [{ ...parallel, rings: { g_4: {} } }, 'rings.g_4.coordinator: expected string, got nothing'],
    [{ ...least, commandsPerBarrier: 0 }, 'commandsPerBarrier: expected an integer from 1 on or "batch", got 0'],
    [[], 'expected an object, got []'],
  ] as const)
    it(String(reason), () => expect(refusal(JSON.stringify(given))).toEqual(typeof reason === 'string' ? reason : expect.stringMatching(reason)));

  it('every flaw, a line each', () => {
    const [first, second, ...more] = refusal(JSON.stringify({ ...least, m: 0, name: '' })).split('\n');
    expect([first, second]).toEqual([expect.stringMatching(/^name: /), expect.stringMatching(/^cluster\.json: m: /)]);
    expect(more).toEqual([]);
  });

  it('what is not JSON', () => expect(refusal('{')).toMatch(/^not JSON: /));

  it('a file that is not there', () => expect(read('/nowhere/cluster.json')).toEqual(E.left(expect.stringMatching(/^cluster\.json: ENOENT/))));
});

it('any JSON is refused, or makes a cluster and a service', () => {
  const field = fc.constantFrom(...Object.keys(decoded(parallel)));
  const anything = fc.oneof(fc.jsonValue(), fc.integer({ min: -1, max: 100 }));
  const altered = fc.tuple(field, anything).map(([name, value]) => JSON.stringify({ ...parallel, [name]: value }));
  fc.assert(
    fc.property(fc.oneof(fc.json(), altered), (json) => {
      const config = decode(json, FILE);
      if (E.isRight(config)) expect(() => [clusterOf(config.right), serviceOf(config.right)]).not.toThrow();
    }),
  );
});

it('a file is read, and its data lies beside it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'psmr-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, 'cluster.json'), JSON.stringify(least));
  expect(read(join(directory, 'cluster.json'))).toMatchObject({ right: { name: 'least', data: join(directory, 'data') } });
});

it('a local cluster that makes no sense is refused', () => {
  expect(() => local({ technique: 'smr', threads: 2, acceptors: 1, replicas: 1, ports: [7000] })).toThrow(/^processes\[1\]\.port: .*, got nothing$/);
});

function decoded(given: unknown): Config {
  const config = decode(JSON.stringify(given), FILE);
  if (E.isLeft(config)) throw new Error(config.left);
  return config.right;
}

/** What is wrong, after the name of the file. */
function refusal(json: string): string {
  const config = decode(json, FILE);
  return E.isLeft(config) ? config.left.replace(/^cluster\.json: /, '') : 'accepted';
}
