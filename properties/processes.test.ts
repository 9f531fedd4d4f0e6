/** Does it hold on real processes, sockets and disks, and does it say so when it does not? Runs `psmr` as it was built. */
import * as E from 'fp-ts/lib/Either.js';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, connect as dial, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { decode as decodeConfig, directoryOf, serviceOf } from '../src/adapter/config.js';
import { frame } from '../src/adapter/frames.js';
import { encode as encodeHello, PROTOCOL } from '../src/adapter/hello.js';
import { silent } from '../src/adapter/log.js';
import { FILE } from '../src/adapter/storage.js';
import { connect } from '../src/adapter/tcp/caller.js';
import { encode } from '../src/adapter/wire.js';
import { runJob } from '../src/measure/client.js';
import type { Report } from '../src/measure/control.js';
import { decode as decodeResult } from '../src/measure/result.js';
import { encodeCommand, type Reply } from '../src/record.js';
import type { Report as TraceReport } from '../src/trace/report.js';
import { evenly } from '../src/service/b-plus-tree/index.js';
import { familyOf, newCluster, newFolder, pause, psmr, start, tidy, until, type Ended, type Nodes, type Running } from './arbitraries/processes.js';

const KEYS = 1000;
const SERVICE = { keySpace: 2 * KEYS, keys: KEYS };

describe('an acknowledged command survives', () => {
  afterEach(tidy);

  it('the crash of any process, of all acceptors at once, and of the whole cluster', async () => {
    const nodes = await newCluster({
      technique: 'opt-psmr',
      threads: 2,
      service: SERVICE,
      ring: { heartbeat: 50, suspectAfter: 300, resendAfter: 300 },
      rings: { g_all: { coordinator: 'a1' }, g_1: { coordinator: 'a2' }, g_2: { coordinator: 'a2' } },
    }, { directory: newFolder(), level: 'execution' });
    const report = load(nodes, 12);
    for (const victims of [['a3'], ['a1'], ['r2'], ['a1', 'a2', 'a3'], ['a1', 'a2', 'a3', 'r1', 'r2']]) {
      await pause(500);
      await nodes.crash(...victims);
      if (victims.length === 1) expect(await nodes.call('read', '42')).toMatchObject({ status: 0, stderr: '' });
      await nodes.start(...victims);
      expect(await nodes.call('read', '44')).toMatchObject({ status: 0, stderr: '' });
    }
    expect(verdictsOf(await report)).toEqual(['replicas agree: ok', 'nothing acknowledged is missing: ok', 'history is linearizable: ok']);
    // Whoever was killed has left half a line, and others have heard what it had no time to write down.
    const { stdout, status } = await psmr(['trace', 'check', '--json', nodes.trace!.directory]);
    const [judged] = JSON.parse(stdout) as readonly TraceReport[];
    expect(judged!.found).toBeUndefined();
    // Every life of a process, and of each of its threads, is a file; and so is every client.
    expect(judged).toMatchObject({ verdict: 'ok', history: 'ok', violations: [], files: 4 + 3 + 4 + 3 * 2 + 3 * 3 + 9 });
    expect(judged!.unmatched).toBeGreaterThan(0);
    expect(status).toBe(0);
  });
});

