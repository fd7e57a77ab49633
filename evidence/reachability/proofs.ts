import { type AnyProof, listed } from '../proof.ts';
import { c1Broker, c2WithoutRules } from './c1-broker.ts';
import { c1Hosts } from './c1-hosts.ts';
import { c1Gateway, c1Internet } from './c1-outside.ts';
import { c1Work } from './c1-work.ts';
import { c2Direction } from './c2-direction.ts';
import { c2Listening } from './c2-listening.ts';
import { c3Broker } from './c3-broker.ts';
import { c3Grammar } from './c3-grammar.ts';
import { c4Zones } from './c4-zones.ts';
import { d1Wire } from './d1-wire.ts';
import { j5Peers } from './j5-peers.ts';
import { j5Start } from './j5-start.ts';

export const reachabilityProofs: readonly AnyProof[] = [
  listed(c1Hosts),
  listed(c1Internet),
  listed(c1Gateway),
  listed(c1Broker),
  listed(c2WithoutRules),
  listed(c2Listening),
  listed(c2Direction),
  listed(c3Grammar),
  listed(c3Broker),
  listed(c4Zones),
  listed(d1Wire),
  listed(j5Peers),
  listed(j5Start),
  // Last: after the attacks.
  listed(c1Work),
];
