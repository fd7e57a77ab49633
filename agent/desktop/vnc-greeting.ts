// RFC 6143 §§7.1–7.3 as a client: version, security, ClientInit, ServerInit. Bytes are taken one field at a time, so
// that nothing of what follows ServerInit is consumed.
import type { Socket } from 'node:net';
import { Refusal } from '#protocol/codes.ts';
import type { Size } from '#protocol/inner/screen/rectangle.ts';
import { type FieldReader, readFields } from './vnc-fields.ts';
import { answerChallenge, VNC_CHALLENGE_BYTES } from './vnc-password.ts';

const SECURITY_NONE = 1;
const SECURITY_VNC = 2;
const VERSION_BYTES = 12;
/** width u16, height u16, pixel format 16, length of the name u32. */
const SERVER_INIT_BYTES = 24;
const NAME_MAX_BYTES = 4_096;
/** Somebody on the LGWAN side may be looking too; it is not ours to throw them out. */
const SHARED = 1;

/**
 * @param socket connected, paused and without a 'data' listener; left so, right behind ServerInit
 * @param password 1 to 8 bytes; null if there is none
 * @returns the size that ServerInit says; not yet checked
 * @throws DESKTOP_UNREACHABLE for anything that is no VNC server, and for one that does not let us in
 */
export async function greet(socket: Socket, password: Uint8Array | null): Promise<Size> {
  const server = readFields(socket);
  try {
    return await converse(server, (answer) => socket.write(answer), password);
  } finally {
    server.release();
  }
}

type Say = (answer: Uint8Array) => void;

async function converse(server: FieldReader, say: Say, password: Uint8Array | null): Promise<Size> {
  const minor = await agreeOnVersion(server, say);
  const security = minor === 3 ? await securityOfServer(server) : await chooseSecurity(server, say, password !== null);
  if (security === SECURITY_VNC) await authenticate(server, say, password);
  // RFB 3.7 and older say nothing after None
  if (security === SECURITY_VNC || minor === 8) await requireAdmission(server);
  say(Uint8Array.of(SHARED));
  const init = await server.take(SERVER_INIT_BYTES);
  const nameBytes = init.readUInt32BE(20);
  if (nameBytes > NAME_MAX_BYTES) throw unreachable('a name that is too long');
  await server.take(nameBytes);
  return { width: init.readUInt16BE(0), height: init.readUInt16BE(2) };
}

const unreachable = (detail: string) => new Refusal('DESKTOP_UNREACHABLE', `VNC server: ${detail}`);

/** @returns the minor version we speak: 3, 7 or 8. Versions in between mean 3.3, later ones 3.8 (RFC 6143 §7.1.1). */
async function agreeOnVersion(server: FieldReader, say: Say): Promise<3 | 7 | 8> {
  const line = (await server.take(VERSION_BYTES)).toString('latin1');
  const [, major, minor] = /^RFB (\d{3})\.(\d{3})\n$/.exec(line) ?? [];
  if (major === undefined || Number(major) < 3) throw unreachable('does not speak RFB');
  const spoken = Number(major) > 3 || Number(minor) >= 8 ? 8 : Number(minor) === 7 ? 7 : 3;
  say(Buffer.from(`RFB 003.00${spoken}\n`, 'latin1'));
  return spoken;
}

/** RFB 3.3: the server decides. */
async function securityOfServer(server: FieldReader): Promise<number> {
  const security = (await server.take(4)).readUInt32BE(0);
  if (security !== SECURITY_NONE && security !== SECURITY_VNC) throw unreachable('asks for a security type we lack');
  return security;
}

async function chooseSecurity(server: FieldReader, say: Say, havePassword: boolean): Promise<number> {
  const count = (await server.take(1)).readUInt8(0);
  if (count === 0) throw unreachable('refused the connection');
  const offered = await server.take(count);
  const wanted = havePassword ? [SECURITY_VNC, SECURITY_NONE] : [SECURITY_NONE, SECURITY_VNC];
  const chosen = wanted.find((security) => offered.includes(security));
  if (chosen === undefined) throw unreachable('offers no security type we have (None, VNC password)');
  say(Uint8Array.of(chosen));
  return chosen;
}

async function authenticate(server: FieldReader, say: Say, password: Uint8Array | null): Promise<void> {
  const challenge = await server.take(VNC_CHALLENGE_BYTES);
  if (!password) throw unreachable('asks for a password; set passwordFile');
  say(answerChallenge(password, challenge));
}

/** SecurityResult. The reason text of the server is not read: it goes nowhere. */
async function requireAdmission(server: FieldReader): Promise<void> {
  if ((await server.take(4)).readUInt32BE(0) !== 0) throw unreachable('did not accept the password');
}
