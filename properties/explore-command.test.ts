/** `psmr explore` and `psmr walk`, as people run them. */

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Report } from '../src/check/explore/report.js';

const CLI = 'dist/src/cli.js';
const psmr = (...args: readonly string[]) => spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
const json = (...args: readonly string[]): Report => JSON.parse(psmr(...args, '--json').stdout) as Report;

const folder = mkdtempSync(join(tmpdir(), 'psmr-explore-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('psmr explore', () => {
  it('prints the counts of a model as JSON', () => {
    expect(json('explore', 'two-phase-commit', '--size', '3')).toMatchObject({ model: 'two-phase-commit', size: 3, distinct: 288, generated: 1146, depth: 11, complete: true, violations: [] });
    expect(json('explore', 'two-phase-commit', '--size', '9', '--symmetry')).toMatchObject({ distinct: 2232 });
    expect(json('explore', 'lamport-paxos', '--dfs')).toMatchObject({ distinct: 3921, order: 'depth-first' });
  });

  it('says the same for people, with how often each action and clause was met', () => {
    const { stdout, status } = psmr('explore', 'two-phase-commit', '--size', '3');
    expect(status).toBe(0);
    expect(stdout).toMatch(/288 distinct of 1146 generated · depth 11/);
    expect(stdout).toMatch(/chance of a fingerprint collision/);
    expect(stdout).toMatch(/hears of the commit +8 +24 +7/);
  });

  it('finds the same in several threads', () => {
    for (const args of [
      ['lamport-paxos', '--size', '3'],
      ['two-phase-commit', '--size', '6', '--max-depth', '9'],
      ['ring', '--size', '2'],
    ]) {
      const [one, two] = ['1', '2'].map((threads) => {
        const { distinct, generated, depth, end, outDegree, clauses } = json('explore', ...args, '--threads', threads);
        return { distinct, generated, depth, end, outDegree, clauses };
      });
      expect(two).toEqual(one);
    }
  });

  it('lists the models when none is named, and names them when an unknown one is', () => {
    expect(psmr('explore').stdout).toMatch(/^ring: /m);
    expect(psmr('explore', 'rin')).toMatchObject({ status: 1, stderr: expect.stringMatching(/'rin' is none of two-phase-commit, .*ring/) });
    expect(psmr('explore', 'ring', '--size', '50')).toMatchObject({ status: 1, stderr: expect.stringMatching(/--size 50: ring goes up to/) });
    expect(psmr('explore', 'ring', '--symmetry')).toMatchObject({ status: 1, stderr: expect.stringMatching(/no parts that are alike/) });
  });

  it('says by its status that not every state was seen', () => {
    expect(psmr('explore', 'two-phase-commit', '--max-states', '1000')).toMatchObject({ status: 2, stdout: expect.stringMatching(/ended at the bound on states/) });
  });

  it('prints what it has found so far at Ctrl-C', async () => {
    const search = spawn(process.execPath, [CLI, 'explore', 'two-phase-commit', '--size', '12', '--json'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const output: string[] = [];
    search.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
    setTimeout(() => search.kill('SIGINT'), 1500);
    const status = await new Promise((resolve) => search.once('close', resolve));
    expect(status).toBe(130);
    expect(JSON.parse(output.join(''))).toMatchObject({ end: 'interrupted', complete: false });
  });
});

describe('psmr walk', () => {
  it('walks at random, the same way from the same seed', () => {
    const told = (seed: string): unknown => {
      const { seconds: _, ...rest } = JSON.parse(psmr('walk', 'ring', '--size', '4', '--seed', seed, '--runs', '50', '--json').stdout) as { readonly seconds: number };
      return rest;
    };
    expect(told('5')).toEqual(told('5'));
    expect(told('5')).not.toEqual(told('6'));
  });

  it('walks a run that was saved, and says what is wrong with a file', () => {
    const file = join(folder, 'run.json');
    writeFileSync(file, JSON.stringify({ clause: 'some clause', model: 'two-phase-commit', size: 3, start: 0, choices: [0, 1] }));
    expect(psmr('walk', '--replay', file)).toMatchObject({ status: 0, stdout: expect.stringMatching(/it broke some clause once/) });
    writeFileSync(file, JSON.stringify({ clause: 'some clause', model: 'two-phase-commit', size: 3, start: 0, choices: [0, 99] }));
    expect(psmr('walk', '--replay', file)).toMatchObject({ status: 1, stderr: expect.stringMatching(/step 2: choice 99 is not one of/) });
    writeFileSync(file, JSON.stringify({ clause: 'some clause', model: 'two-phase-commit', size: 'x', start: 0, choices: [] }));
    expect(psmr('walk', '--replay', file)).toMatchObject({ status: 1, stderr: expect.stringMatching(/run\.json: size: expected/) });
    expect(readFileSync(file, 'utf8')).toContain('"x"');
  });
});
