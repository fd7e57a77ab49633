// The bill of materials: CycloneDX 1.6 from nothing but the lock file, so the same lock gives the same bytes. npm's own
// `npm sbom` was tried: it writes 1.5, the time, a random number and the name of the folder into it.
import { createHash } from 'node:crypto';
import { nameOf, neededBy } from './lock.mjs';

/**
 * @param lock of scripts/lock.mjs, whole or what a platform gets
 * @returns the document; development packages have the scope "excluded"
 */
export function billOfMaterials({ root, packages }) {
  const own = `pkg:npm/${root.name}@${root.version}`;
  const refs = new Map([...packages].map(([path, entry]) => [path, purlOf(path, entry)]));
  const wanted = (path, entry) => [...new Set(neededBy(path, entry, packages).map((found) => refs.get(found)))].sort();
  const components = new Map([...packages].map(([path, entry]) => [refs.get(path), componentOf(path, entry)]));
  const dependencies = new Map([...packages].map(([path, entry]) => [refs.get(path), wanted(path, entry)]));
  const direct = { dependencies: { ...root.dependencies, ...root.devDependencies }, ...optional(root) };
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      lifecycles: [{ phase: 'pre-build' }],
      component: {
        type: 'application',
        'bom-ref': own,
        name: root.name,
        version: root.version,
        licenses: licensesOf(root.license),
        purl: own,
      },
    },
    components: sorted(components).map(([, component]) => component),
    dependencies: [
      { ref: own, dependsOn: wanted('', direct) },
      ...sorted(dependencies).map(([ref, dependsOn]) => ({ ref, dependsOn })),
    ],
  };
  return { ...document, serialNumber: serialOf(document) };
}

const optional = ({ optionalDependencies }) => ({ optionalDependencies });
const sorted = (map) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

function purlOf(path, { version }) {
  return `pkg:npm/${nameOf(path).replace('@', '%40')}@${version}`;
}

function componentOf(path, entry) {
  const [name, group] = nameOf(path).split('/').reverse();
  return {
    type: 'library',
    'bom-ref': purlOf(path, entry),
    ...(group ? { group } : {}),
    name,
    version: entry.version,
    scope: entry.dev ? 'excluded' : entry.optional ? 'optional' : 'required',
    hashes: [hashOf(entry.integrity)],
    licenses: licensesOf(entry.license),
    purl: purlOf(path, entry),
  };
}

/** Of the archive that npm fetches and checks, not of the unpacked files. */
function hashOf(integrity) {
  const [algorithm, base64] = integrity.split('-');
  return { alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(base64, 'base64').toString('hex') };
}

function licensesOf(text) {
  return / (?:AND|OR|WITH) /.test(text) ? [{ expression: text }] : [{ license: { id: text } }];
}

/** By the content, since a random one or a time would make every bill another one (RFC 9562 §5.8). */
function serialOf(document) {
  const hex = createHash('sha256').update(JSON.stringify(document)).digest('hex');
  const variant = '89ab'[Number.parseInt(hex[16], 16) % 4];
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ];
  return `urn:uuid:${parts.join('-')}`;
}