describe('a live node', () => {
  let nodes: Nodes;
  const sockets: Socket[] = [];
  beforeAll(async () => void (nodes = await newCluster({ technique: 'opt-psmr', threads: 2, service: SERVICE, frameLimit: 65_536, ring: { window: 8, batchBytes: 8192 } })));
  afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));
  afterAll(tidy);

  const common = { protocol: PROTOCOL, cluster: 'local' };
  const hello = (said: object): Uint8Array => frame(encodeHello(said));
  const peer = hello({ type: 'Peer', ...common, from: 'a2' });
  const client = hello({ type: 'Client', ...common, sessions: [7] });
  const submission = (commands: Uint8Array, group = 0): Uint8Array => frame(encode({ type: 'Message', group, message: { type: 'Submit', commands } }));

  const command = encodeCommand({ kind: 1, attempt: 0, session: 7, sequence: 1, floor: 1, payload: new Uint8Array(8) });

  /** Calls a node, says these bytes, and stays. */
  const say = (id: string, ...bytes: readonly Uint8Array[]): Socket => {
    const socket = dial({ host: '127.0.0.1', port: portOf(nodes, id) }).on('error', () => undefined);
    sockets.push(socket.resume());
    bytes.forEach((piece) => socket.write(piece));
    return socket;
  };
  const isServing = async (): Promise<void> => expect(await nodes.call('read', '42')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^found 21, /) });

  for (const [title, bytes, why] of [
    ['another protocol', [Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')], 'a frame of 542393671 bytes, above the limit of 65536'],
    ['an empty frame', [new Uint8Array(4)], 'an empty frame'],
    ['a hello that is no text', [frame(Uint8Array.of(255, 254, 253))], 'a hello that is not UTF-8'],
    ['a hello that is not JSON', [frame(Buffer.from('hello'))], 'a hello that is not JSON'],
    ['a hello of another version', [hello({ type: 'Peer', ...common, protocol: 'opt-psmr/0', from: 'a2' })], 'a hello whose protocol is not "opt-psmr/1"'],
    ['a hello of another cluster', [hello({ type: 'Peer', ...common, cluster: 'mine', from: 'a2' })], 'of cluster "mine", not "local"'],
    ['a hello of nobody', [hello({ type: 'Peer', ...common, from: 'x9' })], 'no such process: x9; there are a1, a2, a3, r1, r2'],
    ['an over-long frame', [client, Uint8Array.of(1, 0, 1, 0)], 'a frame of 65537 bytes, above the limit of 65536'],
    ['a malformed frame of a peer', [peer, frame(Uint8Array.of(9, 9, 9))], /byte 0/],
    ['a message cut short', [peer, frame(encode({ type: 'Message', group: 0, message: { type: 'Prepare', ballot: { round: 1, process: 0 }, from: 0 } }).subarray(0, 6))], /byte \d+/],
    ['a submission that holds no commands', [client, submission(new Uint8Array(30).fill(1))], /length \d+ reaches past the end of the batch/],
    ['a group that is not there', [client, submission(new Uint8Array(), 3)], 'no group 3'],
    ['a submission of nothing', [client, submission(new Uint8Array())], 'a client may only submit commands, 8192 bytes at once'],
    ['a submission that no batch holds', [client, submission(Buffer.concat(Array.from({ length: 300 }, () => command)))], 'a client may only submit commands, 8192 bytes at once'],
    ['a client that talks like an acceptor', [client, frame(encode({ type: 'Message', group: 0, message: { type: 'Here' } }))], 'a client may only submit commands'],
  ] as const)
    it(`cuts off ${title}, says why, and goes on`, async () => {
      const before = nodes.log('a1').length;
      const socket = say('a1', ...bytes);
      const { port } = await new Promise<AddressInfo>((done) => socket.once('connect', () => done(socket.address() as AddressInfo)));
      await until(() => socket.closed, () => `a1 has not cut off ${title}`);
      const lines = nodes.log('a1').slice(before).trimEnd().split('\n').filter((line) => line.includes(' cut off '));
      expect(lines).toEqual([expect.stringMatching(new RegExp(`warn +a1 cut off 127\\.0\\.0\\.1:${port}: `))]);
      expect(lines[0]).toMatch(why);
    });

  it('does not repeat all that a stranger says', async () => {
    const before = nodes.log('a1').length;
    for (const said of [{ type: 'Peer', ...common, from: 'x'.repeat(60_000) }, { type: 'Client', ...common, cluster: 'x'.repeat(60_000), sessions: [] }]) {
      const socket = say('a1', hello(said));
      await until(() => socket.closed, () => 'a1 has not cut off the stranger');
    }
    expect(nodes.log('a1').slice(before).length).toBeLessThan(3000);
  });

  it('waits for the rest of a frame without harm to others, and not for ever for a hello', async () => {
    const slow = [say('a1', peer.subarray(0, 9)), say('r1', Uint8Array.of(9)), say('a1', client, submission(new Uint8Array(80)).subarray(0, 40))];
    await isServing();
    const [first, second, third] = slow as [Socket, Socket, Socket];
    await until(() => first.closed && second.closed, () => 'nobody has lost patience');
    expect(nodes.log('a1')).toContain('no hello in time');
    expect(third.closed).toBe(false);
  });

  it('refuses a key out of range, and the client is told which there are', async () => {
    expectComplaint(await nodes.call('scan', '0', '2000'), /^psmr: refused: to: 2000 is outside 0\.\.1999$/);
    expectComplaint(await nodes.call('insert', '-1', '5'), /^psmr: refused: key: -1 is outside 0\.\.1999$/);
  });

  it('refuses a command that came to the wrong group', async () => {
    const { service } = serviceOf(nodes.config);
    const astray = { ...service, footprint: () => ({ type: 'Partition', partition: 2, change: 'nothing' }) as const };
    const { status, payload } = await new Promise<Reply>((answer) => {
      const caller = connect(nodes.config, astray, [4711], { window: 1, retryAfter: 500 }, { onAnswer: (_, __, reply) => void caller.close().then(() => answer(reply)), log: silent });
      caller.call(0, 1, { type: 'read', key: 0n });
    });
    expect([status, new TextDecoder().decode(payload)]).toEqual(['Refused', 'not a command for group 2']);
  });

  it('serves a good client after all this', isServing);
});

