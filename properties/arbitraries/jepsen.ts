/** Histories of Jepsen's services: simulated, with some clients that crash, and with some answers that are not what happened. */

import fc from 'fast-check';
import type { History, Operation } from '../../src/check/history.js';
import { jepsenModel, type Answer, type Call, type JepsenModel } from '../../src/check/jepsen/models.js';

export type JepsenOperation = Operation<Call, Answer>;

export type World = {
  readonly model: string;
  readonly clients: number;
  readonly values: number;
  readonly keys: number;
  /** How long an operation may take, and a client pause. */
  readonly ticks: number;
  /** Of ten operations, so many crash. */
  readonly crashes: number;
};

export const FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
  register: ['read', 'write'],
  'cas-register': ['read', 'write', 'cas'],
  map: ['read', 'write', 'cas', 'delete'],
  append: ['get', 'append', 'append', 'append', 'get', 'put'],
  mutex: ['acquire', 'release'],
};

const INITIAL: Readonly<Record<string, unknown>> = { 'cas-register': 0 };

export const modelOf = (name: string): JepsenModel => jepsenModel(name, INITIAL[name] ?? null, false)!;

type Plan = {
  readonly client: number;
  readonly f: string;
  readonly key: number;
  readonly a: number;
  readonly b: number;
  readonly pause: number;
  readonly going: number;
  readonly coming: number;
  readonly fate: 'answered' | 'executed, reply lost' | 'never executed';
  /** Whether a compare-and-set expects what is there. */
  readonly isLucky: boolean;
};

const plan = ({ model, clients, values, keys, ticks, crashes }: World): fc.Arbitrary<Plan> =>
  fc.record({
    client: fc.nat({ max: clients - 1 }),
    f: fc.constantFrom(...FUNCTIONS[model]!),
    key: fc.nat({ max: keys - 1 }),
    a: fc.nat({ max: values - 1 }),
    b: fc.nat({ max: values - 1 }),
    pause: fc.nat({ max: ticks }),
    going: fc.nat({ max: ticks }),
    coming: fc.nat({ max: ticks }),
    fate: fc.oneof(
      { arbitrary: fc.constant('answered' as const), weight: 20 - 2 * crashes },
      { arbitrary: fc.constant('executed, reply lost' as const), weight: crashes },
      { arbitrary: fc.constant('never executed' as const), weight: crashes },
    ),
    isLucky: fc.boolean(),
  });

/** What happens if all clients follow their plans. An operation that crashed is open to the end, and its client goes on as another process. */
const simulate = (name: string, plans: readonly Plan[]): History<Call, Answer> => {
  const model = modelOf(name);
  const clocks = new Map<number, number>();
  const timed = plans.map((plan, id) => {
    const call = (clocks.get(plan.client) ?? 0) + plan.pause;
    const effect = call + plan.going;
    clocks.set(plan.client, effect + plan.coming);
    return { ...plan, id, call, effect, return: effect + plan.coming };
  });
  const answers = new Map<number, JepsenOperation>();
  let state = model.initial;
  for (const { id, client, f, key, a, b, call, return: end, fate, isLucky } of timed.toSorted((x, y) => x.effect - y.effect)) {
    const there = state.get(String(key)) ?? INITIAL[name];
    const command: Call = { f, key: String(key), value: f === 'cas' ? [isLucky && there !== undefined ? there : a, b] : f === 'append' ? String.fromCharCode(97 + a) : f === 'put' ? '' : ['write'].includes(f) ? a : null };
    const pending: JepsenOperation = { type: 'pending', id, session: client, command, call };
    if (fate === 'never executed') {
      answers.set(id, pending);
      continue;
    }
    const [next, result] = model.apply(state, command);
    state = next;
    answers.set(id, fate === 'answered' ? { type: 'completed', id, session: client, command, call, return: end, result } : pending);
  }
  return timed.map(({ id }) => answers.get(id)!);
};

/** Histories some of whose answers may be those of other operations. */
export const jepsenHistory = (maxLength: number, world: World, lies = 2): fc.Arbitrary<History<Call, Answer>> =>
  fc.tuple(fc.array(plan(world), { maxLength, size: 'max' }), fc.array(fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: -3, max: 3 })), { maxLength: lies })).map(([plans, corruptions]) =>
    corruptions.reduce((history, [which, from, shift]): History<Call, Answer> => {
      const chosen = history[which % Math.max(history.length, 1)];
      if (chosen?.type !== 'completed') return history;
      const alike = history.flatMap((other) => (other.type === 'completed' && other.command.f === chosen.command.f ? [other.result] : []));
      const call = Math.min(chosen.call + shift, chosen.return);
      return history.with(which % history.length, { ...chosen, call, result: alike[from % alike.length] });
    }, simulate(world.model, plans)),
  );
