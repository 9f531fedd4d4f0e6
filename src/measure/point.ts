/**
 * One run of one point of a figure, raw, in a file of its own: what was asked, on what, and what was seen. What a cost model
 * has simulated is kept in the same form, and says so by its `kind`.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { decoder, reader, writer } from './files.js';
import { natural, quantity } from './quantities.js';
import { Experiment, Machine, Run, UNITS, Versions } from './result.js';

export const POINT = 'opt-psmr/point/1';

/** The experiments of the paper: its figures 3, 4 and 5. */
export type PaperExperiment = 'failed-commands' | 'dependent-commands' | 'threads';

/** And how cost grows, beyond them. */
export type ExperimentName = PaperExperiment | 'growth';

export type Kind = 'measured' | 'simulated';

export type Point = {
  readonly format: typeof POINT;
  readonly kind: Kind;
  readonly experiment: ExperimentName;
  /** The step of the load, from 1, where the load is what varies; else 0. */
  readonly step: number;
  /** Which of the runs that are repeated, from 1. */
  readonly repeat: number;
  readonly versions: Versions;
  /** Of a simulation: the machine whose costs it took, with the cores that it gave to each process. */
  readonly machine: Machine;
  readonly parameters: Experiment;
  /** The unit of every number here, by its name. */
  readonly units: typeof UNITS;
  /** How the load was found that saturates: throughput, Kcps, by commands in flight. Empty where the load was given. */
  readonly probes: readonly Probe[];
  /** What a simulation was told: every cost by its name. `null` where nothing is simulated. */
  readonly model: Readonly<Record<string, number | string>> | null;
  readonly run: Run;
};

export type Probe = { readonly inFlight: number; readonly throughput: number };

const ExperimentName: t.Type<ExperimentName, unknown> = t.keyof({ 'failed-commands': null, 'dependent-commands': null, threads: null, growth: null });

const Point: t.Type<Point, unknown> = t.strict({
  format: t.literal(POINT),
  kind: t.keyof({ measured: null, simulated: null }),
  experiment: ExperimentName,
  step: natural,
  repeat: natural,
  versions: Versions,
  machine: Machine,
  parameters: Experiment,
  units: t.record(t.string, t.string),
  probes: t.readonlyArray(t.strict({ inFlight: natural, throughput: quantity })),
  model: t.union([t.null, t.record(t.string, t.union([t.number, t.string]))]),
  run: Run,
});

export const decodePoint = decoder(Point);
export const readPoint = reader(decodePoint);
/** Writes a point whole or not at all. */
export const writePoint = writer(decodePoint);

/** What ends the name of a point's file: a directory may hold other things as well. */
export const ENDING = '.point.json';

/** All points in a directory and those in it, by file; or why one cannot be read. */
export const pointsIn = (directory: string): E.Either<string, ReadonlyMap<string, Point>> => {
  const names = E.tryCatch(() => readdirSync(directory, { recursive: true, encoding: 'utf8' }), (error) => `${directory}: ${(error as Error).message}`);
  if (E.isLeft(names)) return names;
  const points = new Map<string, Point>();
  for (const file of names.right.filter((name) => name.endsWith(ENDING)).sort().map((name) => join(directory, name))) {
    const point = readPoint(file);
    if (E.isLeft(point)) return point;
    points.set(file, point.right);
  }
  return E.right(points);
};
