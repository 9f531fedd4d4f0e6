/** Runs of simulated clusters, written down and told as stories. */
import { demonstration, type Choice } from '../../src/adapter/simulated/demonstration.js';
import { simulate } from '../../src/adapter/simulated/world.js';
import { bPlusTree, evenKeys } from '../../src/service/b-plus-tree/index.js';
import { newChecker } from '../../src/trace/checker.js';
import type { Level, Setting } from '../../src/trace/line.js';
import { understand } from '../../src/trace/read.js';
import { reportOf } from '../../src/trace/report.js';
import type { Story } from '../../src/trace/show/story.js';
import { newTeller } from '../../src/trace/show/teller.js';

const KEY_SPACE = 64;

/** The lines of a run of the demonstration, on trees that tell which of their nodes are touched. */
export const linesOf = (choice: Partial<Choice> = {}, level: Level = 'execution'): readonly string[] => {
  const world = demonstration({ seed: 7, technique: 'opt-psmr', threads: 2, commands: 12, loss: 0, duplication: 0, crashes: 0, ...choice });
  const { threads } = world.cluster;
  const options = { keySpace: KEY_SPACE, partitions: threads, capacity: 4, fill: 0.7, minimum: 'half' } as const;
  const setting: Setting = {
    level,
    cluster: world.cluster,
    names: ['a1', 'a2', 'a3', 'r1', 'r2'],
    service: { name: 'b-plus-tree', keySpace: KEY_SPACE, keys: KEY_SPACE / 2, capacity: 4, fill: 0.7, minimum: 'half' },
    limits: world.limits,
    storage: 'disk',
    world: 'simulated',
  };
  const lines: string[] = [];
  simulate({ ...world, newStore: (observe) => bPlusTree(options).create(evenKeys(KEY_SPACE / 2), observe), trace: { setting, write: (line) => lines.push(line) } });
  return lines;
};

/** The story that is told of lines in one file. */
export const storyOf = (lines: readonly string[], name = 'a run'): Story => {
  const headers = lines.flatMap((line) => {
    const said = understand(line);
    return said.type === 'Header' ? [said.header] : [];
  });
  const teller = newTeller(headers[0]!);
  const checker = newChecker([{ file: 'run.ndjson', headers }], teller.listen);
  checker.feeds[0]!.supply(lines);
  checker.feeds[0]!.end('');
  checker.advance();
  return teller.story(name, reportOf(checker));
};
