import { EventEmitter } from 'node:events';
import { createServer } from 'node:https';
import { describe, expect, it } from 'vitest';
import { limitConnections } from '#gateway/doors/limits.ts';

const MAX = 2;

class Connection extends EventEmitter {
  readonly remoteAddress: string;
  destroyed = false;
  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }
  destroy() {
    this.destroyed = true;
    this.emit('close');
  }
}

function limited() {
  const server = createServer();
  // What TLS would do with a connection is not asked here.
  server.removeAllListeners('connection');
  limitConnections(server, MAX);
  return (address: string) => {
    const connection = new Connection(address);
    server.emit('connection', connection);
    return connection;
  };
}

describe('connections of one address (T13)', () => {
  it('are refused beyond the limit, whichever addresses of their IPv6 /64 they come from', () => {
    const connect = limited();
    const first = connect('2001:db8:1:2::1');
    expect([first, connect('2001:db8:1:2::2')].map(({ destroyed }) => destroyed)).toEqual([false, false]);
    expect(connect('2001:db8:1:2:ffff::3').destroyed).toBe(true);
    expect(connect('2001:db8:1:3::1').destroyed).toBe(false);
    first.destroy();
    expect(connect('2001:db8:1:2::4').destroyed).toBe(false);
  });

  it('are counted apart for two IPv4 addresses, and together for both forms of one', () => {
    const connect = limited();
    expect(connect('192.0.2.1').destroyed).toBe(false);
    expect(connect('::ffff:192.0.2.1').destroyed).toBe(false);
    expect(connect('192.0.2.1').destroyed).toBe(true);
    expect(connect('192.0.2.2').destroyed).toBe(false);
  });
});
