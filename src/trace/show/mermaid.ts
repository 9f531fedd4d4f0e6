/** A story as a sequence diagram of Mermaid, for documents and discussions. */
import { chosen, type Choice } from './select.js';
import type { Lane, Step, Story } from './story.js';

/** Steps in a diagram, at most: more cannot be read, and are not drawn. */
export const MOST_STEPS = 200;

/** A diagram of the first of the chosen steps; its last note says what was left out. */
export const mermaidOf = (story: Story, choice: Choice): string => {
  const all = chosen(story, choice);
  const steps = all.slice(0, MOST_STEPS);
  const isDrawn = new Set(steps.flatMap(({ lane, sources, barrier }) => [lane, ...sources.map((source) => story.steps[source]!.lane), ...(barrier === undefined ? [] : crewOf(story.lanes, story.lanes[lane]!))]));
  const lanes = story.lanes.flatMap((lane, at) => (isDrawn.has(at) ? [{ lane, at }] : []));
  const [first, last] = [lanes.at(0), lanes.at(-1)];
  const left = story.steps.length - steps.length;
  return [
    'sequenceDiagram',
    ...lanes.map(({ lane, at }) => `  participant ${idOf(at)} as ${plain(lane.name)}`),
    ...steps.flatMap((step) => linesOf(story, step)),
    ...(first === undefined || last === undefined || left === 0 ? [] : [`  Note over ${across(first.at, last.at)}: ${left} steps are left out${all.length > MOST_STEPS ? `, ${all.length - MOST_STEPS} of them after this one` : ''}`]),
    ...story.flaws.flatMap(({ clause }) => (first === undefined || last === undefined ? [] : [`  Note over ${across(first.at, last.at)}: against ${plain(clause)}`])),
    '',
  ].join('\n');
};

const linesOf = ({ lanes, steps }: Story, { lane, sources, text, index, barrier }: Step): readonly string[] => {
  const said = `${index + 1} ${plain(text)}`;
  if (barrier?.part === 'opens') {
    const crew = crewOf(lanes, lanes[lane]!);
    return [`  Note over ${across(crew[0] ?? lane, crew.at(-1) ?? lane)}: ${said}`];
  }
  const [source] = barrier === undefined ? sources : [];
  return [source === undefined ? `  Note over ${idOf(lane)}: ${said}` : `  ${idOf(steps[source]!.lane)}->>${idOf(lane)}: ${said}`];
};

const crewOf = (lanes: readonly Lane[], { process }: Lane): readonly number[] => lanes.flatMap((lane, at) => (lane.process === process && lane.thread > 0 ? [at] : []));

const idOf = (lane: number): string => `p${lane}`;
const across = (from: number, to: number): string => (from === to ? idOf(from) : `${idOf(from)},${idOf(to)}`);

/** Text without what Mermaid reads as its own. */
const plain = (text: string): string => text.replace(/[;#%\n\r{}<>]/g, ' ').replace(/\s+/g, ' ').trim().slice(0, 120);
