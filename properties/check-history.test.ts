/** Histories of other systems: how they are read, what each model makes of them, and `psmr check-history` over both. */

import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, describe, expect, it } from 'vitest';
import { isLinearizable } from '../spec/linearizability.js';
import { eventsIn, type Event } from '../src/check/jepsen/events.js';
import { modelNamed, MODELS, type JepsenModel } from '../src/check/jepsen/models.js';
import { operationsIn } from '../src/check/jepsen/operations.js';
import { judge } from '../src/check/linearizability.js';

const LOG = `INFO  jepsen.core - Everything set up
INFO  jepsen.util - 0\t:invoke\t:write\t1
INFO  jepsen.util - 1\t:invoke\t:cas\t[1 2]
INFO  jepsen.util - :nemesis\t:info\t:start\tnil
INFO  jepsen.util - 0\t:ok\t:write\t1
INFO  jepsen.util - 1\t:info\t:cas\t:timed-out
INFO  jepsen.util - 2\t:invoke\t:read\tnil
INFO  jepsen.util - 2\t:ok\t:read\t2
`;

const EDN = `; the same
[{:process 0, :type :invoke, :f :write, :value 1}
 {:process 1, :type :invoke, :f :cas, :value [1 2]}
 {:process :nemesis, :type :info, :f :start, :value nil}
 {:process 0, :type :ok, :f :write, :value 1}
 {:process 1, :type :info, :f :cas, :value :timed-out}
 {:process 2, :type :invoke, :f :read, :value nil}
 {:process 2, :type :ok, :f :read, :value 2}]`;

/** What two readings of one history have in common: all but the places that they stand in. */
const plain = (text: string) => {
  const read = eventsIn(text);
  return E.isLeft(read) ? read.left : read.right.events.map(({ process, type, f, value }) => ({ process, type, f, value }));
};

const linesOf = (edn: string): string => edn.split('\n').slice(1).map((line) => line.trim().replace(/^\[|\]$/g, '')).join('\n');
const jsonOf = (events: unknown): string => JSON.stringify(events);

describe('a history is read', () => {
  it('the same from a log, a list and lines in EDN, and a list and lines in JSON', () => {
    const events = plain(EDN);
    expect(events).toHaveLength(7);
    expect(plain(LOG)).toEqual(events);
    expect(plain(linesOf(EDN.replace(/\]$/, '')))).toEqual(events);
    expect(plain(jsonOf(events))).toEqual(events);
    expect(plain((events as readonly unknown[]).map(jsonOf).join('\n'))).toEqual(events);
  });

  it.each([
    ['{:process 0, :type :invoke, :f :read}\n{:process 0, :type :maybe, :f :read}', 'line 2: type: expected one of invoke, ok, fail, info'],
    ['{:process 0, :type :invoke\n', 'line 1: '],
    ['[1 2]', 'line 1: expected a map with process, type, f and value'],
    ['{"process": 0, "type": "invoke", "f": 3}', 'line 1: f: expected the name of an operation'],
  ])('or refused, with the line: %s', (text, reason) => expect(eventsIn(text)).toEqual(E.left(expect.stringContaining(reason))));

  it.each([
    [LOG.replace('\t:read\t2\n', '\t:read'), 'line 8: value: missing'],
    [LOG.replace('\t:read\t2', ' :read  '), 'line 8: value: missing'],
    [LOG.replace(':invoke\t:write\t1', ':invoke :write'), 'line 2: value: missing'],
    ['INFO  jepsen.util - 0 :invoke :scan [1 2]\nINFO  jepsen.util - 0 :ok :scan', 'line 2: value: missing'],
  ])('from a log only with the values that say something, in a line that was cut too: %#', (text, reason) => expect(eventsIn(text)).toEqual(E.left(reason)));

  it('from a log without the values that say nothing', () => {
    const text = [':invoke :acquire', ':ok :acquire', ':invoke :read', ':fail :read', ':invoke :write 1', ':ok :write', ':invoke :delete', ':info :delete'].map((told) => `INFO  jepsen.util - 0 ${told}\n`);
    expect(plain(`${text.join('')}INFO  jepsen.util - :nemesis :invoke :write\n`)).toHaveLength(9);
  });

  it('as no operation at all where there is none', () => expect(eventsIn('')).toEqual(E.right({ format: 'edn', events: [] })));
});

