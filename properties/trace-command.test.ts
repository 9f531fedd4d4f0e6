/** `psmr trace` over real processes: what they did under each technique is recorded and judged, and what was changed is found. */

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../src/trace/report.js';
import { newFolder, psmr, tidy, type Ended } from './arbitraries/processes.js';
import { checkTexts } from './arbitraries/traces.js';

const TECHNIQUES = ['smr', 'p-smr', 'opt-psmr'];

let folder: string;
beforeAll(async () => {
  folder = join(newFolder(), 'traces');
  expect(await psmr(['trace', 'record', folder, '--seconds', '1'])).toMatchObject({ status: 0 });
});
afterAll(tidy);

const reportsOf = ({ stdout }: Ended): readonly (Report & { readonly name: string })[] => JSON.parse(stdout) as never;

/** A copy of a trace in which some text is another one. */
const copy = (change: (file: string, text: string) => string | Uint8Array | undefined, ending = '.gz'): string => {
  const to = newFolder();
  for (const file of readdirSync(join(folder, 'opt-psmr'))) {
    const content = change(file, readFileSync(join(folder, 'opt-psmr', file), 'utf8'));
    if (content !== undefined) writeFileSync(join(to, typeof content === 'string' ? file : `${file}${ending}`), content);
  }
  return to;
};

/** What zstd makes of bytes that it cannot make shorter: a frame of blocks as they are. */
const zstdOf = (bytes: Buffer): Uint8Array => {
  const blocks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 2 ** 16) {
    const block = bytes.subarray(at, at + 2 ** 16);
    const header = block.length * 8 + Number(at + 2 ** 16 >= bytes.length);
    blocks.push(Buffer.from([header & 0xff, (header >> 8) & 0xff, header >> 16]), block);
  }
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x58]), ...blocks]);
};

describe('what real processes did', () => {
  it('is that of correct machines, under each technique', async () => {
    const ended = await psmr(['trace', 'check', '--json', folder]);
    expect(ended.status).toBe(0);
    const reports = reportsOf(ended);
    expect(reports.map(({ name }) => name.split('/').at(-1)).sort()).toEqual([...TECHNIQUES].sort());
    for (const report of reports) {
      expect(report).toMatchObject({ verdict: 'ok', history: 'ok', level: 'execution', unmatched: 0, cut: [], violations: [] });
      expect(report.operations).toBeGreaterThan(20);
      expect(report.events).toBeGreaterThan(1000);
    }
  });

  it('is told in words', async () => {
    const { stdout, status } = await psmr(['trace', 'check', '--clauses', join(folder, 'opt-psmr')]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/opt-psmr: ok, [\d,]+ events of protocol and execution in 10 files/);
    expect(stdout).toMatch(/[\d,]+ operations of clients: linearizable/);
    expect(stdout).toContain('holds  CON-8: no two processes learn different values for one instance');
  });

  it('may be compressed, and end in half a line', async () => {
    const zipped = await psmr(['trace', 'check', '--json', copy((_, text) => gzipSync(text))]);
    expect(reportsOf(zipped)).toMatchObject([{ verdict: 'ok', unmatched: 0 }]);
    const framed = await psmr(['trace', 'check', '--json', copy((_, text) => zstdOf(Buffer.from(text)), '.zst')]);
    expect(reportsOf(framed)).toMatchObject([{ verdict: 'ok', unmatched: 0, events: reportsOf(zipped)[0]!.events }]);
    const cut = await psmr(['trace', 'check', '--json', copy((file, text) => (file === 'a2.0.ndjson' ? text.slice(0, Math.floor(text.length * 0.7)) : text))]);
    expect(reportsOf(cut)).toMatchObject([{ verdict: 'ok', cut: [expect.stringContaining('a2.0.ndjson')] }]);
    expect(reportsOf(cut)[0]!.unmatched).toBeGreaterThan(0);
  });

  describe('is believed as far as it can be, where somebody was killed or has no trace:', () => {
    const files = (): readonly (readonly [string, string])[] =>
      readdirSync(join(folder, 'opt-psmr')).map((file) => [file, readFileSync(join(folder, 'opt-psmr', file), 'utf8')]);

    it.each(['a1', 'a2', 'a3', 'r1.0.n', 'r1.0.t1', 'r2.0.t2', 'client'])('%s', (victim) => {
      const others = files().filter(([file]) => !file.startsWith(victim)).map(([, text]) => text);
      expect(others).toHaveLength(9);
      const [, whole] = files().find(([file]) => file.startsWith(victim))!;
      for (const part of [0, 0.013, 0.37, 0.71, 0.99]) {
        const cut = whole.slice(0, Math.max(whole.indexOf('\n') + 1, Math.floor(whole.length * part)));
        const { verdict, found, violations } = checkTexts(part === 0 ? others : [...others, cut]);
        expect({ part, verdict, found, violations }).toEqual({ part, verdict: 'ok', found: undefined, violations: [] });
      }
    });
  });
});

