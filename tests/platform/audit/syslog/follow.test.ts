import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Link, sealLine } from '#platform/audit/line.ts';
import { BEGINNING, Follower } from '#platform/audit/syslog/follow.ts';
import { Position } from '#platform/audit/syslog/position.ts';
import { Failure } from '#platform/process/exit.ts';

describe('following an audit log across its files', () => {
  let folder: string;
  let files: string[];
  let last: Link;
  let links: Link[];
  let follower: Follower;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tw-follow-'));
    files = [];
    last = BEGINNING;
    links = [];
    follower = new Follower(current(), () => files);
    begin();
  });
  afterEach(async () => {
    await follower.close();
    rmSync(folder, { recursive: true });
  });

  const current = () => join(folder, 'audit.jsonl');

  /** The file that grows gets another name, and a new one its name. */
  function rotate(): void {
    const closed = join(folder, `audit-${String(files.length).padStart(3, '0')}.jsonl`);
    renameSync(current(), closed);
    files[files.length - 1] = closed;
    begin();
  }

  function begin(): void {
    writeFileSync(current(), '');
    files.push(current());
  }

  function write(count = 1): void {
    for (let i = 0; i < count; i++) {
      const content = { time: '2026-04-01T00:00:00.000Z', source: 'broker', event: 'checkpoint', fields: {} };
      const sealed = sealLine(last, content);
      appendFileSync(current(), sealed.line);
      last = sealed.link;
      links.push(last);
    }
  }

  async function readAll(): Promise<number[]> {
    const read: number[] = [];
    for (let event = await follower.next(); event; event = await follower.next()) read.push(event.line.sequence);
    return read;
  }

  it('reads what is there and what comes later, each event once', async () => {
    write(3);
    expect(await readAll()).toEqual([1, 2, 3]);
    expect(await readAll()).toEqual([]);
    write(2);
    expect(await readAll()).toEqual([4, 5]);
  });

  it('misses nothing however writing, closing files and reading are mixed', async () => {
    const step = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom('rotate' as const, 'read' as const));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const before = last.sequence;
        await follower.seek(last);
        const read: number[] = [];
        for (const one of steps) {
          if (one === 'rotate') rotate();
          else if (one === 'read') read.push(...(await readAll()));
          else write(one);
        }
        read.push(...(await readAll()));
        expect(read).toEqual(links.slice(before).map(({ sequence }) => sequence));
      }),
      { numRuns: 40 },
    );
  });

  it('goes behind any event of any file, also when the file before is gone', async () => {
    write(4);
    rotate();
    write(4);
    rotate();
    write(2);
    for (const [index, link] of links.entries()) {
      await follower.seek(link);
      expect(await readAll()).toEqual(links.slice(index + 1).map(({ sequence }) => sequence));
    }
    files.shift();
    await follower.seek(links[3] as Link);
    expect(await readAll()).toEqual([5, 6, 7, 8, 9, 10]);
    await follower.seek(BEGINNING);
    expect(await readAll()).toEqual([5, 6, 7, 8, 9, 10]);
  });

  it('goes back to a place, also after the file got another name', async () => {
    write(3);
    await follower.next();
    const place = (await follower.next())?.place;
    if (!place) throw new Error('no event');
    expect(await readAll()).toEqual([3]);
    rotate();
    write(2);
    await follower.rewind(place);
    expect(await readAll()).toEqual([3, 4, 5]);
    await follower.rewind(place);
    expect(await readAll()).toEqual([3, 4, 5]);
    const size = files.reduce((sum, path) => sum + readFileSync(path).length, 0);
    expect(await follower.bytesBehind(place)).toBe(size - place.offset);
  });

  it('finds no event in a log that was cut or written anew', async () => {
    write(5);
    const cut = links[4] as Link;
    truncateSync(current(), 700);
    await expect(follower.seek(cut)).rejects.toThrow('event 5 is not in the audit log as it was sent to the collector');
    await expect(follower.seek({ ...cut, sequence: 1 })).rejects.toThrow(Failure);
  });

  it.each([
    ['a changed line', (line: string) => line.replace('checkpoint', 'checkpoinz')],
    ['a line taken out', () => ''],
    [
      'a line of another chain',
      () => sealLine(BEGINNING, { time: '2026-04-01T00:00:00.000Z', source: 'x', event: 'y', fields: {} }).line,
    ],
    ['a line without end', () => 'x'.repeat(100_000)],
  ])('hands out nothing after %s', async (_, change) => {
    write(5);
    const lines = readFileSync(current(), 'utf8').split(/(?<=\n)/);
    lines[2] = change(lines[2] as string);
    writeFileSync(current(), lines.join(''));
    expect((await follower.next())?.line.sequence).toBe(1);
    expect((await follower.next())?.line.sequence).toBe(2);
    await expect(follower.next()).rejects.toThrow(/does not verify after event 2; nothing that follows is sent/);
  });

  it('waits for the end of a half line, also when it is taken back and written otherwise', async () => {
    write(1);
    const size = readFileSync(current()).length;
    appendFileSync(current(), '{"sequence":2,"time":"20');
    expect(await readAll()).toEqual([1]);
    truncateSync(current(), size);
    write(2);
    expect(await readAll()).toEqual([2, 3]);
  });
});

describe('the position in the log', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tw-position-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const link = { sequence: 7, digest: 'ab'.repeat(32) };

  it('is kept for its collector; another one gets the log from its beginning', () => {
    const path = join(folder, 'position.json');
    expect(new Position(path, 'soc:6514').read()).toEqual(BEGINNING);
    new Position(path, 'soc:6514').write(link);
    expect(new Position(path, 'soc:6514').read()).toEqual(link);
    expect(new Position(path, 'other:6514').read()).toEqual(BEGINNING);
  });

  it.each(['', '{}', '{"collector":"soc:6514","sequence":-1,"digest":"00"}', 'null'])(
    'is not guessed from "%s"',
    (text) => {
      const path = join(folder, 'position.json');
      writeFileSync(path, text);
      expect(() => new Position(path, 'soc:6514').read()).toThrow(/not a position in the audit log; remove it/);
      expect(() => new Position(folder, 'soc:6514').read()).toThrow(/cannot be read \(EISDIR\)/);
    },
  );
});
