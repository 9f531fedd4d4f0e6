/** The clients of a simulated world: each calls its commands in order, some at once, through a proxy of its own. */
import * as Proxy from '../../client/proxy.js';
import { sayGroup } from '../../multicast/groups.js';
import { acceptorFor, routeOf } from '../../node.js';
import { commandAt, encodeCall, encodeReply, recordsOf, replyAt, type Reply } from '../../record.js';
import { nameOf } from '../../trace/batch.js';
import { recordClient } from '../../trace/recorder.js';
import { TICK } from './clock.js';
import type { Client } from './setting.js';
import type { Stage } from './stage.js';

/** A client is no process of the cluster. */
const STRANGER = -1;

/** Starts all clients. */
export const startClients = <C, R>(stage: Stage<C, R>): { readonly areAnswered: () => boolean } => {
  const { world, machines, clock, network, notes, see, tell } = stage;
  const { cluster, service, say } = world;
  let unanswered = world.clients.reduce((sum, { commands }) => sum + commands.length, 0);

  const start = ({ session, commands, outstanding }: Client<C>, index: number): void => {
    const name = `client ${session}`;
    const firstCall = notes.history.length;
    commands.forEach((command, call) => notes.history.push({ session, call, command, called: Infinity, answer: null }));
    let proxy = Proxy.initial(session, world.proxy);
    const trace = world.trace?.setting.level === 'execution' ? recordClient({ process: `c${index + 1}`, life: 0, thread: 0 }, world.trace.setting, world.proxy, world.trace.write) : undefined;
    let called = 0;

    const handle = (event: Proxy.Event): void => {
      const [next, effects] = machines.onProxyEvent(proxy, event);
      proxy = next;
      trace?.step(clock.now(), event, effects, next);
      effects.forEach(carryOut);
    };

    const carryOut = (effect: Proxy.Effect): void => {
      switch (effect.type) {
        case 'Multicast':
          return multicast(effect);
        case 'Failed':
          return see('a client resubmitted a command');
        case 'Answers':
          return effect.calls.forEach((call, i) => {
            const reply = replyAt(effect.replies, effect.places[i]!);
            tell(name, `has its answer to ${nameOf(reply)}: ${sayReply(call, reply)}`);
            amend(call, { answer: { reply, at: clock.now() } });
            unanswered -= 1;
            callNext();
          });
      }
    };

    const multicast = ({ group, turn, records }: Extract<Proxy.Effect, { type: 'Multicast' }>): void => {
      for (const at of recordsOf(records)) {
        const { kind, payload, ...identity } = commandAt(records, at);
        const command = nameOf(identity);
        notes.submitted.push([group, [command]]);
        const decoded = service.codec.decode(kind, payload);
        const what = say === undefined || typeof decoded === 'string' ? '' : ` (${say.command(decoded)})`;
        tell(name, `multicasts ${command}${what} to ${sayGroup(group)}`);
      }
      network.send(STRANGER, acceptorFor(cluster, group, turn), group, { type: 'Submit', commands: records });
    };

    const sayReply = (call: number, { status, payload }: Reply): string => {
      const command = commands[call];
      if (status !== 'Executed' || say === undefined || command === undefined) return status;
      return say.result(service.codec.decodeResult(service.codec.kindOf(command), payload));
    };

    const amend = (call: number, change: Partial<(typeof notes.history)[number]>): void => {
      const entry = notes.history[firstCall + call];
      if (entry !== undefined) notes.history[firstCall + call] = { ...entry, ...change };
    };

    const callNext = (): void => {
      const call = called;
      const command = commands[call];
      if (command === undefined) return;
      called += 1;
      amend(call, { called: clock.now() });
      const { codec } = service;
      handle({ type: 'Calls', calls: { first: call, commands: encodeCall(codec.kindOf(command), codec.encode(command)), ...routeOf(cluster, service, command) } });
    };

    const tick = (): void => {
      handle({ type: 'Tick', now: clock.now() });
      if (unanswered > 0) clock.later(4 * TICK, tick);
    };

    network.enrol(session, (reply) => handle({ type: 'Replies', replies: encodeReply(reply) }));
    clock.later(clock.chance() * TICK, () => {
      tick();
      for (let count = 0; count < outstanding; count += 1) callNext();
    });
  };

  world.clients.forEach(start);
  return { areAnswered: () => unanswered === 0 };
};
