/** A story in lines: numbered, each step with what it did below it. */
import { chosen, type Choice } from './select.js';
import { placeOf, type Flaw, type Story } from './story.js';

/** Effects that are told of a step, at most. */
const MOST_EFFECTS = 12;

export function* textOf(story: Story, choice: Choice): Generator<string> {
  const steps = chosen(story, choice);
  yield `${story.name}: ${count(story.steps.length)} steps of ${story.lanes.map(({ name }) => name).join(', ')}`;
  for (const step of steps) {
    yield `${String(step.index + 1).padStart(6)}  ${step.text}${step.life === 0 ? '' : ` (life ${step.life})`}`;
    if (step.kind === 'executed' && step.effects.length === 1) continue; // The sentence says it already.
    for (const effect of step.effects.slice(0, MOST_EFFECTS)) yield `        - ${effect}`;
    if (step.effects.length > MOST_EFFECTS) yield `        - and ${step.effects.length - MOST_EFFECTS} more`;
  }
  const left = story.steps.length - steps.length;
  if (left > 0) yield `${count(left)} steps are left out${choice.all ? '' : ': among them all ticks, heartbeats and skips, which --all shows'}`;
  for (const flaw of story.flaws) yield* flawLines(story, flaw);
}

const flawLines = (story: Story, { clause, expected, found, where, step }: Flaw): readonly string[] => [
  `against ${clause}`,
  ...(step === undefined ? [] : [`  at step ${step + 1}, ${placeOf(story, story.steps[step]!)}`]),
  ...(where === '' ? [] : [`  ${where}`]),
  `  expected ${expected}`,
  `  found    ${found}`,
];

const count = (number: number): string => number.toLocaleString('en');
