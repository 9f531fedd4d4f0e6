/** Histories of Jepsen: in whatever words and pieces they come, and what each model makes of them. */

import * as fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { isLinearizable } from '../spec/linearizability.js';
import { parseEDNString } from 'edn-data';
import { isTagged, keyOf, read, writeEdn, writeJson } from '../src/check/jepsen/edn.js';
import { eventReader, eventsIn, type Event } from '../src/check/jepsen/events.js';
import { modelNamed, type JepsenModel } from '../src/check/jepsen/models.js';
import { quickMap } from '../src/check/jepsen/quick.js';
import { operationsIn, type Keying } from '../src/check/jepsen/operations.js';
import { writeEvent } from '../src/check/jepsen/write.js';
import { judge } from '../src/check/linearizability.js';
import { partsOf } from '../src/cli/history/parts.js';
import { jepsenSubject } from '../src/cli/history/subjects.js';

/** Values as EDN and JSON both know them: keys of maps are texts. */
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof({ withCrossShrink: true }, fc.constant(null), fc.boolean(), fc.integer(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 70n }), fc.string(), fc.constantFrom('nil', ':x', '"', '\\', '; no comment', '#_', '{', ']'), tie('list'), tie('map')),
  list: fc.array(tie('value'), { maxLength: 3 }),
  map: fc.dictionary(fc.string().filter((name) => name !== '__proto__'), tie('value'), { maxKeys: 3 }),
})).value;

const event: fc.Arbitrary<Omit<Event, 'line'>> = fc.record(
  {
    process: fc.oneof(fc.nat({ max: 5 }), fc.constantFrom('nemesis', 'another one', null)),
    type: fc.constantFrom('invoke' as const, 'ok' as const, 'fail' as const, 'info' as const),
    f: fc.constantFrom('read', 'write', 'cas', 'start-partition', 'kill all'),
    value,
    key: value,
    result: value,
    error: value,
    time: fc.nat(),
    index: fc.nat(),
  },
  { requiredKeys: ['process', 'type', 'f', 'value'] },
);

const plain = (events: readonly Event[]): readonly unknown[] => events.map(({ line: _, ...rest }) => rest);

/** What is read of a text that comes in pieces of these sizes. */
const readInPieces = (text: string, sizes: readonly number[]): readonly Event[] => {
  const reader = eventReader();
  const events: Event[] = [];
  let at = 0;
  for (const size of [...sizes, Infinity]) {
    events.push(...rightOf(reader.push(text.slice(at, at + size))));
    at += size;
  }
  return [...events, ...rightOf(reader.end())];
};

