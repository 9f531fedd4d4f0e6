/** Operations out of events: each from its invocation to its end. Time is the order of events. */

import * as E from 'fp-ts/lib/Either.js';
import type { History, Operation } from '../history.js';
import type { Event } from './events.js';
import type { Answer, Call, JepsenModel } from './models.js';

export type JepsenHistory = {
  readonly history: History<Call, Answer>;
  /** The events of each operation, by its id: what a person is told of it. */
  readonly told: ReadonlyMap<number, { readonly invoked: Event; readonly ended: Event | null }>;
};

/**
 * The history that these events tell. What failed did not take effect and is left out; what ended in nobody knows what stays
 * open, as does what never ended. Who has no number is no client.
 */
export const historyOf = (model: JepsenModel, events: readonly Event[]): E.Either<string, JepsenHistory> => {
  const open = new Map<number, { readonly time: number; readonly event: Event }>();
  const operations: Operation<Call, Answer>[] = [];
  const told = new Map<number, { readonly invoked: Event; readonly ended: Event | null }>();

  const callOf = ({ f, value, key }: Event): Call => ({ f, value, key: key === undefined ? '' : JSON.stringify(key) });
  const note = (operation: Operation<Call, Answer>, invoked: Event, ended: Event | null): void => {
    operations.push(operation);
    told.set(operation.id, { invoked, ended });
  };

  for (const [time, event] of events.entries()) {
    const { process, type, line } = event;
    if (typeof process !== 'number') continue;
    const invoked = open.get(process);
    if (type === 'invoke') {
      if (invoked !== undefined) return E.left(`line ${line}: process ${process} invokes ${event.f} before its ${invoked.event.f} of line ${invoked.event.line} has ended`);
      const flaw = model.flawIn(callOf(event));
      if (flaw !== undefined) return E.left(`line ${line}: ${flaw}`);
      open.set(process, { time, event });
      continue;
    }
    if (invoked === undefined) {
      if (type === 'info') continue; // a client that says it has crashed
      return E.left(`line ${line}: process ${process} ends a ${event.f} that it never invoked`);
    }
    open.delete(process);
    const { event: begun, time: call } = invoked;
    if (begun.f !== event.f) return E.left(`line ${line}: process ${process} ends a ${event.f}, and has invoked a ${begun.f} in line ${begun.line}`);
    const id = begun.line;
    if (type === 'ok') note({ type: 'completed', id, session: process, command: callOf(begun), call, return: time, result: model.answerOf(event.f, event.value) }, begun, event);
    if (type === 'info') note({ type: 'pending', id, session: process, command: callOf(begun), call }, begun, event);
  }
  for (const [process, { time, event }] of open) note({ type: 'pending', id: event.line, session: process, command: callOf(event), call: time }, event, null);
  return E.right({ history: operations, told });
};