describe('psmr trace check', () => {
  it('names file, line, field and clause of the first thing that is wrong, and ends with 1', async () => {
    const bad = copy((file, text) => (file === 'r1.0.t1.ndjson' ? text.replace(/(\/Executed\/\d+\/)(\d+)/, (_, before: string, slot: string) => `${before}${Number(slot) + 1}`) : text));
    const { stdout, status } = await psmr(['trace', 'check', bad]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/broken.*\n.*r1\.0\.t1\.ndjson: line \d+: effects\[0\]\.replies\[0\]\n +against TRC-2.*\n +expected .*\/Executed.*\n +found .*\/Executed/);
  });

  it('finds what one process says it received and no other has sent', async () => {
    const line = /\n.*"message":\{"type":"Decision".*/;
    const bad = copy((file, text) => (file === 'a3.0.ndjson' ? text.replace(line, (one) => one.replace(/"instance":\d+/, '"instance":123456')) : text));
    const [report] = reportsOf(await psmr(['trace', 'check', '--json', bad]));
    expect(report).toMatchObject({ verdict: 'broken', found: { file: expect.stringContaining('a3.0.ndjson') } });
    expect(report!.found!.clause).toMatch(/^TRC-[123]/);
  });

  it('names a replica that it could not execute to the end', async () => {
    const parts = copy((file, text) => (file === 'r2.0.t2.ndjson' ? undefined : text));
    expect(reportsOf(await psmr(['trace', 'check', '--json', parts]))).toMatchObject([{ verdict: 'ok', abandoned: ['r2, life 0'] }]);
    expect((await psmr(['trace', 'check', parts])).stdout).toContain('r2, life 0: not executed behind a barrier');
  });

  it.each([
    [['check', '--bogus', 'x'], /unknown option '--bogus' \(try psmr trace check --help\)/],
    [['check'], /missing required argument/],
    [['show', 'nowhere'], /nowhere: no such file/],
    [['show', 'FOLDER', '--html', 'x.html', '--ring', '1'], /--html: a page holds the whole trace/],
    [['show', 'FOLDER', '--ring', '9'], /^psmr: none of [\d,]+ steps is what --from, --to, --command and --ring ask for$/m],
  ])('%j is refused with 3', async (args, reason) => {
    const { status, stderr } = await psmr(['trace', ...args.map((one) => (one === 'FOLDER' ? join(folder, 'opt-psmr') : one))]);
    expect(stderr).toMatch(reason);
    expect(status).toBe(3);
  });

  it.each([
    ['nothing there', () => join(folder, 'nowhere'), /nowhere: no such file/],
    ['no trace in it', () => newFolder(), /no \.ndjson file/],
    ['no header', () => copy((_, text) => text.slice(text.indexOf('\n') + 1)), /line 1: not the header of a trace/],
    ['what is no gzip', () => copy(() => new Uint8Array(20)), /\.gz: /],
    ['half of what was compressed', () => copy((_, text) => gzipSync(text).subarray(0, 999)), /\.gz: cannot be read: unexpected end of file/],
  ])('says so where there is %s, and ends with 3', async (_, where, reason) => {
    const { status, stderr } = await psmr(['trace', 'check', where()]);
    expect(stderr).toMatch(reason);
    expect(status).toBe(3);
  });

  it('and record writes into no directory that has something in it', async () => {
    expect(await psmr(['trace', 'record', folder])).toMatchObject({ status: 1, stderr: expect.stringContaining('there is something in it') });
    rmSync(folder, { recursive: true });
  });
});
