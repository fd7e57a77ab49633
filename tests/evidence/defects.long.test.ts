// An evidence run that cannot fail proves nothing. Here it runs on copies of this tree, each broken in one place, and has to
// find it. The product itself has no switch for any of this.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '#lab/process.ts';
import { needsRoot } from '#tests/support/need.ts';

interface Defect {
  /** What a careless or hostile hand did. */
  what: string;
  /** The proof that has to fail. */
  proof: string;
  file: string;
  /** Stands there exactly once. */
  from: string;
  to: string;
}

const DEFECTS: readonly Defect[] = [
  {
    what: 'one word changed in an audit log',
    proof: 'g3-tampering',
    file: 'evidence/audit/stage.ts',
    from: `      return { system, person, work };
`,
    to: `      const fs = process.getBuiltinModule('node:fs');
      const log = join(system.folder, 'agent', 'state', 'audit-000000000001.jsonl');
      fs.writeFileSync(log, fs.readFileSync(log, 'utf8').replace('"user":"tanaka"', '"user":"suzuki"'));
      return { system, person, work };
`,
  },
  {
    what: 'a suite that is no longer recommended',
    proof: 'tls-scan',
    file: 'platform/hop/tls.ts',
    from: "'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256'",
    to: "'TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256'",
  },
  {
    what: 'a firewall that lets new connections through to LGWAN',
    proof: 'c1-broker',
    file: 'deploy/nftables/firewall.nft',
    from: '		ct state established accept',
    to: '		ct state established,new accept',
  },
  {
    what: 'a broker that answers on its inner address',
    proof: 'c1-gateway',
    file: 'deploy/nftables/broker.nft',
    from: 'ip saddr $GATEWAYS ip daddr $FOR_GATEWAYS tcp dport',
    to: 'ip saddr $GATEWAYS tcp dport',
  },
  {
    what: 'an audit log that nobody has to ship',
    proof: 'g4-fail-closed',
    file: 'platform/audit/open.ts',
    from: 'alsoHealthy: () => shipping?.keepsUp ?? true,',
    to: 'alsoHealthy: () => true,',
  },
  {
    what: 'one key used for both directions',
    proof: 'd7-keys',
    file: 'protocol/inner/keys.ts',
    from: "agent: await expandLabel(cipher, main, 'a ap', transcript),",
    to: "agent: await expandLabel(cipher, main, 'c ap', transcript),",
  },
  {
    what: 'a watermark that is off',
    proof: 'a3-watermark',
    file: 'agent/screen/encode.ts',
    from: 'pixels[i] = job.mask[at] === 0 ? pixel : marked(pixel);',
    to: 'pixels[i] = pixel;',
  },
  {
    what: 'a proof that nobody verifies',
    proof: 'b8-hostile-gateway',
    file: 'protocol/inner/proof.ts',
    from: "if (key.kind !== 'device-key' || !(await cipher.verify(key.publicKey, signature, signed))) continue;",
    to: "if (key.kind !== 'device-key') continue;",
  },
  {
    what: 'records that are not sealed',
    proof: 'c5-ciphertext',
    file: 'protocol/inner/cipher-node.ts',
    from: `    const secret = createSecretKey(key);
`,
    to: `    const secret = createSecretKey(key);
    if (secret) {
      return {
        seal: (_sequence, _aad, plaintext, header) => {
          const record = new Uint8Array(header.length + plaintext.length + TAG_BYTES);
          record.set(header);
          record.set(plaintext, header.length);
          return record;
        },
        open: (_sequence, _aad, sealed) => new Uint8Array(sealed.subarray(0, sealed.length - TAG_BYTES)),
      };
    }
`,
  },
  {
    what: 'a revocation feed that is cut',
    proof: 'e4-rights-end',
    file: 'gateway/revocation.ts',
    from: '    const stops = WATCHED.map((prefix) =>',
    to: '    const stops = WATCHED.slice(WATCHED.length).map((prefix) =>',
  },
  {
    what: 'handshakes that need not wait their turn',
    proof: 'f8-handshake-flood',
    file: 'platform/hop/edge.ts',
    from: 'if (!this.#pace.takeIfThere(now())) {',
    to: 'if (!this.#pace.takeIfThere(now()) && limits.handshakesPerSecond === 0) {',
  },
];

const RUN_MAX_MS = 160_000;

/** The files of this tree as they are now, without what git ignores; the packages are those of this one. */
function copyOfTree(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tw-defect-'));
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  for (const file of files.split('\n').filter(Boolean)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

describe.skipIf(!needsRoot())('the evidence run', () => {
  it.each(DEFECTS)(
    'finds $what',
    ({ proof, file, from, to }) => {
      const folder = copyOfTree();
      try {
        const text = readFileSync(join(folder, file), 'utf8');
        expect(text.split(from), `${file} has this once`).toHaveLength(2);
        writeFileSync(
          join(folder, file),
          text.replace(from, () => to),
        );
        const args = ['--disable-warning=ExperimentalWarning', 'evidence/main.ts', '--only', proof, '--json'];
        const { status, stdout, stderr } = spawnSync(process.execPath, args, {
          cwd: folder,
          encoding: 'utf8',
          timeout: RUN_MAX_MS,
        });
        expect(stdout, stderr).toMatch(/^\{/);
        const [row] = JSON.parse(stdout).rows;
        expect({ status, result: row.result, why: row.why }).toMatchObject({ status: 1, result: 'fail' });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    RUN_MAX_MS + 20_000,
  );
});