describe('psmr says in one line what is wrong:', () => {
  let folder: string;
  let taken: AddressInfo;
  const server = createServer((socket) => socket.destroy());
  beforeAll(async () => {
    folder = newFolder();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    taken = server.address() as AddressInfo;
    writeFileSync(join(folder, 'bad.json'), '{ "name": ');
    writeFileSync(join(folder, 'ring.json'), JSON.stringify({ ...least(), rings: { g_5: { coordinator: 'a1' } } }));
    writeFileSync(join(folder, 'taken.json'), JSON.stringify(least(taken.port)));
  });
  afterAll(async () => {
    await new Promise((done) => server.close(done));
    await tidy();
  });

  /** A cluster of one acceptor and one replica. */
  const least = (port = 1) => ({
    name: 'least',
    technique: 'smr',
    processes: [
      { id: 'a1', role: 'acceptor', host: '127.0.0.1', port },
      { id: 'r1', role: 'replica', host: 'localhost', port },
    ],
    service: { name: 'b-plus-tree', keySpace: 100, keys: 50 },
  });

  for (const [line, complaint] of [
    ['--bogus', /^psmr: unknown option '--bogus' \(try psmr --help\)$/],
    ['bogus', /^psmr: unknown command 'bogus' \(try psmr --help\)$/],
    ['measure --key 5', /^psmr: unknown option '--key' \(Did you mean --keys\?\) \(try psmr measure --help\)$/],
    ['measure --keys many', /^psmr: option '--keys <n>' argument 'many' is invalid\. Expected a number from 16 to 100000000\. \(try psmr measure --help\)$/],
    ['measure --techniques smr,fast', /Expected one of smr, pipelined-smr, sp-smr, p-smr, opt-psmr\./],
    ['measure --update 60 --dependent 60', /^psmr: --update 60 and --dependent 60 are more than 100 % together$/],
    ['measure --out FOLDER/bad.json', /^psmr: --out .*bad\.json: EEXIST/],
    ['measure --out FOLDER/bad.json/deeper', /^psmr: --out .*bad\.json\/deeper: ENOTDIR/],
    ['node --id a1', /^psmr: required option '--config <file>' not specified \(try psmr node --help\)$/],
    ['node --config FOLDER/none.json --id a1', /^psmr: none\.json: ENOENT: no such file/],
    ['node --config FOLDER --id a1', /^psmr: .*: EISDIR/],
    ['node --config FOLDER/bad.json --id a1', /^psmr: bad\.json: not JSON: /],
    ['node --config FOLDER/ring.json --id a1', /^psmr: ring\.json: rings\.g_5: no such ring; there are g_all$/],
    ['node --config FOLDER/taken.json --id a9', /^psmr: no such process: a9; there are a1, r1$/],
    ['node --config FOLDER/taken.json --id a1', /^psmr: cannot listen on 127\.0\.0\.1:\d+: listen EADDRINUSE/],
    ['node --config FOLDER/taken.json --id r1', /^psmr: cannot listen on localhost:\d+: listen EADDRINUSE/],
    ['client --config FOLDER/none.json read 1', /^psmr: none\.json: ENOENT/],
    ['client --config FOLDER/taken.json fly 1', /^psmr: not a command: expected read KEY \| /],
    ['client --config FOLDER/taken.json insert 1 two', /^psmr: two is no integer$/],
    ['client --config FOLDER/taken.json insert 1 99999999999999999999', /^psmr: 99999999999999999999 does not fit in 64 bits$/],
    ['client --config FOLDER/taken.json --timeout 0.2 read 1', /^psmr: no answer within 0\.2 s, though the command may still be executed: /],
    ['simulate', /^psmr: required option '--seed <n>' not specified \(try psmr simulate --help\)$/],
  ] as const)
    it(line, async () => expectComplaint(await psmr(line.replace('FOLDER', folder).split(' ')), complaint));
});

