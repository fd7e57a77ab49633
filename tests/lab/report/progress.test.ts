import { describe, expect, it } from 'vitest';
import { progressOn } from '#lab/report/progress.ts';

function stream(isTTY: boolean) {
  let text = '';
  const write = (more: string) => {
    text += more;
    return true;
  };
  return { stream: { isTTY, write } as unknown as NodeJS.WriteStream, said: () => text };
}

describe('the progress of a run', () => {
  it('is one line on a terminal, which a shorter one covers and the end leaves empty', () => {
    const { stream: terminal, said } = stream(true);
    const progress = progressOn(terminal, false);
    progress.at('fill', '10Mbps × 20: full', 0.25);
    progress.at('fill', 'done', 0.5);
    progress.end();
    const lines = said().split('\r').slice(1);
    expect(lines[0]).toBe(`[${'#'.repeat(6)}${'.'.repeat(18)}] 25 % fill: 10Mbps × 20: full`);
    expect(lines[1]).toHaveLength((lines[0] as string).length);
    expect(lines[2]?.trim()).toBe('');
    expect(said().endsWith('\r'), 'what is printed next begins on the left').toBe(true);
    expect(said()).not.toContain('\n');
  });

  it('never wraps', () => {
    const { stream: terminal, said } = stream(true);
    progressOn(Object.assign(terminal, { columns: 40 }), false).at('fill', 'x'.repeat(100), 0);
    expect(said()).toHaveLength(1 + 39);
  });

  it('is a line for each scenario where nobody watches', () => {
    const { stream: log, said } = stream(false);
    const progress = progressOn(log, false);
    progress.at('fill', 'half', 0.5);
    progress.done('fill');
    progress.end();
    expect(said()).toBe('fill: done\n');
  });

  it.each([true, false])('is nothing for a script (terminal: %s)', (isTTY) => {
    const { stream: any, said } = stream(isTTY);
    const progress = progressOn(any, true);
    progress.at('fill', 'half', 0.5);
    progress.done('fill');
    progress.end();
    expect(said()).toBe('');
  });
});
