/** Whatever property fails, in whatever suite, says how to see it fail again; and seed and path of the environment hold for all. */

import * as fc from 'fast-check';
import { commandOfTest, replayed } from './check.js';

fc.configureGlobal({
  ...replayed(),
  reporter: (details) => {
    if (!details.failed) return;
    const replay = `PROPERTY_SEED=${details.seed} PROPERTY_PATH=${details.counterexamplePath ?? ''} ${commandOfTest()}`;
    throw new Error(`${fc.defaultReportMessage(details)}\nto see it again:\n  ${replay}`, { cause: details.errorInstance });
  },
});
