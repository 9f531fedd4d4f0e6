/** `psmr check-history`: whether what clients saw is linearizable, in histories of anyone's system. */
import { readFileSync } from 'node:fs';
import { Command, Option } from '@commander-js/extra-typings';
import { parseEDNString } from 'edn-data';
import * as E from 'fp-ts/lib/Either.js';
import { eventsIn, type Event } from '../check/jepsen/events.js';
import { jepsenModel, MODELS } from '../check/jepsen/models.js';
import { historyOf, type JepsenHistory } from '../check/jepsen/operations.js';
import { judge, type Verdict } from '../check/linearizability.js';
import { natural, oneOf } from './options.js';

/** What a `nil` stands for that was read: a value that nobody wrote down, as Knossos has it, or a register that is not set. */
const NILS = ['auto', 'unknown', 'unset'] as const;

const STATUS = { ok: 0, illegal: 1, unknown: 2 } as const;

export const checkHistoryCommand = new Command('check-history')
  .description('whether histories are linearizable: Jepsen operations in EDN or JSON, or the operation lines of a Jepsen log')
  .argument('<file...>', 'histories')
  .addOption(new Option('--model <name>', MODELS.join(', ')).argParser(oneOf(MODELS)).default('cas-register'))
  .option('--initial <value>', 'what is there at first, in EDN', 'nil')
  .addOption(new Option('--nil <meaning>', 'what a nil that was read stands for: unknown, unset, or auto (unset in logs)').argParser(oneOf(NILS)).default('auto' as const))
  .option('--budget <n>', 'junctions that the search may abandon', natural(1), 1_000_000)
  .option('--explain', 'say why a history is illegal, operation by operation')
  .option('--json', 'print the verdicts as JSON')
  .addHelpText(
    'after',
    `
The exit status is 0 if all are linearizable, 1 if one is not, 2 if the budget did not suffice for one.

Examples:
  psmr check-history etcd.log
  psmr check-history --model cas-register --initial 0 --explain history.edn
  psmr check-history --model append kv.txt`,
  )
  .action((files, { model: name, initial, nil, budget, explain, json }) => {
    const verdicts = files.map((file) => {
      const { format, events } = orThrow(file, eventsIn(readFileSync(file, 'utf8')));
      const model = jepsenModel(name, orThrow('--initial', value(initial)), nil === 'auto' ? format !== 'log' : nil === 'unknown');
      if (model === undefined) throw new Error(`--model ${name}: none of ${MODELS.join(', ')}`);
      const told = orThrow(file, historyOf(model, events));
      return { file, operations: told.history.length, verdict: judge(model, told.history, { nodes: budget }), told };
    });
    if (json === true) console.log(JSON.stringify(verdicts.map(({ file, operations, verdict }) => ({ file, operations, ...verdict })), null, 2));
    else
      for (const { file, operations, verdict, told } of verdicts) {
        console.log(`${file}: ${verdict.type}, ${operations} operations`);
        if (explain === true) for (const line of explanation(verdict, told)) console.log(`  ${line}`);
      }
    const types = verdicts.map(({ verdict }) => verdict.type);
    process.exitCode = STATUS[types.includes('illegal') ? 'illegal' : types.includes('unknown') ? 'unknown' : 'ok'];
  });

const orThrow = <T>(where: string, outcome: E.Either<string, T>): T => {
  if (E.isLeft(outcome)) throw new Error(`${where}: ${outcome.left}`);
  return outcome.right;
};

const value = (edn: string): E.Either<string, unknown> =>
  E.tryCatch(() => parseEDNString(edn, { mapAs: 'object', keywordAs: 'string', listAs: 'array' }), (error) => `not EDN: ${String(error)}`);

const explanation = (verdict: Verdict, { told }: JepsenHistory): readonly string[] => {
  switch (verdict.type) {
    case 'ok':
      return [];
    case 'unknown':
      return [`${verdict.budget} junctions were abandoned, and more were left`];
    case 'illegal': {
      const say = (id: string): string => {
        const { invoked, ended } = told.get(Number(id)) ?? {};
        return invoked === undefined ? `operation ${id}` : `line ${invoked.line}: ${sayEvent(invoked)}${ended == null ? ', which never ended' : `, ${ended.type} in line ${ended.line}: ${JSON.stringify(ended.value)}`}`;
      };
      const { operations, argument } = verdict.certificate;
      return ['no order gives these answers:', ...operations.map((id) => say(String(id))), ...argument.map((sentence) => sentence.replace(/\{(\d+)\}/g, 'the one of line $1'))];
    }
  }
};

const sayEvent = ({ process, f, value: argument, key }: Event): string => `process ${process} ${f}${key === undefined ? '' : ` ${JSON.stringify(key)}`} ${JSON.stringify(argument)}`;