describe('an acceptor does not start', () => {
  afterEach(tidy);

  it('on a log that is damaged, and leaves it as it was', async () => {
    const nodes = await newCluster({ technique: 'smr', service: SERVICE });
    expect(await nodes.call('insert', '43', '7')).toMatchObject({ status: 0 });
    await nodes.crash('a1');
    const file = join(directoryOf(nodes.config, 'a1'), FILE);
    const bytes = readFileSync(file);
    bytes[20] = bytes[20]! ^ 1;
    writeFileSync(file, bytes);
    expectComplaint(await psmr(['node', '--config', nodes.file, '--id', 'a1']), /^psmr: .*a1\/records\.log is damaged at byte 0: .*\. This acceptor must stay down: without all that it wrote, two values may be decided$/);
    expect(readFileSync(file)).toEqual(bytes);
    expect(await nodes.call('read', '43')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^found 7, /) });
  });

  it('on a log that another process is writing', async () => {
    const nodes = await newCluster({ technique: 'smr', service: SERVICE });
    const elsewhere = join(newFolder(), 'elsewhere.json');
    writeFileSync(elsewhere, JSON.stringify({ ...nodes.config, processes: nodes.config.processes.map((each) => ({ ...each, port: each.port + 1 })) }));
    expectComplaint(await psmr(['node', '--config', elsewhere, '--id', 'a1']), /^psmr: .*a1 is in use by another process$/);
    expect(await nodes.call('read', '42')).toMatchObject({ status: 0 });
    await nodes.crash('a1');
    await nodes.start('a1');
  });
});

describe('psmr teaches:', () => {
  for (const command of ['measure', 'node', 'client', 'simulate', 'check-history', 'convert-history'])
    it(`psmr ${command} --help`, async () => {
      const { status, stdout, stderr } = await psmr([command, '--help']);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain(`Examples:\n  psmr ${command} `);
      expect(stdout.split('\n').filter((line) => line.length > 120)).toEqual([]);
    });

  it('psmr --help names every command', async () => {
    const { stdout } = await psmr(['--help']);
    for (const command of ['measure', 'node', 'client', 'simulate']) expect(stdout).toContain(`\n  psmr ${command} `);
  });

  it('a cluster that can be used as it stands', async () => {
    const { stdout } = await psmr(['node', '--help']);
    expect(decodeConfig(/^\{$.*?^\}$/ms.exec(stdout)?.[0] ?? '', 'example.json')).toMatchObject(E.right({ name: 'example', threads: 2 }));
  });
});

