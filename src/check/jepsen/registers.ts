/** Jepsen's services as registers: what each operation sees and leaves of the one key that it touches. */

import type { Access, Registers, Value } from '../model.js';
import type { Call } from './call.js';
import { keyOf } from './edn.js';

/** Of all services but lists of text: what an append leaves depends on what it finds, which no `Access` can say. */
export const registersOf = (initial: unknown, isUnknown: (answer: unknown) => boolean): Registers<Call, unknown> => ({
  valueAtFirst: () => valueOf(initial),
  answered: (call, answer) => {
    const { f, value, key } = call;
    switch (f) {
      case 'read':
      case 'get':
        return isUnknown(answer) ? { type: 'access', key } : { type: 'access', key, sees: valueOf(answer) };
      case 'cas':
        if (answer === false) return { type: 'access', key, misses: valueOf((value as readonly unknown[])[0]) };
        return answer === true ? attempt(call) : undefined;
      case 'acquire':
      case 'lock':
        if (answer === false) return { type: 'access', key, sees: true };
        return answer === true ? attempt(call) : undefined;
      case 'release':
      case 'unlock':
        if (answer === false) return { type: 'access', key, misses: true };
        return answer === true ? attempt(call) : undefined;
      default:
        return answer === null ? attempt(call) : undefined;
    }
  },
  unanswered: (call) => attempt(call),
});

/** What an operation does where it succeeds. */
const attempt = ({ f, value, key }: Call): Access | undefined => {
  switch (f) {
    case 'read':
    case 'get':
      return { type: 'access', key };
    case 'write':
    case 'put':
    case 'insert':
    case 'update':
      return { type: 'access', key, leaves: valueOf(value) };
    case 'delete':
    case 'remove':
      return { type: 'access', key, leaves: null };
    case 'cas': {
      const [expected, next] = value as readonly [unknown, unknown];
      return { type: 'access', key, sees: valueOf(expected), leaves: valueOf(next) };
    }
    case 'acquire':
    case 'lock':
      return { type: 'access', key, misses: true, leaves: true };
    case 'release':
    case 'unlock':
      return { type: 'access', key, sees: true, leaves: false };
    default:
      return undefined;
  }
};

/** Equal if and only if the values are. */
export const valueOf = (value: unknown): Value => (typeof value === 'number' || typeof value === 'boolean' || value === null ? value : keyOf(value));
