// Run on a host of the lab where every address is its own: answers whoever wants to talk to anybody, so that a wish to do so
// gets as far as it can. DNS gets an address for every name; TCP is taken on the usual ports. Ends with its stdin.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** Of the network set aside for benchmarks (RFC 2544): nobody's. */
const ADDRESS = [198, 18, 0, 80];
const TCP_PORTS = [53, 80, 443, 853];

const names = createSocket('udp4');
names.on('message', (question, from) => {
  const answer = answerTo(question);
  if (answer) names.send(answer, from.port, from.address);
});
await new Promise<void>((resolve) => names.bind(53, '0.0.0.0', resolve));
for (const port of TCP_PORTS) {
  const server = createServer((socket) => socket.on('error', () => {}).end());
  await new Promise<void>((resolve) => server.listen(port, '0.0.0.0', resolve));
}
process.stdout.write('{"ready":"sink"}\n');
process.stdin.resume().once('end', () => process.exit(0));

/** RFC 1035 §4: the question back, as answered, with one A record; none for another type. @returns null for what is no question */
function answerTo(question: Buffer): Buffer | null {
  const end = question.indexOf(0, 12) + 5;
  if (question.length < 17 || end < 17 || end > question.length) return null;
  const isForAddress = question.readUInt16BE(end - 4) === 1;
  const header = Buffer.from(question.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(isForAddress ? 1 : 0, 6);
  header.writeUInt32BE(0, 8);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...ADDRESS]);
  return Buffer.concat([header, question.subarray(12, end), ...(isForAddress ? [record] : [])]);
}