describe('events', () => {
  for (const notation of ['edn', 'json'] as const) {
    it(`are read as they were written, in ${notation}, line by line or in a list`, () =>
      fc.assert(
        fc.property(fc.array(event, { minLength: 1, maxLength: 5 }), fc.constantFrom('lines', 'list', 'one line'), (events, form) => {
          const lines = events.map((one) => writeEvent(notation, { ...one, line: 0 }));
          const text = form === 'lines' ? lines.join('\n') : `[${lines.join(form === 'list' ? ',\n' : ', ')}]`;
          const seen = rightOf(eventsIn(text));
          expect(seen.format).toBe(notation);
          expect(plain(seen.events)).toEqual(events);
          expect(seen.events.map(({ line }) => line)).toEqual(events.map((_, i) => (form === 'one line' ? 1 : i + 1)));
        }),
      ));

    it(`are the same in ${notation}, wherever the pieces end`, () =>
      fc.assert(
        fc.property(fc.array(event, { maxLength: 4 }), fc.array(fc.nat({ max: 20 })), (events, sizes) => {
          const long = { process: 0, type: 'invoke', f: 'write', value: ' '.repeat(5000) } as const; // enough to know what it is written in
          const text = `[${[long, ...events].map((one) => writeEvent(notation, { ...one, line: 0 })).join('\n')}\n]`;
          expect(readInPieces(text, [5000, ...sizes])).toEqual(rightOf(eventsIn(text)).events);
        }),
      ));
  }

  it.each([
    ['maps across lines', '[{:process 0\n  :type :invoke ; why not\n  :f :write,\n  :value 1}\n {:process 0 :type :ok #_ {:not this} :f :write :value 1}]', [1, 5]],
    ['records', '#jepsen.history.Op{:process 0, :type :invoke, :f :write, :value 1}\n#jepsen.history.Op{:process 0, :type :ok, :f :write, :value 1}', [1, 2]],
    ['maps with a namespace', '#:op{:process 0, :type :invoke, :f :write, :value 1}\n{:op/process 0, :op/type :ok, :op/f :write, :op/value 1}', [1, 2]],
    ['a list in parentheses', '({:process 0, :type :invoke, :f :write, :value 1} {:process 0, :type :ok, :f :write, :value 1})', [1, 1]],
    ['JSON that kept its colons', '{"process":0,"type":":invoke","f":":write","value":1}\n{"process":0,"type":":ok","f":":write","value":1}', [1, 2]],
    ['what is discarded', '#_{:process 9}\n{:process 0, :type :invoke, :f :write, :value 1}\n\n{:process 0, :type :ok, :f :write, :value 1}', [2, 4]],
    ['lines of a log', 'INFO [2024-01-01 00:00:00,000] jepsen worker 0 - jepsen.util 0\t:invoke\t:write\t1\n\nINFO [2024] jepsen.util 0\t:ok\t:write\t1', [1, 3]],
    ['lines of a log alone', '0 :invoke :write 1\r\n0 :ok :write 1\r\n', [1, 2]],
  ])('are read as %s', (_, text, lines) => {
    const { events } = rightOf(eventsIn(text));
    expect(events.map(({ line }) => line)).toEqual(lines);
    expect(events.map(({ process, type, f, value: v }) => ({ process, type, f, value: v }))).toEqual(['invoke', 'ok'].map((type) => ({ process: 0, type, f: 'write', value: 1 })));
  });

  it('of a log may tell an error in any words', () => {
    const { events } = rightOf(eventsIn('INFO jepsen.util - 0\t:info\t:cas\t[1 2]\t:timed-out\nINFO jepsen.util - 1\t:fail\t:cas\t#object[oops "\nINFO jepsen.util - :nemesis\t:info\t:start\tnil'));
    expect(events).toMatchObject([{ value: [1, 2], error: ':timed-out' }, { type: 'fail' }, { process: 'nemesis' }]);
  });

  it.each([
    ['{:process 0, :type :invoke', 'line 1: the form that starts here is never closed'],
    ['[{:process 0, :type :invoke, :f :read}', 'line 1: the list is never closed'],
    ['{:process 0, :type :invoke, :f :read}\n}', 'line 2: } closes nothing'],
    ['{"process":0,"type":"invoke","f":"read"}\n{"process":}', 'line 2: not JSON'],
    ['once upon a time\nthere was', 'line 1: no history: expected operation maps in EDN or JSON'],
    ['{:process 0, :type :invoke, :f :read, :value [1)}', 'line 1: not EDN: a bracket or a text is not closed'],
    ['{:process [1], :type :invoke, :f :read}', 'line 1: process: expected a number or a name'],
  ])('are none in %j', (text, reason) => expect(eventsIn(text)).toEqual(E.left(expect.stringContaining(reason))));
});

