/** psmr client: one command of the tree, or a prompt. */
import { Command } from '@commander-js/extra-typings';
import * as E from 'fp-ts/lib/Either.js';
import { randomInt } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { read, serviceOf, type Config } from '../adapter/config.js';
import { logger } from '../adapter/log.js';
import { connect } from '../adapter/tcp/caller.js';
import type { Tracing } from '../adapter/trace-files.js';
import type { Reply } from '../record.js';
import { decodeDigest } from '../replica/worker.js';
import { textOf, type Command as TreeCommand } from '../service/b-plus-tree/index.js';
import { quantity, traceLevelOption, traceOption } from './options.js';

const USAGE = 'read KEY | update KEY VALUE | insert KEY VALUE | delete KEY | scan FROM TO | digest';

export const clientCommand = new Command('client')
  .description('call a cluster: one command, or a prompt without one')
  .requiredOption('--config <file>', 'the cluster, as JSON')
  .option('--timeout <s>', 'how long to wait for an answer', quantity(0.1, 3600), 10)
  .addOption(traceOption)
  .addOption(traceLevelOption)
  .argument('[words...]', USAGE)
  .addHelpText(
    'after',
    `
Keys and values are integers; a scan takes both its ends, and shows 256 entries at most. An answer says at which place
of the replicated order the command was executed. The exit status is 0 only if it was.

Examples:
  psmr client --config cluster.json insert 42 7          one command: inserted, or exists and what is there
  psmr client --config cluster.json scan 0 100           entries 0: 0, 2: 1, ..
  psmr client --config cluster.json digest               a digest of the whole tree, the same at every replica
  psmr client --config cluster.json                      a prompt; quit ends it
  psmr client --config cluster.json < commands.txt       a command a line`,
  )
  .action(async (words, { config: file, timeout, trace: directory, traceLevel: level }) => {
    const config = read(file);
    if (E.isLeft(config)) throw new Error(config.left);
    const session = open(config.right, timeout * 1000, directory === undefined ? undefined : { directory, level });
    try {
      if (words.length === 0) return await converse(session);
      const { text, isDone } = await session.say(words);
      if (!isDone) throw new Error(text);
      console.log(text);
    } finally {
      await session.close();
    }
  });

type Said = { readonly text: string; readonly isDone: boolean };
type Session = { readonly say: (words: readonly string[]) => Promise<Said>; readonly close: () => Promise<void> };

const open = (config: Config, timeout: number, trace: Tracing | undefined): Session => {
  const { service } = serviceOf(config);
  const waiting = new Map<number, (reply: Reply) => void>();
  let calls = 0;
  let failures = 0;
  const caller = connect(config, service, [randomInt(2 ** 47) + 1], { window: config.sessions.window, retryAfter: 500 }, {
    onAnswer: (_, call, reply) => {
      waiting.get(call)?.(reply);
      waiting.delete(call);
    },
    onFailed: () => (failures += 1),
    log: { ...logger('client'), info: () => {}, warn: () => {} },
    trace: trace && { ...trace, name: `client-${process.pid}` },
  });

  const say = async (words: readonly string[]): Promise<Said> => {
    const parsed = parse(words);
    if (E.isLeft(parsed)) return { text: parsed.left, isDone: false };
    const command = parsed.right;
    calls += 1;
    failures = 0;
    const call = calls;
    const reply = await new Promise<Reply | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), timeout);
      waiting.set(call, (found) => {
        clearTimeout(timer);
        resolve(found);
      });
      caller.call(0, call, command);
    });
    if (reply === undefined) return { text: `no answer within ${timeout / 1000} s, though the command may still be executed: are most acceptors up, and a replica?`, isDone: false };
    if (reply.status === 'Refused') return { text: `refused: ${new TextDecoder().decode(reply.payload)}`, isDone: false };
    const { group, slot, offset } = reply.position;
    const place = `at slot ${slot} of ${group === 0 ? 'g_all' : `g_${group}`}, offset ${offset}${failures > 0 ? ', resubmitted after a failed safety check' : ''}`;
    if (command === 'digest') {
      const { entries, high, low } = decodeDigest(reply.payload);
      return { text: `${entries} entries, ${high.toString(16).padStart(8, '0')}${low.toString(16).padStart(8, '0')}, ${place}`, isDone: true };
    }
    const kind = service.codec.kindOf(command);
    return { text: `${textOf(service.codec.decodeResult(kind, reply.payload))}, ${place}`, isDone: true };
  };
  return { say, close: caller.close };
};

/** The prompt. It ends with the input, or with `quit`. A script gets no prompt, but a status: 1 if any command was not done. */
const converse = async (session: Session): Promise<void> => {
  const isScript = process.stdin.isTTY !== true;
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: isScript ? '' : 'psmr> ', terminal: !isScript });
  lines.prompt();
  for await (const line of lines) {
    const words = line.trim().split(/\s+/).filter((word) => word !== '');
    if (words[0] === 'quit' || words[0] === 'exit') break;
    if (words[0] === 'help') console.log(USAGE);
    else if (words.length > 0) {
      const { text, isDone } = await session.say(words);
      console.log(text);
      if (isScript && !isDone) process.exitCode = 1;
    }
    lines.prompt();
  }
  lines.close();
};

/** Words as a command of the tree, or what is wrong with them. */
const parse = (words: readonly string[]): E.Either<string, TreeCommand | 'digest'> => {
  const [type, ...rest] = words;
  const numbers = rest.map((word) => (/^-?\d+$/.test(word) ? BigInt(word) : undefined));
  const wrong = rest[numbers.indexOf(undefined)];
  if (wrong !== undefined) return E.left(`${wrong} is no integer`);
  const large = numbers.find((number) => number !== undefined && BigInt.asIntN(64, number) !== number);
  if (large !== undefined) return E.left(`${large} does not fit in 64 bits`);
  const [first, second] = numbers;
  const expects = (count: number): boolean => numbers.length === count;
  if (type === 'digest' && expects(0)) return E.right('digest');
  if ((type === 'read' || type === 'delete') && expects(1) && first !== undefined) return E.right({ type, key: first });
  if ((type === 'update' || type === 'insert') && expects(2) && first !== undefined && second !== undefined) return E.right({ type, key: first, value: second });
  if (type === 'scan' && expects(2) && first !== undefined && second !== undefined) return E.right({ type, from: first, to: second });
  return E.left(`not a command: expected ${USAGE}`);
};
