// Run on a host of the lab: listens on one TCP address, as a desktop that was set up carelessly would. Ends with its stdin.
import { createServer } from 'node:net';

const [host, port] = process.argv.slice(2) as [string, string];
const server = createServer((socket) => socket.end('RFB 003.008\n'));
server.listen({ host, port: Number(port) }, () => process.stdout.write('{"ready":"open port"}\n'));
process.stdin.resume().once('end', () => process.exit(0));
