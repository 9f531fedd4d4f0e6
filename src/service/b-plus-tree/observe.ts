/** Told of every node that a check or an execution looks at or writes in, in that order. */
export type Observe = (node: number, mode: 'read' | 'write') => void;

export const ignore: Observe = () => {};
