/** Plays the lines of a client: the proxies of its sessions, and what it saw. */
import * as Proxy from '../client/proxy.js';
import { acceptorFor } from '../node.js';
import { commandAt, DIGEST_KIND } from '../record.js';
import { bPlusTree } from '../service/b-plus-tree/index.js';
import { nameOf, sayCommand } from './batch.js';
import { keep } from './facts.js';
import { broken, CLAUSES, compared, PLAYED } from './finding.js';
import { detailOf, NOTHING, sayAll, type Header, type Line } from './line.js';
import { notAnEvent, type Player } from './process-player.js';
import { hearProxyEvent, sayProxyEffect } from './replica.js';
import { sketchOfProxy } from './sketch.js';
import type { Stage } from './stage.js';
import { REPLIES } from './thread-player.js';
import { wayOf } from './under-way.js';

const STRANGER = -1;

/** A session's proxy; calls that are not answered, by name, and when they were made. */
type Session = { proxy: Proxy.Proxy; readonly calls: Map<number, { readonly call: Proxy.Call; readonly time: number }> };

export type ClientPlayer = Player & {
  /** Notes what was never answered: it may have been executed all the same. */
  readonly end: () => void;
};

export const clientPlayer = (stage: Stage, header: Header): ClientPlayer => {
  const { setting, underWay, facts } = stage;
  const { codec } = bPlusTree({ ...setting.service, partitions: setting.cluster.threads }).service;
  const detail = detailOf(setting);
  const sessions = new Map<number, Session>();

  const multicast = ({ group, turn, record }: Extract<Proxy.Effect, { type: 'Multicast' }>): void => {
    const command = commandAt(record, 0);
    underWay.send(wayOf(STRANGER, acceptorFor(setting.cluster, group, turn), group), sayCommand(command, 'digests'), { life: header.life, after: 0 });
    keep(facts, facts.submitted, { ring: group, command: nameOf(command) });
  };

  /** One operation of the history: what a session asked, from when to when, and what it was answered. */
  const note = (session: number, { call, time }: { readonly call: Proxy.Call; readonly time: number }, answer: { readonly effect: Extract<Proxy.Effect, { type: 'Answer' }>; readonly time: number } | undefined): void => {
    const command = detail === 'values' && call.kind !== DIGEST_KIND ? codec.decode(call.kind, call.payload) : '';
    if (typeof command === 'string') return;
    const operation = { id: facts.history.length, session, command, call: time };
    if (answer === undefined) return keep(facts, facts.history, { ...operation, type: 'pending' });
    const { status, payload, position } = answer.effect.reply;
    if (status === 'Executed') keep(facts, facts.history, { ...operation, type: 'completed', return: answer.time, result: codec.decodeResult(call.kind, payload), position });
  };

  const play = (line: Line, isForced: boolean): ReturnType<Player['play']> => {
    const { session: number, time = 0 } = line;
    if (number === undefined) return broken(CLAUSES.whole, 'session', 'a number', 'nothing');
    const event = hearProxyEvent(line.event);
    if (typeof event === 'string') return notAnEvent(event);
    if ((line.time === undefined) !== (event.type === 'Tick')) return broken(CLAUSES.whole, 'time', event.type === 'Tick' ? 'nothing' : 'a time in ms', line.time === undefined ? 'nothing' : String(time));
    if (event.type === 'Reply' && detail === 'values') {
      const reply = line.event['reply'] as string;
      const sent = underWay.take(REPLIES, reply);
      if (sent === undefined && !isForced) return { type: 'Blocked', on: stage.threads, clause: CLAUSES.sent, what: `the reply ${reply}`, needles: [reply] };
      if (sent === undefined) stage.unmatched += 1;
    }
    const session: Session = sessions.get(number) ?? { proxy: Proxy.initial(number, header.proxy ?? { window: 1, retryAfter: 1 }), calls: new Map() };
    sessions.set(number, session);
    const [next, effects] = Proxy.onEvent(session.proxy, event);
    const breach = compared(line, { effects: sayAll(effects, sayProxyEffect), sketch: sketchOfProxy(next) });
    if (breach !== undefined) return breach;
    session.proxy = next;
    if (event.type === 'Call') session.calls.set(event.call.call, { call: event.call, time });
    for (const effect of effects)
      switch (effect.type) {
        case 'Multicast':
          multicast(effect);
          break;
        case 'Answer': {
          const asked = session.calls.get(effect.call);
          if (asked !== undefined) note(number, asked, { effect, time });
          session.calls.delete(effect.call);
          break;
        }
        case 'Failed':
          break;
      }
    return PLAYED;
  };

  return {
    play: (line, isForced) => (line.event.type === 'End' ? (compared(line, NOTHING) ?? PLAYED) : play(line, isForced)),
    end: () => sessions.forEach(({ calls }, session) => calls.forEach((asked) => note(session, asked, undefined))),
  };
};
