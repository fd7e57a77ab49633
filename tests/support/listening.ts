// Run on a host of a test network: prints the TCP sockets that listen there on any address but loopback, as JSON.
import { readFileSync } from 'node:fs';

const LISTEN = '0A';
const LOOPBACK = /^(?:0100007F|00000000000000000000000001000000):/;

const listening = ['/proc/self/net/tcp', '/proc/self/net/tcp6'].flatMap((table) =>
  readFileSync(table, 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([, local = '', , state]) => (state === LISTEN && !LOOPBACK.test(local) ? [local] : [])),
);
process.stdout.write(`${JSON.stringify(listening)}\n`);
