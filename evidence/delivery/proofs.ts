import { type AnyProof, listed } from '../proof.ts';
import { vulnerabilityHandling } from './advisories.ts';
import { offline } from './offline.ts';
import { reproduciblePackage } from './package.ts';
import { guideConditions, papers } from './papers.ts';
import { posture } from './posture.ts';
import { billOfMaterials } from './sbom.ts';
import { servedPage } from './served-page.ts';
import { threatModel } from './threat-model.ts';

export const deliveryProofs: readonly AnyProof[] = [
  listed(billOfMaterials),
  listed(posture),
  listed(guideConditions),
  listed(reproduciblePackage),
  listed(servedPage),
  listed(vulnerabilityHandling),
  listed(papers),
  listed(threatModel),
  listed(offline),
];