const model = (name = 'cas-register', initial: unknown = null, isNilUnknown = false): JepsenModel => rightOf(modelNamed(name, initial, isNilUnknown));

function rightOf<A>(outcome: E.Either<string, A>): A {
  if (E.isLeft(outcome)) throw new Error(outcome.left);
  return outcome.right;
}

const event = (line: number, process: Event['process'], type: Event['type'], f: string, value: unknown, key?: unknown): Event => ({ line, process, type, f, value, ...(key === undefined ? {} : { key }) });

const verdictOf = (events: readonly Event[], of = model()): string => {
  const read = operationsIn(of, events);
  return E.isLeft(read) ? read.left : judge(of, read.right).type;
};

describe('an operation', () => {
  it('that failed did not take effect', () => {
    const events = [event(1, 0, 'invoke', 'write', 1), event(2, 0, 'fail', 'write', 1), event(3, 1, 'invoke', 'read', null), event(4, 1, 'ok', 'read', 1)];
    expect(verdictOf(events)).toBe('illegal');
  });

  it.each(['info', 'never'])('whose end is %s may take effect at any later time, or never', (end) => {
    const crashed = [event(1, 0, 'invoke', 'write', 1), ...(end === 'info' ? [event(2, 0, 'info', 'write', 'timeout')] : [])];
    const reads = (...values: readonly (number | null)[]) => values.flatMap((value, i) => [event(3 + 2 * i, 1, 'invoke', 'read', null), event(4 + 2 * i, 1, 'ok', 'read', value)]);
    expect(verdictOf([...crashed, ...reads(null, 1)])).toBe('ok');
    expect(verdictOf([...crashed, ...reads(null, null)])).toBe('ok');
    expect(verdictOf([...crashed, ...reads(1, null)])).toBe('illegal');
  });

  it('that reads nil has read nothing that is known, or a register that is not set', () => {
    const events = [event(1, 0, 'invoke', 'write', 1), event(2, 0, 'ok', 'write', 1), event(3, 0, 'invoke', 'read', null), event(4, 0, 'ok', 'read', null)];
    expect(verdictOf(events, model('register', null, false))).toBe('illegal');
    expect(verdictOf(events, model('register', null, true))).toBe('ok');
  });

  it('of one key says nothing of another', () => {
    const events = (key: string) => [event(1, 0, 'invoke', 'put', 'a', 'x'), event(2, 0, 'ok', 'put', 'a', 'x'), event(3, 0, 'invoke', 'get', null, key), event(4, 0, 'ok', 'get', '', key)];
    expect(verdictOf(events('y'), model('append'))).toBe('ok');
    expect(verdictOf(events('x'), model('append'))).toBe('illegal');
  });

  it.each([
    [[event(1, 0, 'invoke', 'read', null), event(2, 0, 'invoke', 'read', null)], 'line 2: process 0 invokes read before its read of line 1 has ended'],
    [[event(1, 0, 'ok', 'read', 1)], 'line 1: process 0 ends a read that it never invoked'],
    [[event(1, 0, 'invoke', 'read', 1), event(2, 0, 'ok', 'write', 1)], 'line 2: process 0 ends a write, and has invoked a read in line 1'],
    [[event(1, 0, 'invoke', 'jump', 1)], 'line 1: f: jump is none of read, write, cas, which --model cas-register knows'],
    [[event(1, 0, 'invoke', 'append', 1)], 'line 1: f: append is none of read, write, cas, which --model cas-register knows; try --model append'],
    [[event(1, 0, 'invoke', 'scan', [1, 2])], 'line 1: f: scan is none of read, write, cas, which --model cas-register knows; try --model ordered-map'],
    [[event(1, 0, 'invoke', 'cas', 1)], 'line 1: value: a cas takes what is expected and what is to be: [1 2]'],
  ])('that makes no sense is refused: %#', (events, reason) => expect(verdictOf(events)).toBe(reason));

  it('of who is no client is none', () => expect(verdictOf([event(1, 'nemesis', 'info', 'start', null), event(2, 'nemesis', 'info', 'stop', null)])).toBe('ok'));
});

