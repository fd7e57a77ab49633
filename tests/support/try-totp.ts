// A process of its own that tries one code many times at once; prints how many were accepted.
import { FactorSeal } from '#gateway/sign-in/factors.ts';
import { Totp } from '#gateway/sign-in/totp.ts';
import { openSqliteStore } from '#platform/state/sqlite.ts';

const { path, key, now, code, times } = JSON.parse(process.argv[2] ?? '{}');
const store = openSqliteStore(path, { now: () => now });
const totp = new Totp(store, new FactorSeal(Buffer.from(key, 'hex')), () => now);
const tries = Array.from({ length: times }, () =>
  totp.verify({ municipality: '131016', user: 'tanaka' }, code).then(
    () => 1,
    () => 0,
  ),
);
const accepted = await Promise.all(tries);
await store.close();
process.stdout.write(String(accepted.reduce<number>((sum, one) => sum + one, 0)));
