/** The network of a simulated world: it loses, doubles and delays what it carries, and so puts it out of order. */
import type { ProcessId } from '../../consensus/ballot.js';
import type { Message } from '../../consensus/messages.js';
import type { ProcessEvent } from '../../node.js';
import type { Group, Reply } from '../../record.js';
import type { Clock } from './clock.js';
import type { Faults } from './setting.js';

type Received = Extract<ProcessEvent, { type: 'Received' }>;

export type Network = {
  /** From now on `hear` takes what is sent to the process, in place of who took it before. */
  readonly join: (process: ProcessId, hear: (event: Received) => void) => void;
  readonly enrol: (session: number, hear: (reply: Reply) => void) => void;
  /** A process hears itself at once and for certain. */
  readonly send: (from: ProcessId, to: ProcessId, group: Group, message: Message) => void;
  readonly reply: (reply: Reply) => void;
};

export const network = ({ now, chance, later }: Clock, faults: Faults, see: (sight: string) => void): Network => {
  const processes = new Map<ProcessId, (event: Received) => void>();
  const sessions = new Map<number, (reply: Reply) => void>();

  const carry = (arrive: () => void): void => {
    const isRough = now() < faults.until;
    if (isRough && chance() < faults.loss) return see('a message was lost');
    if (isRough && chance() < faults.duplication) {
      see('a message was doubled');
      later(chance() * faults.delay, arrive);
    }
    later(chance() * faults.delay, arrive);
  };

  return {
    join: (process, hear) => void processes.set(process, hear),
    enrol: (session, hear) => void sessions.set(session, hear),
    send: (from, to, group, message) => {
      const arrive = (): void => processes.get(to)?.({ type: 'Received', group, from, message });
      if (from === to) later(0, arrive);
      else carry(arrive);
    },
    reply: (reply) => carry(() => sessions.get(reply.session)?.(reply)),
  };
};
