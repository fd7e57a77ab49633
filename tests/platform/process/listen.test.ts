import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { listen } from '#platform/process/listen.ts';

describe('a listener', () => {
  it('takes any free port for 0 and names it; the second on a port is refused in one line', async () => {
    const first = createServer();
    const port = await listen(first, { host: '127.0.0.1', port: 0 });
    expect(port).toBeGreaterThan(0);
    await expect(listen(createServer(), { host: '127.0.0.1', port })).rejects.toThrow(
      `port ${port} on 127.0.0.1 is in use by another process`,
    );
    first.close();
  });

  it('is refused on an address that is not of this host', async () => {
    await expect(listen(createServer(), { host: '192.0.2.1', port: 0 })).rejects.toThrow(
      '192.0.2.1 is not an address of this host',
    );
  });
});
