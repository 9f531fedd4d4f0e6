/** What the clients of a simulated run saw, as a judge of linearizability takes it. */
import type * as Spec from '../../../spec/linearizability.js';
import type { Position } from '../../record.js';
import type { Codec } from '../../service/service.js';
import type { Called } from './recording.js';

type Seen<C, R> = Spec.Operation<C, R> & { readonly session: number; readonly position?: Position };

/** The operations, named by their places. A refused command has had no effect and is left out. */
export const operationsIn = <C, R>(codec: Codec<C, R>, history: readonly Called<C>[]): readonly Seen<C, R>[] =>
  history.flatMap(({ session, command, called, answer }, id): readonly Seen<C, R>[] => {
    if (answer === null) return [{ type: 'pending', id, session, command, call: called }];
    const { reply, at } = answer;
    if (reply.status !== 'Executed') return [];
    const result = codec.decodeResult(codec.kindOf(command), reply.payload);
    return [{ type: 'completed', id, session, command, call: called, return: at, result, position: reply.position }];
  });
