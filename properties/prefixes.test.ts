/** Texts that only grow: what is read of them tells in which order they grew. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideByPrefixes } from '../src/check/prefixes.js';
import { judge } from '../src/check/linearizability.js';
import { replay } from '../src/check/replay.js';
import { modelOf, type JepsenOperation } from './arbitraries/jepsen.js';
import { isExplained } from './arbitraries/plain-search.js';

const model = modelOf('append');

/** Clients that append and read side by side; some crash, and some reads tell what another read found. */
const history = (tokens: readonly string[], maxLength: number): fc.Arbitrary<readonly JepsenOperation[]> => {
  const plan = fc.record({ client: fc.nat({ max: 4 }), token: fc.option(fc.constantFrom(...tokens), { freq: 2 }), going: fc.nat({ max: 4 }), coming: fc.nat({ max: 4 }), fate: fc.constantFrom('ok', 'ok', 'ok', 'ok', 'lost', 'never'), lie: fc.option(fc.nat(), { freq: 7 }) });
  return fc.array(plan, { maxLength, size: 'max' }).map((plans) => {
    const clocks = new Map<number, number>();
    const timed = plans.map((each, id) => {
      const call = (clocks.get(each.client) ?? 0) + 1;
      const [effect, end] = [call + each.going, call + each.going + each.coming];
      clocks.set(each.client, end);
      return { ...each, id, call, effect, end };
    });
    let text = '';
    const texts = [''];
    const found = new Map<number, string>();
    for (const { id, token, fate } of timed.toSorted((a, b) => a.effect - b.effect)) {
      if (fate !== 'never') text += token ?? '';
      texts.push(text);
      found.set(id, text);
    }
    return timed.map(({ id, client: session, token, call, end, fate, lie }): JepsenOperation => {
      const command = token === null ? { f: 'get', key: '', value: null } : { f: 'append', key: '', value: token };
      if (fate !== 'ok') return { type: 'pending', id, session, command, call };
      return { type: 'completed', id, session, command, call, return: end, result: token !== null ? null : lie === null ? found.get(id) : texts[lie % texts.length] };
    });
  });
};

const byCall = (all: readonly JepsenOperation[]): readonly JepsenOperation[] => all.toSorted((a, b) => a.call - b.call || a.id - b.id);

const DISTINCT = Array.from('abcdefghijklmnopqrstuvwxyz');
const ALIKE = ['a', 'b', 'ab', 'ba', 'aa', 'c', ''];
const some = fc.oneof(history(DISTINCT, 9), history(ALIKE, 9), history(['x 0 y', 'x 1 y', 'x 10 y', 'x 2 y', 'x 3 y', 'x 4 y'], 9));

const agrees = (mayGoOn?: () => boolean) => (all: readonly JepsenOperation[]): boolean => {
  const sorted = byCall(all);
  const decision = decideByPrefixes(model, sorted, mayGoOn);
  if (decision === undefined) return true;
  if (decision.type === 'illegal') return !isExplained(model, all);
  return replay(model, all, decision.order.map((i) => sorted[i]!.id)).length === 0;
};

describe('the order that reads tell', () => {
  it('is one that replays, or there is none, as a plain search finds', () => fc.assert(fc.property(some, agrees()), { numRuns: 3000 }));

  it('is not told where two tokens fit: who guesses is caught', () => expect(fc.check(fc.property(history(ALIKE, 9), agrees(() => true)), { numRuns: 3000, seed: 1 }).failed).toBe(true));

  for (const type of ['ok', 'illegal', undefined] as const)
    it(`sometimes gives ${type ?? 'no decision'}`, () => expect(fc.sample(some, { numRuns: 300, seed: 1 }).filter((all) => decideByPrefixes(model, byCall(all))?.type === type).length).toBeGreaterThan(10));

  it('decides what thirty clients append at once', () => {
    const at = (round: number, session: number, shift: number) => round * 100 + session + shift;
    let text = '';
    const all = Array.from({ length: 600 }, (_, id): JepsenOperation => {
      const [round, session] = [Math.floor(id / 30), id % 30];
      const isRead = session === 29;
      const token = `${round}.${(session * 7) % 29},`;
      if (!isRead) text += token;
      return { type: 'completed', id, session, command: isRead ? { f: 'get', key: '', value: null } : { f: 'append', key: '', value: token }, call: isRead ? at(round, 0, 60) : at(round, (session * 11) % 29, 0), return: at(round, session, 62), result: isRead ? text : null };
    });
    expect(judge(model, all, { nodes: 1 })).toMatchObject({ type: 'ok', procedure: 'prefixes' });
    const late = all.map((operation) => (operation.id === 31 ? { ...operation, call: operation.call + 200, return: operation.call + 201 } : operation) as JepsenOperation);
    const verdict = judge(model, late, { nodes: 1 });
    expect(verdict).toMatchObject({ type: 'illegal', procedure: 'prefixes', certificate: { isMinimal: true } });
    if (verdict.type === 'illegal') expect(verdict.certificate.operations.length).toBeLessThanOrEqual(3);
  });
});