describe('psmr client', () => {
  let nodes: Nodes;
  beforeAll(async () => void (nodes = await newCluster({ technique: 'opt-psmr', threads: 2, service: SERVICE })));
  afterAll(tidy);

  const linesOf = ({ stdout }: Ended): readonly string[] => stdout.trimEnd().split('\n');

  it('answers one command with one line, and 0', async () => {
    const { status, stdout, stderr } = await nodes.call('read', '42');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^found 21, at slot \d+ of g_1, offset 0\n$/);
  });

  it('answers every kind of command in a script, and says where each was executed', async () => {
    const answers = [
      ['insert 43 -7', 'inserted, g_1'],
      ['insert 43 8', 'exists -7, g_1'],
      ['update 43 9', 'updated from -7, g_1'],
      ['scan 41 44', 'entries 42: 21, 43: 9, 44: 22, g_all'],
      ['delete 43', 'removed 9, g_1'],
      ['delete 43', 'absent, g_1'],
      ['read 1998', 'found 999, g_2'],
      ['digest', /^1000 entries, [0-9a-f]{16}, g_all$/],
    ] as const;
    const ended = await psmr(['client', '--config', nodes.file], { input: answers.map(([command]) => command).join('\n') });
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    expect(linesOf(ended).map((line) => line.replace(/at slot \d+ of (\w+), offset 0$/, '$1'))).toEqual(answers.map(([, said]): unknown => (typeof said === 'string' ? said : expect.stringMatching(said))));
  });

  it('takes a script, goes on after what is refused, and ends with 1 because of it', async () => {
    const input = 'insert 45 1\nread 45\n\ninsert 45 99999999999999999999\nread 5000\nread\ndelete 45\nquit\nread 42\n';
    const ended = await psmr(['client', '--config', nodes.file], { input });
    expect(ended).toMatchObject({ status: 1, stderr: '' });
    expect(linesOf(ended).map((line) => line.replace(/, at slot.*| KEY.*/, ''))).toEqual([
      'inserted',
      'found 1',
      '99999999999999999999 does not fit in 64 bits',
      'refused: key: 5000 is outside 0..1999',
      'not a command: expected read',
      'removed 1',
    ]);
  });
});