it.each([
  ['mutex', 'foo', 'expected true, if the mutex is held at first, false or nil, got "foo"'],
  ['mutex', 1, 'expected true, if the mutex is held at first, false or nil, got 1'],
  ['append', 5, 'expected a text or nil, got 5'],
  ['append', ['a'], 'expected a text or nil, got ["a"]'],
  ['ordered-map', [[1, 10], [1, 20]], 'expected one entry for each key'],
  ['ordered-map', [[1, null]], 'expected a value other than nil in each entry'],
])('no %s holds %j at first', (name, initial, reason) => expect(modelNamed(name, initial, false)).toEqual(E.left(reason)));

it.each([['mutex', [null, true, false]], ['append', [null, '', 'abc']], ['ordered-map', [null, [], [[1, 10], ['a', 20]]]], ['multi-register', [null, 3, { x: 1 }]], ['map', [null, 3, [1, 2]]]])(
  'but a %s may hold one of %j',
  (name, initials) => initials.forEach((initial) => expect(E.isRight(modelNamed(name, initial, false))).toBe(true)),
);

/** Events of three clients that never wait for each other, with answers that may be right. */
const events: fc.Arbitrary<readonly Event[]> = fc
  .array(fc.record({ process: fc.nat({ max: 2 }), f: fc.constantFrom('read', 'write', 'cas'), value: fc.nat({ max: 1 }), other: fc.nat({ max: 1 }), end: fc.constantFrom('ok', 'ok', 'ok', 'info', 'fail') }), { maxLength: 10 })
  .map((drawn) => {
    const open = new Map<number, { readonly f: string; readonly value: unknown }>();
    return drawn.map(({ process, f, value, other, end }, i): Event => {
      const begun = open.get(process);
      if (begun !== undefined) {
        open.delete(process);
        return event(i + 1, process, end, begun.f, begun.f === 'read' ? value : begun.value);
      }
      const argument = f === 'read' ? null : f === 'cas' ? [value, other] : value;
      open.set(process, { f, value: argument });
      return event(i + 1, process, 'invoke', f, argument);
    });
  });

it('a verdict is that of the definition', () =>
  fc.assert(
    fc.property(events, fc.boolean(), (drawn, isNilUnknown) => {
      const of = model('cas-register', 0, isNilUnknown);
      const history = rightOf(operationsIn(of, drawn));
      expect(judge(of, history).type === 'ok').toBe(isLinearizable(of, history));
    }),
    { numRuns: 300 },
  ));

/** An operation of every kind that some model knows. */
const OPERATIONS: readonly (readonly [f: string, value: unknown])[] = [
  ...['read', 'get', 'delete', 'acquire', 'release'].map((f) => [f, null] as const),
  ...['write', 'put', 'append', 'read', 'delete'].flatMap((f) => [0, 1].map((value) => [f, value] as const)),
  ...['cas', 'insert', 'update', 'scan'].flatMap((f) => [[0, 1], [1, 0]].map((value) => [f, value] as const)),
  ['read', { x: null }],
  ['write', { x: 1, y: 0 }],
  ['txn', [['r', 'x', null], ['w', 'x', 1]]],
];

describe.each(MODELS)('the model %s', (name) => {
  it('says of what it calls read-only that it changes nothing, and returns the state that it was given', () =>
    fc.assert(
      fc.property(fc.constantFrom(...OPERATIONS), fc.constantFrom(...OPERATIONS), ([before, beforeValue], [f, value]) => {
        const of = model(name);
        const [first, call] = [of.callOf({ f: before, value: beforeValue }), of.callOf({ f, value })];
        if (E.isLeft(call)) return;
        const [state] = E.isLeft(first) ? [of.initial] : of.apply(of.initial, first.right);
        const [next, answer] = of.apply(state, call.right);
        if (of.isReadOnly!(call.right, answer)) expect(next).toBe(state);
      }),
    ));
});

