/** Time-lines: nothing overlaps, nothing is lost, and what is concurrent looks so. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pageOf } from '../src/check/timeline-html.js';
import { textLines } from '../src/check/timeline-text.js';
import { timelineOf, type Shown } from '../src/check/timeline.js';

const operations: fc.Arbitrary<readonly Shown[]> = fc
  .array(
    fc.record({ process: fc.constantFrom('process 1', 'process 2', 'process 10'), call: fc.nat({ max: 20 }), lasts: fc.oneof(fc.nat({ max: 9 }), fc.constant(null)), says: fc.constantFrom('read → 1', 'write 2, never answered') }),
    { minLength: 1, maxLength: 9 },
  )
  .map((drawn) => drawn.map(({ process, call, lasts, says }, id) => ({ id, process, call, return: lasts === null ? null : call + 1000 * lasts, says })));

describe('a time-line', () => {
  it('shows every operation once, and none on top of another', () =>
    fc.assert(
      fc.property(operations, (some) => {
        const { lanes, columns } = timelineOf(some, '', []);
        expect(lanes.flatMap(({ bars }) => bars.map(({ id }) => id)).sort((a, b) => a - b)).toEqual(some.map(({ id }) => id));
        for (const { bars } of lanes) {
          expect(bars.slice(1).every(({ from }, i) => bars[i]!.to !== null && bars[i]!.to < from)).toBe(true);
          expect(bars.every(({ from, to }) => from < (to ?? columns))).toBe(true);
        }
      }),
    ));

  it('puts one operation before another exactly where real time does', () =>
    fc.assert(
      fc.property(operations, (some) => {
        const bars = new Map(timelineOf(some, '', []).lanes.flatMap((lane) => lane.bars).map((bar) => [bar.id, bar]));
        for (const a of some)
          for (const b of some) {
            const [before, after] = [bars.get(a.id)!, bars.get(b.id)!];
            expect(before.to !== null && before.to < after.from).toBe(a.return !== null && a.return < b.call);
          }
      }),
    ));

  it('numbers what its argument names, by call, and says it in words', () => {
    const [first, second, third] = [operation(7, 5, 9), operation(8, 1, 6), operation(9, 2, 3)];
    const { argument, lanes } = timelineOf([first, second, third], '', ['{7} is not {8}.'], []);
    expect(argument).toEqual([{ text: '#2 (says 7) is not #1 (says 8).', operations: [7, 8] }]);
    expect(Object.fromEntries(lanes.flatMap(({ bars }) => bars.map(({ id, number }) => [id, number])))).toEqual({ 7: 2, 8: 1, 9: null });
  });

  it('has lanes of text, as wide as they may be and no wider', () =>
    fc.assert(
      fc.property(operations, fc.integer({ min: 20, max: 200 }), (some, width) => {
        const timeline = timelineOf(some, '', [], some.map(({ id }) => id));
        const lines = textLines(timeline, width);
        if (lines === undefined) {
          expect(width).toBeLessThan(80);
          return;
        }
        expect(lines).toHaveLength(timeline.lanes.length);
        expect(lines.every((line) => line.length <= width)).toBe(true);
        for (let number = 1; number <= some.length; number += 1) expect(lines.join('\n')).toContain(`#${number}`);
      }),
    ));

  it('is drawn so', () => {
    const drawn = textLines(timelineOf([operation(1, 0, 4), operation(2, 1, null), operation(3, 900, 901)], '', ['{1} {2} {3}']), 60);
    expect(drawn).toEqual(['process 1  ├───#1────┤', 'process 2       ├─────────#2─────────┄┄┄', 'process 3                 ├─#3─┤']);
  });
});

describe('a page', () => {
  it('needs nothing but itself, and takes no word for markup', () => {
    const nasty = `<script>alert("&'")</script>`;
    const page = pageOf([timelineOf([{ ...operation(1, 0, 1), says: nasty, process: nasty }, operation(2, 0, null)], nasty, [`{1} ${nasty}`])]);
    expect(page).not.toContain('alert("');
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).not.toMatch(/(?:src|href)=|url\((?!#)|@import|https?:/);
    expect(page).toContain('prefers-color-scheme: dark');
  });

  it('leads from each step of the argument to its operations', () => {
    const page = pageOf([timelineOf([operation(4, 0, 1), operation(5, 0, null)], 'title', ['{4} before {5}.', 'Hence.'])]);
    expect(page).toContain('<li tabindex="0" data-operations="4 5"><b>#1</b> (says 4) before <b>#2</b> (says 5).</li>\n<li>Hence.</li>');
    for (const id of [4, 5]) expect(page).toMatch(new RegExp(`<g class="bar" data-operation="${id}"`));
  });
});

function operation(id: number, call: number, end: number | null): Shown {
  return { id, process: `process ${id}`, call, return: end, says: `says ${id}` };
}
