// In this order: the reconnection starts the gateway anew, and so does the last.
import { type AnyProof, listed } from '../proof.ts';
import { failures } from './failures.ts';
import { flat } from './flat.ts';
import { handshakeFlood } from './handshake-flood.ts';
import { malformed } from './malformed.ts';
import { massReconnect } from './reconnect.ts';
import { slowReader } from './slow-reader.ts';
import { whoDoesNotGoOn } from './who-does-not-go-on.ts';

export const edgeProofs: readonly AnyProof[] = [
  listed(malformed),
  listed(handshakeFlood),
  listed(whoDoesNotGoOn),
  listed(slowReader),
  listed(flat),
  listed(massReconnect),
  listed(failures),
];