describe('psmr check-history', () => {
  const folder = mkdtempSync(join(tmpdir(), 'psmr-history-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const run = (args: readonly string[], input = '', env: NodeJS.ProcessEnv = {}) => spawnSync(process.execPath, ['dist/src/cli.js', ...args], { encoding: 'utf8', input, env: { ...process.env, ...env } });
  const psmr = (...args: readonly string[]) => run(['check-history', ...args]);

  it('says ok, illegal or unknown, by its status too', () => {
    const ok = file('ok.log', LOG);
    const bad = file('bad.edn', EDN.replace(':value 2}]', ':value 3}]'));
    expect(psmr(ok)).toMatchObject({ status: 0, stdout: `${ok}: ok, 3 operations\n`, stderr: '' });
    expect(psmr(ok, bad)).toMatchObject({ status: 1, stdout: `${ok}: ok, 3 operations\n${bad}: illegal, 3 operations\n` });
    expect(JSON.parse(psmr(bad, '--json').stdout)).toMatchObject([{ type: 'illegal', operations: 3, contradiction: [{ says: 'read → 3', place: 'lines 7 and 8' }] }]);
  });

  it('says unknown where its budget does not suffice', () => {
    const crowd = (type: string) => upTo(12).map((i) => `{:process ${i}, :type :${type}, :f :append, :value "${i % 3}"}`);
    const text = [...crowd('invoke'), ...crowd('ok'), '{:process 0, :type :invoke, :f :get}', '{:process 0, :type :ok, :f :get, :value "000011112223"}'].join('\n');
    const hard = file('hard.edn', text);
    expect(psmr(hard, '--model', 'append', '--budget', '1', '--explain')).toMatchObject({ status: 2, stdout: expect.stringMatching(/hard\.edn: unknown, 13 operations\n[^]*gave up after 1 junctions[^]*--budget/) });
    expect(psmr(hard, '--model', 'append')).toMatchObject({ status: 1 });
  });

  it('explains what is illegal by the lines of the file, and in a page', () => {
    const bad = file('bad.log', LOG.replace('\t:read\t2', '\t:read\t3'));
    const page = join(folder, 'why.html');
    expect(psmr(bad, '--explain', '--html', page).stdout).toMatch(/no order explains this answer[^]*#\d +process 2 +read → 3 +lines 7 and 8\n[^]*process 2 +├─#\d─┤\n/);
    expect(readFileSync(page, 'utf8')).toContain('read → 3');
    expect(psmr(bad, '--html', join(folder, 'none', 'why.html'))).toMatchObject({ status: 3, stderr: expect.stringContaining('why.html: ENOENT') });
  });

  it('draws no more than text can show, and says so', () => {
    const clients = upTo(17).flatMap((i) => [`{:process ${i}, :type :invoke, :f :acquire}`, `{:process ${i}, :type :ok, :f :acquire}`]).join('\n');
    expect(psmr(file('held.edn', clients), '--model', 'mutex', '--explain').stdout).toMatch(/no order explains these answers, and without any one of them there is one:[^]*├─#2─┤/);
    // One of two values is seen anew more often than it was written.
    const length = 20;
    const [reads, writes] = [upTo(length).map((i) => 1 + (i % 2)), upTo(length - 1).map((i) => 1 + (i % 2))];
    const told = [
      ...writes.map((value, i) => `{:process ${i}, :type :invoke, :f :write, :value ${value}}`),
      ...reads.flatMap((value) => ['{:process 99, :type :invoke, :f :read}', `{:process 99, :type :ok, :f :read, :value ${value}}`]),
      ...writes.map((value, i) => `{:process ${i}, :type :ok, :f :write, :value ${value}}`),
    ];
    const many = psmr(file('many.edn', told.join('\n')), '--explain').stdout;
    expect(many).toMatch(/no order explains these answers[^]*\n\n  More than 16 operations say nothing as text: --html FILE draws them\.\n/);
    expect(many).not.toContain('├');
    const alone = psmr(file('one.edn', '{:process 0, :type :invoke, :f :read}\n{:process 0, :type :ok, :f :read, :value 3}'), '--explain').stdout;
    expect(alone).toMatch(/: illegal, 1 operation\n  no order explains this answer:\n/);
  });

  it.each([['empty', ''], ['blank', ' \n\n'], ['comments', '; nothing\n; at all\n'], ['nemesis', '{:process :nemesis, :type :info, :f :start}'], ['failed', LOG.replaceAll(':ok', ':fail').replace(':info\t:cas', ':fail\t:cas')]])(
    'says that of a file that holds no operations nothing was judged: %s',
    (name, text) => {
      const none = file(`${name}.edn`, text);
      expect(psmr(none)).toMatchObject({ status: 0, stdout: `${none}: ok, no operations: nothing was judged\n`, stderr: '' });
      expect(psmr(none, '--explain').stdout).toMatch(/nothing was judged\n  The file holds no operation of a client that may have taken effect\.\n$/);
      expect(JSON.parse(psmr(none, '--json').stdout)).toMatchObject([{ type: 'ok', operations: 0 }]);
    },
  );

  // What a device that is always full is called, where there is one.
  it.skipIf(!existsSync('/dev/full')).each([['check-history', '-'], ['check-history', '--json', '-'], ['convert-history', '-'], ['simulate', '--seed', '7'], ['--help']])('ends with 3 and one line where nothing can be written: psmr %s %s', (...args) => {
    const full = openSync('/dev/full', 'w');
    const ran = spawnSync(process.execPath, ['dist/src/cli.js', ...args], { encoding: 'utf8', input: LOG, stdio: ['pipe', full, 'pipe'] });
    closeSync(full);
    expect(ran).toMatchObject({ status: 3, stderr: expect.stringMatching(/^psmr: the standard output cannot be written: ENOSPC.*\n$/) });
  });

  it('ends quietly when who reads has read enough, and with no verdict', async () => {
    const child = spawn(process.execPath, ['dist/src/cli.js', 'check-history', '-'], { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdout.destroy();
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    child.stdin.end(LOG);
    const status = await new Promise((resolve) => child.once('close', resolve));
    expect([status, said]).toEqual([3, '']);
  });

  it('tells what it cannot read from what is illegal, by file, line and field, and judges the others', () => {
    const broken = file('broken.edn', '{:process 0, :type :invoke, :f :leap, :value 1}');
    const bad = file('bad.log', LOG.replace('\t:read\t2', '\t:read\t3'));
    const ran = psmr(broken, bad, join(folder, 'none.edn'));
    expect(ran).toMatchObject({ status: 3, stdout: `${bad}: illegal, 3 operations\n` });
    expect(ran.stderr).toMatch(/^psmr: .*broken\.edn: line 1: f: leap is none of .*\npsmr: .*none\.edn: cannot be read: ENOENT.*\n$/);
    expect(JSON.parse(psmr(broken, '--json').stdout)).toMatchObject([{ type: 'unreadable', error: expect.stringContaining('line 1: f: leap') }]);
    const headless = file('headless.ndjson', '{"id":0,"session":1,"command":{"type":"read","key":5},"call":1,"return":null}');
    expect(psmr(headless).stderr).toContain('headless.ndjson: line 1: expected the header of a history of ours');
    expect(psmr(file('later.ndjson', `{"format":"psmr-history","version":1,"model":"ordered-map","keySpace":9,"keys":0}\n\n${readFileSync(headless, 'utf8').replace('5', '9')}`)).stderr).toMatch(/later\.ndjson: line 3: command\.key: expected an integer from 0 to 8, got 9\n$/);
    expect(psmr(file('cut.log', LOG.slice(0, -'\t2\n'.length)))).toMatchObject({ status: 3, stdout: '', stderr: expect.stringMatching(/^psmr: .*cut\.log: line 8: value: missing\n$/) });
    expect(psmr(broken, '--model', 'queue')).toMatchObject({ status: 3, stderr: expect.stringContaining('Expected one of register, cas-register') });
    expect(psmr(file('lock.log', 'INFO  jepsen.util - 0 :invoke :acquire\n'), '--model', 'mutex', '--initial', 'foo')).toMatchObject({ status: 3, stderr: expect.stringMatching(/^psmr: --initial: expected true, .* got "foo"\n$/) });
    expect(psmr(broken, '--initial', '{')).toMatchObject({ status: 3, stderr: expect.stringContaining('--initial: not EDN') });
  });

  it('reads the standard input, and what is compressed', () => {
    const packed = join(folder, 'ok.log.gz');
    writeFileSync(packed, gzipSync(LOG));
    expect(psmr(packed)).toMatchObject({ status: 0, stdout: `${packed}: ok, 3 operations\n` });
    expect(run(['check-history', '-'], LOG)).toMatchObject({ status: 0, stdout: '-: ok, 3 operations\n' });
    expect(run(['check-history', '-'], 'no history')).toMatchObject({ status: 3, stderr: expect.stringContaining('standard input: line 1: no history') });
  });

  it('needs little memory, and leaves nothing behind', () => {
    const long = file('long.edn', upTo(140_000).map((i) => `{:process ${i % 7}, :type :${(i / 7) % 2 < 1 ? 'invoke' : 'ok'}, :f :write, :value [${i % 5} ${i % 3}]}`).join('\n'));
    const aside = mkdtempSync(join(folder, 'aside-'));
    const ran = run(['check-history', '--keyed', 'yes', '--memory', '1', '--json', long], '', { TMPDIR: aside });
    expect(JSON.parse(ran.stdout)).toMatchObject([{ type: 'ok', aside: expect.any(Number) }]);
    expect((JSON.parse(ran.stdout) as readonly { readonly aside: number }[])[0]!.aside).toBeGreaterThan(0);
    expect(readdirSync(aside)).toEqual([]);
  });

  it('judges what psmr simulate has written, in any format', () => {
    const [ours, edn, json, back] = ['run.ndjson', 'run.edn', 'run.json', 'back.ndjson'].map((name) => join(folder, name)) as [string, string, string, string];
    expect(run(['simulate', '--seed', '7', '--digest', '--history', ours]).status).toBe(0);
    expect(run(['convert-history', ours, '--out', edn]).status).toBe(0);
    expect(run(['convert-history', edn, '--to', 'json', '--out', json]).status).toBe(0);
    writeFileSync(back, run(['convert-history', json, '--to', 'ndjson']).stdout);
    expect(psmr('--explain', ours)).toMatchObject({ status: 0, stdout: expect.stringContaining('ok, 24 operations\n  Linearizable: the order that the positions') });
    expect(psmr('--model', 'ordered-map', ours, edn, json, back)).toMatchObject({ status: 0 });
    writeFileSync(back, readFileSync(back, 'utf8').replace(/"type":"removed","value":\d+/, '"type":"removed","value":-1'));
    expect(psmr('--explain', back)).toMatchObject({ status: 1, stdout: expect.stringMatching(/session \d+ +delete \d+ → removed -1 +line \d+/) });
  });

  it('converts only what the other format can hold', () => {
    const register = file('register.log', LOG);
    expect(run(['convert-history', register, '--to', 'ndjson'])).toMatchObject({ status: 1, stderr: expect.stringContaining('ours are histories of an ordered map: line 2: f: write is none of') });
    expect(run(['convert-history', register, '--out', join(folder, 'none', 'x')])).toMatchObject({ status: 1, stderr: expect.stringContaining('x: cannot be written: ENOENT') });
  });
});

function upTo(n: number): readonly number[] {
  return Array.from({ length: n }, (_, i) => i);
}
