/** Milliseconds since the epoch by a clock that never steps back: machines count silences by it. */
export const steadyNow = (): number => performance.timeOrigin + performance.now();
