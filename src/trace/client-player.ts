/** Plays the lines of a client: the proxies of its sessions, and what it saw. */
import * as Proxy from '../client/proxy.js';
import { acceptorFor } from '../node.js';
import { commandAt, DIGEST_KIND, recordsOf, replyAt, type Reply } from '../record.js';
import { bPlusTree } from '../service/b-plus-tree/index.js';
import { namesIn, sayCommands } from './batch.js';
import { keep } from './facts.js';
import { broken, CLAUSES, compared, PLAYED } from './finding.js';
import { detailOf, END, NOTHING, sayAll, type Header, type Line } from './line.js';
import { notAnEvent, type Player } from './process-player.js';
import { eventIn } from './read.js';
import { hearProxyEvent, sayProxyEffect } from './replica.js';
import { sketchOfProxy } from './sketch.js';
import type { Stage } from './stage.js';
import { REPLIES } from './thread-player.js';
import { wayOf, type Sent } from './under-way.js';

const STRANGER = -1;

/** A session's proxy; calls that are not answered, by name, and when they were made. */
type Session = { proxy: Proxy.Proxy; readonly calls: Map<number, Asked> };

/** What was asked, and when; and whether facts were still kept then. */
type Asked = { readonly kind: number; readonly payload: Uint8Array; readonly time: number; readonly isKept: boolean };

export type ClientPlayer = Player & {
  /** Notes what was never answered: it may have been executed all the same. */
  readonly end: () => void;
};

export const clientPlayer = (stage: Stage, header: Header): ClientPlayer => {
  const { setting, underWay, facts } = stage;
  const { codec } = bPlusTree({ ...setting.service, partitions: setting.cluster.threads }).service;
  const detail = detailOf(setting);
  const sessions = new Map<number, Session>();

  const multicast = ({ group, turn, records }: Extract<Proxy.Effect, { type: 'Multicast' }>): void => {
    const way = wayOf(STRANGER, acceptorFor(setting.cluster, group, turn), group);
    const names = namesIn(records);
    for (const command of detail === 'values' ? sayCommands(records, 'digests') : names) underWay.send(way, command, { life: header.life, after: 0 });
    keep(facts, facts.submitted, [group, names]);
  };

  /** One operation of the history: what a session asked, from when to when, and what it was answered. */
  const note = (session: number, { kind, payload: asked, time, isKept }: Asked, answer: { readonly reply: Reply; readonly time: number } | undefined): void => {
    const command = detail === 'values' && kind !== DIGEST_KIND ? codec.decode(kind, asked) : '';
    if (typeof command === 'string' || (answer !== undefined && answer.reply.status !== 'Executed')) return;
    if (!isKept) return void (facts.dropped += 1);
    const operation = { id: facts.history.length, session, command, call: time };
    // Of what was called before facts were left out and answered behind, others may have seen the effect: it is kept as never answered.
    if (answer === undefined || facts.isFull) return void facts.history.push({ ...operation, type: 'pending' });
    const { payload, position } = answer.reply;
    keep(facts, facts.history, { ...operation, type: 'completed', return: answer.time, result: codec.decodeResult(kind, payload), position });
  };

  /** Takes replies that are under way. If one is not, it is returned, and none is taken; unless that is forced. */
  const receive = (replies: readonly string[], isForced: boolean): string | undefined => {
    const taken: { readonly reply: string; readonly sent: Sent }[] = [];
    for (const reply of replies) {
      const sent = underWay.take(REPLIES, reply);
      if (sent !== undefined) taken.push({ reply, sent });
      else if (isForced) stage.unmatched += 1;
      else {
        taken.toReversed().forEach((each) => underWay.send(REPLIES, each.reply, each.sent));
        return reply;
      }
    }
    return undefined;
  };

  const play = (line: Line, isForced: boolean): ReturnType<Player['play']> => {
    const { session: number, time = 0 } = line;
    if (number === undefined) return broken(CLAUSES.whole, 'session', 'a number', 'nothing');
    const told = eventIn(line);
    const event = hearProxyEvent(told);
    if (typeof event === 'string') return notAnEvent(event);
    if ((line.time === undefined) !== (event.type === 'Tick')) return broken(CLAUSES.whole, 'time', event.type === 'Tick' ? 'nothing' : 'a time in ms', line.time === undefined ? 'nothing' : String(time));
    if (event.type === 'Replies' && detail === 'values') {
      const missing = receive(told['replies'] as readonly string[], isForced);
      if (missing !== undefined) return { type: 'Blocked', on: stage.threads, clause: CLAUSES.sent, what: `the reply ${missing}`, needles: [missing] };
    }
    const session: Session = sessions.get(number) ?? { proxy: Proxy.initial(number, header.proxy ?? { window: 1, retryAfter: 1 }), calls: new Map() };
    sessions.set(number, session);
    const [next, effects] = Proxy.onEvent(session.proxy, event);
    const breach = compared(line, { effects: sayAll(effects, sayProxyEffect), sketch: sketchOfProxy(next) });
    if (breach !== undefined) return breach;
    session.proxy = next;
    if (event.type === 'Calls')
      [...recordsOf(event.calls.commands)].forEach((at, i) => {
        const { kind, payload } = commandAt(event.calls.commands, at);
        session.calls.set(event.calls.first + i, { kind, payload, time, isKept: !facts.isFull });
      });
    for (const effect of effects)
      switch (effect.type) {
        case 'Multicast':
          multicast(effect);
          break;
        case 'Answers':
          effect.calls.forEach((call, i) => {
            const asked = session.calls.get(call);
            if (asked !== undefined) note(number, asked, { reply: replyAt(effect.replies, effect.places[i]!), time });
            session.calls.delete(call);
          });
          break;
        case 'Failed':
          break;
      }
    return PLAYED;
  };

  return {
    play: (line, isForced) => (line.given === END ? (compared(line, NOTHING) ?? PLAYED) : play(line, isForced)),
    end: () => sessions.forEach(({ calls }, session) => calls.forEach((asked) => note(session, asked, undefined))),
  };
};