describe('psmr measure', () => {
  afterEach(tidy);
  const TINY = ['--keys', '2000', '--warmup', '0.2', '--techniques', 'opt-psmr'];

  it('prints a result, and leaves it in a file, with a figure', async () => {
    const out = join(newFolder(), 'a', 'b');
    const { status, stdout, stderr } = await psmr(['measure', ...TINY, '--seconds', '0.5', '--json', '--history', '--out', out]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(decodeResult(stdout)).toMatchObject(E.right({ runs: [{ technique: 'opt-psmr', verdict: 'ok' }] }));
    expect(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'))).toEqual(JSON.parse(stdout));
    expect(readFileSync(join(out, 'figure.svg'), 'utf8')).toMatch(/^<svg/);
    expect(readdirSync(out).sort()).toEqual(['figure.svg', 'history-opt-psmr.ndjson', 'result.json']);
    expect(await psmr(['check-history', '--explain', join(out, 'history-opt-psmr.ndjson')])).toMatchObject({ status: 0, stdout: expect.stringContaining('the order that the positions in the answers promise') });
  });

  it('says that a replica has diverged, and ends with 1', async () => {
    const folder = newFolder();
    const { status, stdout, stderr } = await psmr(['measure', ...TINY, '--seconds', '0.5', '--out', join(folder, 'out')], { env: { NODE_OPTIONS: `--import ${saboteur(folder, 'r2')}` } });
    expect({ status, stderr: stderr.includes('psmr:') }).toEqual({ status: 1, stderr: false });
    expect(stdout).toMatch(/opt-PSMR .* diverged/);
    expect(stdout).toMatch(/^opt-psmr: replicas agree: diverged: r\d: .*; r\d: /m);
  });

  describe.runIf(existsSync('/proc/self/environ'))('leaves no process, and neither files nor half a result,', () => {
    const family = ['measure', '--id a1', '--id a2', '--id a3', '--id r1', '--id r2', 'client.js'];

    /** A measurement in the middle of its run. */
    const inMidRun = async (): Promise<{ readonly run: Running; readonly temporary: string; readonly out: string }> => {
      const temporary = newFolder();
      const out = newFolder();
      const run = start(['measure', ...TINY, '--seconds', '60', '--out', out], { env: { TMPDIR: temporary } });
      const isWhole = (): boolean => family.every((name) => [...familyOf(run).values()].some((command) => command.includes(name)));
      await until(isWhole, () => `some have not come: ${[...familyOf(run).values()].join('\n')}`);
      await pause(700);
      return { run, temporary, out };
    };
    const isGone = (run: Running): Promise<void> => until(() => familyOf(run).size === 0, () => `left: ${[...familyOf(run).values()].join('\n')}`);
    /** What it said last, and not as a matter of progress. */
    const last = ({ stderr }: Ended): readonly string[] => stderr.trimEnd().split('\n').filter((line) => !/ % · about /.test(line));

    for (const [title, signal, whole, status] of [
      ['SIGINT', 'SIGINT', false, 130],
      ['Ctrl-C, which every process hears', 'SIGINT', true, 130],
      ['SIGTERM', 'SIGTERM', false, 143],
    ] as const)
      it(`after ${title}`, async () => {
        const { run, temporary, out } = await inMidRun();
        (whole ? run.killGroup : run.kill)(signal);
        const ended = await run.ended;
        expect(familyOf(run)).toEqual(new Map());
        expect({ ...ended, stderr: last(ended) }).toEqual({ status, signal: null, stdout: '', stderr: ['psmr: interrupted; all processes are ended'] });
        expect([...readdirSync(temporary), ...readdirSync(out)]).toEqual([]);
      });

    it('after Ctrl-C before it has begun', async () => {
      const run = start(['measure', ...TINY, '--seconds', '60', '--out', newFolder()]);
      await until(() => familyOf(run).size > 3, () => 'nobody has come');
      run.killGroup('SIGINT');
      const ended = await run.ended;
      expect({ status: ended.status, stderr: last(ended) }).toEqual({ status: 130, stderr: ['psmr: interrupted; all processes are ended'] });
      expect(familyOf(run)).toEqual(new Map());
    });

    it('after it was killed itself', async () => {
      const { run } = await inMidRun();
      run.kill('SIGKILL');
      await run.ended;
      await isGone(run);
    });

    for (const [name, id] of [
      ['replica-1', '--id r1'],
      ['acceptor-2', '--id a2'],
      ['client', 'client.js'],
    ] as const)
      it(`after its ${name} was killed, which it names`, async () => {
        const { run, temporary, out } = await inMidRun();
        const [pid] = [...familyOf(run)].find(([, command]) => command.includes(id))!;
        process.kill(pid, 'SIGKILL');
        const ended = await run.ended;
        expect(familyOf(run)).toEqual(new Map());
        expect({ ...ended, stderr: last(ended) }).toEqual({ status: 1, signal: null, stdout: '', stderr: [`psmr: ${name} (pid ${pid}) ended by SIGKILL`] });
        expect([...readdirSync(temporary), ...readdirSync(out)]).toEqual([]);
      });
  });
});

/** A measured load on a cluster that is up, for so many seconds, and its judgement. It has a rate: what is traced has to be checked as well. */
function load(nodes: Nodes, seconds: number): Promise<Report> {
  const mix = { read: 40, update: 20, insert: 20, delete: 20, scan: 0 };
  const bounds = evenly(2 * KEYS, nodes.config.threads).lowerBounds;
  return runJob({ config: nodes.file, keys: KEYS, workload: { mix, keys: { type: 'uniform' }, span: 8 }, seed: 1, arrivals: { type: 'open', clients: 2, rate: 1000, spacing: 'poisson' }, bounds, warmup: 0, seconds, cooldown: 0, history: null, trace: nodes.trace }, () => undefined);
}

function verdictsOf({ judgements }: Report): readonly string[] {
  return judgements.map(({ judge, verdict, detail }) => `${judge}: ${verdict}${verdict === 'ok' ? '' : `: ${detail}`}`);
}

/** It failed with this one line, and nothing else. */
function expectComplaint({ status, stdout, stderr }: Ended, complaint: RegExp): void {
  expect({ status, stdout, lines: stderr.trimEnd().split('\n') }).toEqual({ status: 1, stdout: '', lines: [expect.stringMatching(complaint)] });
}

function portOf({ config }: Nodes, id: string): number {
  return config.processes.find((process) => process.id === id)!.port;
}

/** A module that has one process read that the tree holds ten keys less than it does. */
function saboteur(folder: string, id: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'saboteur.mjs');
  writeFileSync(
    file,
    `import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const read = fs.readFileSync;
const lie = (text) => text.replace(/"keys":(\\d+)/, (_, keys) => '"keys":' + (keys - 10));
if (process.argv.at(-1) === ${JSON.stringify(id)})
  fs.readFileSync = (file, ...how) => (String(file).endsWith('cluster.json') ? lie(read(file, ...how)) : read(file, ...how));
syncBuiltinESMExports();
`,
  );
  return file;
}
