/** The page of all histories that were judged. */
import { pageOf as pageOfTimelines } from '../../check/timeline-html.js';
import type { Finding } from './judged.js';
import { argumentOf, countOf, sceneLine } from './report.js';

export const pageOf = (judged: readonly { readonly file: string; readonly finding: Finding }[]): string =>
  pageOfTimelines(
    judged.map(({ file, finding }) => {
      const title = `${file}: ${finding.type}, ${countOf(finding)}`;
      const timeline = sceneLine(file, finding);
      if (timeline !== undefined) return { ...timeline, title };
      return { title, argument: argumentOf(finding).map((text) => ({ text, operations: [] })), lanes: [], columns: 0 };
    }),
  );
