// End-to-end secrecy: ciphertext only in the middle, hostile relays, keys, grammar, watermark, logs. What disturbs the system
// stands behind what does not.
import { listed } from '../proof.ts';
import { bitFlipsProof } from './bit-flips.ts';
import { ciphertextProof, recordingProof } from './ciphertext.ts';
import { covertChannelProof } from './covert-channel.ts';
import { grammarProof } from './grammar.ts';
import { hostileBrokerProof } from './hostile-broker-proof.ts';
import { hostileGatewayProof } from './hostile-gateway-proof.ts';
import { keysProof } from './keys.ts';
import { logsProof } from './logs.ts';
import { watermarkProof } from './watermark.ts';

export const secrecyProofs = [
  listed(ciphertextProof),
  listed(recordingProof),
  listed(logsProof),
  listed(watermarkProof),
  listed(grammarProof),
  listed(keysProof),
  listed(bitFlipsProof),
  listed(hostileBrokerProof),
  listed(hostileGatewayProof),
  listed(covertChannelProof),
];
