// Run on a host of a test network: tries one TCP connection and prints "connected" or the error's code.
import { connect } from 'node:net';

const [host, port] = process.argv.slice(2) as [string, string];
const socket = connect({ host, port: Number(port), timeout: 3_000 });
const say = (outcome: string) => {
  process.stdout.write(`${outcome}\n`);
  socket.destroy();
};
socket.once('connect', () => say('connected'));
socket.once('timeout', () => say('ETIMEDOUT'));
socket.once('error', (error: NodeJS.ErrnoException) => say(error.code ?? 'error'));