describe('values', () => {
  it('are read as they were written', () =>
    fc.assert(
      fc.property(value, (one) => {
        expect(read('json', writeJson(one))).toEqual(E.right(one));
        expect(read('edn', `{:v ${writeEdn(one)}}`)).toEqual(E.right({ v: one }));
        expect(keyOf(one)).toBe(keyOf(rightOf(read('edn', `[${writeEdn(one)}]`)) instanceof Array ? (rightOf(read('edn', `[${writeEdn(one)}]`)) as readonly unknown[])[0] : null));
      }),
    ));

  const atom = fc.constantFrom('nil', 'true', 'false', '0', '-0', '12', '-7', '007', '+5', '1.5', '1/2', '123456789012345', '1234567890123456789', ':a', ':a-b/c', ':a+', '"b c"', '"\\n"', 'sym', '[]', '[1 2]', '[1,nil :x]', '[1 [2 3]]', '[[1]]', '[1nil]', '[1:a]', '{:a 1}', '#{1}', '(1)');
  const spaced = fc.constantFrom(' ', '  ', ', ', '\t', '\n');

  it('of a map are read the same quickly, if they are', () =>
    fc.assert(
      fc.property(fc.constantFrom('', '#jepsen.history.Op'), fc.array(fc.tuple(fc.constantFrom('process', 'type', 'time', 'f', 'key', 'result', 'error', 'index', 'value', 'op/f'), spaced, atom, spaced)), (tag, fields) => {
        const text = `${tag}{${fields.map(([name, gap, what, after]) => `:${name}${gap}${what}${after}`).join('')}}`;
        const quick = quickMap(text);
        const options = { mapAs: 'object', keywordAs: 'string', symbolAs: 'string', listAs: 'array', setAs: 'array' } as const;
        if (quick === undefined) return;
        const slow = parseEDNString(text, options);
        const map = (isTagged(slow) ? slow.val : slow) as Readonly<Record<string, unknown>>;
        expect(quick).toEqual({ map: Object.fromEntries(Object.entries(map).filter(([name]) => name !== 'op/f')), end: text.length });
      }),
      { numRuns: 2000 },
    ));

  it('are mostly read quickly', () => {
    expect(quickMap('{:process 4, :type :invoke, :f :cas, :value [1 2], :time 123, :index 0}')?.map).toEqual({ process: 4, type: 'invoke', f: 'cas', value: [1, 2], time: 123, index: 0 });
    expect(quickMap('{:type :ok, :f :cas, :value [7 [1 nil]], :process 4}')?.map).toMatchObject({ value: [7, [1, null]] });
  });

  it('are equal whatever the order of a map', () => expect(keyOf({ a: 1, b: [2] })).toBe(keyOf({ b: [2], a: 1 })));

  it('are not rounded', () => {
    const of = modelOf('register');
    const history = (seen: string) => `{:process 0, :type :invoke, :f :write, :value 9007199254740993}\n{:process 0, :type :ok, :f :write, :value 9007199254740993}\n{:process 0, :type :invoke, :f :read, :value nil}\n{:process 0, :type :ok, :f :read, :value ${seen}}`;
    expect(verdictOf(of, history('9007199254740993'))).toBe('ok');
    expect(verdictOf(of, history('9007199254740992'))).toBe('illegal');
    expect(verdictOf(of, history('9007199254740993').replaceAll(/:(?=\w)(\w+)/g, '"$1"').replaceAll(/("\w+") (?=["\d\w])/g, '$1:').replaceAll('nil', 'null'))).toBe('ok');
  });
});

describe('a value that is a pair', () => {
  const pairs = ['{:process 0, :type :invoke, :f :write, :value [1 5]}', '{:process 0, :type :ok, :f :write, :value [1 5]}', '{:process 0, :type :invoke, :f :read, :value [2 nil]}', '{:process 0, :type :ok, :f :read, :value [2 0]}'].join('\n');
  const single = pairs.replaceAll('[2 nil]', 'nil').replaceAll('[2 0]', '[1 5]');

  it.each(['register', 'cas-register', 'map'])('is taken for a key and a value where reads show it: %s', (name) => {
    expect(verdictOf(modelOf(name, 0), pairs, 'auto')).toBe('ok');
    expect(verdictOf(modelOf(name, 0), pairs, 'yes')).toBe('ok');
    expect(verdictOf(modelOf(name, 0), pairs.replace('[2 0]', '[2 5]'), 'auto')).toBe('illegal');
    expect(verdictOf(modelOf(name, 0), single, 'auto')).toBe('ok');
    expect(verdictOf(modelOf(name, 0), single, 'yes')).toBe('line 3: value: expected a key and what is done with it: [k v]');
  });

  it('is told from one that a compare-and-set takes', () => {
    const cas = (v: string) => `{:process 0, :type :invoke, :f :cas, :value ${v}}\n{:process 0, :type :ok, :f :cas, :value ${v}}`;
    expect(verdictOf(modelOf('cas-register', 0), cas('[0 2]'), 'auto')).toBe('ok');
    expect(verdictOf(modelOf('cas-register', 0), cas('[7 [0 2]]'), 'auto')).toBe('ok');
    expect(verdictOf(modelOf('cas-register', 0), cas('[7 [1 2]]'), 'auto')).toBe('illegal');
  });

  it('may say so itself', () => {
    const tagged = pairs.replaceAll('[1 5]', '#jepsen.independent.Tuple[1 5]').replaceAll('[2 ', '#jepsen.independent.Tuple[2 ');
    expect(verdictOf(modelOf('register', 0), tagged, 'no')).toBe('ok');
    expect(verdictOf(modelOf('register', 0), tagged.replace('2 0]', '2 5]'), 'no')).toBe('illegal');
  });
});

describe('a multi-register', () => {
  const story = (...ops: readonly (readonly [f: string, asked: string, found?: string])[]) =>
    ops.map(([f, asked, found = asked]) => `{:process 0, :type :invoke, :f :${f}, :value ${asked}}\n{:process 0, :type :ok, :f :${f}, :value ${found}}`).join('\n');

  it.each([
    ['ok', story(['write', '{x 1, y 2}'], ['read', '{x nil, y nil}', '{x 1, y 2}'])],
    ['illegal', story(['write', '{x 1, y 2}'], ['read', '{x nil, y nil}', '{x 1, y 0}'])],
    ['ok', story(['read', '{x nil}', '{x 0}'], ['txn', '[[:w :x 1] [:r :x nil] [:r :y nil]]', '[[:w :x 1] [:r :x 1] [:r :y 0]]'])],
    ['illegal', story(['txn', '[[:read :x nil] [:write :x 1]]', '[[:read :x 1] [:write :x 1]]'])],
    ['line 1: value: a txn of a multi-register takes [:r register nil] and [:w register value], and nothing else, such as ["append","x",1]', story(['txn', '[[:append :x 1]]'])],
    ['line 1: value: a read of a multi-register takes a map from registers to values: {x 1, y 2}', story(['read', 'nil'])],
  ])('is %s', (verdict, text) => expect(verdictOf(modelOf('multi-register', 0), text)).toBe(verdict));

  it('may hold something else at first in each register', () => expect(verdictOf(modelOf('multi-register', { x: 1, y: 2 }), story(['read', '{x nil, y nil}', '{x 1, y 2}']))).toBe('ok'));

  it('says nothing of what was read and not written down', () => {
    const text = story(['read', '{x nil, y nil}', '{x nil, y 0}']);
    expect(verdictOf(modelOf('multi-register', 0, true), text)).toBe('ok');
    expect(verdictOf(modelOf('multi-register', 0, false), text)).toBe('illegal');
  });

  it('under one key is none under another', () => {
    const keyed = (value: string) => story(['write', `[1 {x ${value}}]`], ['read', '[2 {x nil}]', '[2 {x 0}]'], ['txn', '[1 [[:r :x nil]]]', '[1 [[:r :x 5]]]']);
    const tagged = keyed('5').replaceAll(/\[([12]) (?=[{[])/g, '#jepsen.independent.Tuple[$1 ');
    for (const [text, keying] of [[keyed('5'), 'yes'], [tagged, 'no']] as const) {
      expect(verdictOf(modelOf('multi-register', { x: 0 }), text, keying)).toBe('ok');
      expect(verdictOf(modelOf('multi-register', { x: 0 }), text.replaceAll('{x 5}', '{x 6}'), keying)).toBe('illegal');
    }
  });

  it('need not tell once more what was written', () => expect(verdictOf(modelOf('multi-register', 0), story(['write', '{x 1}', 'nil'], ['read', '{x nil}', '{x 1}']))).toBe('ok'));

  it('is what a transaction of others is told of', () => expect(verdictOf(modelOf('register'), story(['txn', '[[:w :x 1]]']))).toMatch(/line 1: f: txn, .* --model multi-register/));
});

/** Few operations on few keys, three clients, and answers that may be right. */
const drawn = (asked: fc.Arbitrary<readonly [f: string, asked: unknown, answers: readonly Partial<Event>[]]>): fc.Arbitrary<readonly Event[]> =>
  fc.array(fc.tuple(fc.nat({ max: 2 }), asked, fc.nat(), fc.constantFrom('ok', 'ok', 'ok', 'info', 'fail')), { maxLength: 9 }).map((steps) => {
    const open = new Map<number, readonly [f: string, asked: unknown, answers: readonly Partial<Event>[]]>();
    return steps.map(([process, next, which, type], i): Event => {
      const begun = open.get(process);
      if (begun === undefined) {
        open.set(process, next);
        return { line: i + 1, process, type: 'invoke', f: next[0], value: next[1] };
      }
      open.delete(process);
      return { line: i + 1, process, type: type, f: begun[0], value: begun[1], ...begun[2][which % begun[2].length] };
    });
  });

const key = fc.constantFrom(1, 2);
const small = fc.constantFrom(5, 6);
const mapEvents = drawn(
  fc.tuple(key, small, small).chain(([k, v, w]) =>
    fc.constantFrom(
      ['read', [k, null], [{ value: [k, v] }, { value: [k, null] }, { result: ['found', v] }, { result: 'absent' }]] as const,
      ['insert', [k, v], [{}, { result: 'inserted' }, { result: ['exists', w] }]] as const,
      ['update', [k, v], [{}, { result: ['updated', w] }, { result: 'absent' }]] as const,
      ['delete', [k, null], [{}, { result: ['removed', v] }, { result: 'absent' }]] as const,
      ['scan', [1, 2], [{ value: [[k, v]] }, { value: [] }, { value: [[1, v], [2, w]] }, { result: ['entries', [[k, v]], false] }, { result: ['entries', [[k, v]], true] }, { value: null }]] as const,
    ),
  ),
);
const registerEvents = drawn(
  fc.tuple(small, small).chain(([v, w]) =>
    fc.constantFrom(
      ['read', { x: null, y: null }, [{ value: { x: v, y: w } }, { value: { x: 0, y: v } }, { value: { x: v, y: null } }]] as const,
      ['write', { x: v }, [{}]] as const,
      ['write', { x: v, y: w }, [{}]] as const,
      ['txn', [['r', 'x', null], ['w', 'y', w]], [{ value: [['r', 'x', v], ['w', 'y', w]] }, { value: [['r', 'x', 0], ['w', 'y', w]] }]] as const,
    ),
  ),
);

describe('a verdict is that of the definition', () => {
  it.each([
    ['ordered-map', mapEvents, [[1, 5]]],
    ['ordered-map', mapEvents, null],
    ['multi-register', registerEvents, 0],
  ] as const)('of an %s: %#', (name, events, initial) => {
    const verdicts = new Set<string>();
    fc.assert(
      fc.property(events, fc.boolean(), (some, isNilUnknown) => {
        const of = modelOf(name, initial, isNilUnknown);
        const history = rightOf(operationsIn(of, some));
        const { type } = judge(of, history);
        verdicts.add(type);
        expect(type === 'ok').toBe(isLinearizable(of, history));
      }),
      { numRuns: 600 },
    );
    expect(verdicts).toEqual(new Set(['ok', 'illegal']));
  });
});

describe('what is put aside for lack of memory', () => {
  const nasty = fc.constantFrom(null, 'a\nb', 2n ** 60n, { y: [null], x: 1 }, [1, 'x'], 1.5, '');
  const keyedEvents = drawn(
    fc.tuple(fc.nat({ max: 9 }), nasty, nasty).chain(([k, v, w]) => fc.constantFrom(['write', [k, v], [{}]] as const, ['cas', [k, [v, w]], [{}]] as const, ['read', [k, null], [{ value: [k, v] }, { value: [k, null] }]] as const)),
  );

  it.each([
    ['cas-register', keyedEvents, 'yes'],
    ['ordered-map', mapEvents, 'no'],
    ['multi-register', registerEvents, 'no'],
  ] as const)('comes back as it was, and is judged so: %s', (name, some, keying) =>
    fc.assert(
      fc.property(some, fc.boolean(), (drawnEvents, isNilUnknown) => {
        const of = modelOf(name, null, isNilUnknown);
        const subject = jepsenSubject(of);
        const history = rightOf(operationsIn(of, drawnEvents, keying));
        for (const operation of history) expect(subject.read(subject.write(operation))).toEqual(operation);
        const parts = partsOf(subject, 0, 0);
        try {
          parts.add(history);
          const verdicts = [...parts.taken()].map((part) => judge(of, part).type);
          expect(verdicts.includes('illegal')).toBe(judge(of, history).type === 'illegal');
        } finally {
          parts.close();
        }
      }),
    ));
});

describe('an ordered map', () => {
  const insert = (k: number) => `{:process 0, :type :invoke, :f :insert, :value [${k} 7]}\n{:process 0, :type :ok, :f :insert, :value [${k} 7]}\n`;
  const scan = (entries: string, process = 1) => `{:process ${process}, :type :invoke, :f :scan, :value [1 9]}\n{:process ${process}, :type :ok, :f :scan, :value ${entries}}\n`;

  it('shows no phantom, and hides none', () => {
    expect(verdictOf(modelOf('ordered-map'), insert(3) + scan('[[3 7]]') + insert(6) + scan('[[3 7] [6 7]]'))).toBe('ok');
    expect(verdictOf(modelOf('ordered-map'), insert(3) + insert(6) + scan('[[6 7]]'))).toBe('illegal');
    expect(verdictOf(modelOf('ordered-map'), insert(3) + scan('[[3 7] [4 7]]'))).toBe('illegal');
    expect(verdictOf(modelOf('ordered-map'), insert(3) + insert(6) + scan('[[6 7] [3 7]]'))).toBe('illegal');
  });

  it.each([
    ['{:process 0, :type :invoke, :f :insert, :value 3}', 'line 1: value: an insert takes a key and a value: [1 10]'],
    ['{:process 0, :type :invoke, :f :scan, :value 3}', 'line 1: value: a scan takes both ends of its range: [1 9]'],
    ['{:process 0, :type :invoke, :f :read, :value nil}', 'line 1: value: a read takes a key, which is a number or a text'],
    ['{:process 0, :type :invoke, :f :read, :value 3}\n{:process 0, :type :ok, :f :read, :value 3, :result [:sold 3]}', 'line 2: result: ["sold" 3] is none of found, absent, inserted'],
    ['{:process 0, :type :invoke, :f :put, :value 3}', 'line 1: f: put is none of read, insert, update, delete, scan, which --model ordered-map knows; try --model map or append'],
  ])('refuses by name what makes no sense: %s', (text, reason) => expect(verdictOf(modelOf('ordered-map'), text)).toContain(reason));

  it('holds at first what a list of entries says', () => {
    expect(modelNamed('ordered-map', { 1: 2 }, false)).toEqual(E.left('expected a list of entries, [[1 10] [2 20]], or nil'));
    expect(verdictOf(modelOf('ordered-map', [[3, 7]]), scan('[[3 7]]'))).toBe('ok');
  });
});

it('tokens of appends may repeat', () => {
  const append = '{:process 0, :type :invoke, :f :append, :value "a"}\n{:process 0, :type :ok, :f :append, :value "a"}\n';
  const get = (text: string) => `{:process 0, :type :invoke, :f :get, :value nil}\n{:process 0, :type :ok, :f :get, :value "${text}"}\n`;
  expect(verdictOf(modelOf('append'), append + append + get('aa'))).toBe('ok');
  expect(verdictOf(modelOf('append'), append + append + get('a'))).toBe('illegal');
});

it('what is there at first must be said: nil and 0 are two values', () => {
  const zero = '{:process 0, :type :invoke, :f :read, :value nil}\n{:process 0, :type :ok, :f :read, :value 0}';
  expect([null, 0].map((initial) => verdictOf(modelOf('register', initial), zero))).toEqual(['illegal', 'ok']);
});

it.each(['0', '1'])('a process that ended in info may be used again, or not: %s', (next) => {
  const text = (seen: string) => `0 :invoke :write 1\n0 :info :write :timeout\n${next} :invoke :read nil\n${next} :ok :read ${seen}`;
  expect(['nil', '1', '2'].map((seen) => verdictOf(modelOf('register'), text(seen)))).toEqual(['ok', 'ok', 'illegal']);
});

it('a process may be a number in quotes', () => {
  const text = '{"process":"0","type":"invoke","f":"write","value":1}\n{"process":"0","type":"ok","f":"write","value":1}\n{"process":"1","type":"invoke","f":"read","value":null}\n{"process":"1","type":"ok","f":"read","value":2}';
  expect(verdictOf(modelOf('register'), text)).toBe('illegal');
  expect(verdictOf(modelOf('register'), text.replace('"value":2', '"value":1'))).toBe('ok');
});

it('a nemesis may say anything at any time', () => {
  const text = '{:process :nemesis, :type :info, :f :start, :value {:a [1]}}\n{:process 0, :type :invoke, :f :read, :value nil}\n{:process nil, :type :info, :value "x"}\n{:process 0, :type :ok, :f :read, :value nil}\n{:process :nemesis, :type :invoke, :f :stop, :value nil}';
  expect(verdictOf(modelOf('register'), text)).toBe('ok');
});

function modelOf(name: string, initial: unknown = null, isNilUnknown = false): JepsenModel {
  return rightOf(modelNamed(name, initial, isNilUnknown));
}

/** The verdict on a text, or what is wrong with it. */
function verdictOf(of: JepsenModel, text: string, keying: Keying = 'no'): string {
  const seen = eventsIn(text);
  const history = E.isLeft(seen) ? seen : operationsIn(of, seen.right.events, keying);
  return E.isLeft(history) ? history.left : judge(of, history.right).type;
}

function rightOf<A>(outcome: E.Either<string, A>): A {
  if (E.isLeft(outcome)) throw new Error(outcome.left);
  return outcome.right;
}
