import { defineConfig } from 'vitest/config';

const SCENARIOS = 'tests/scenarios/**/*.test.ts';
/** What would take a plain run beyond ten minutes: npm test -- --long runs these and nothing else. */
const LONG_ONES = 'tests/**/*.long.test.ts';
const SHORT_ONES = 'tests/**/!(*.long).test.ts';
const long = process.env.TW_LONG === '1';

export default defineConfig({
  test: {
    globals: false,
    passWithNoTests: false,
    pool: 'forks',
    // What a file's tests have made the audit log hold (tests/support/produced-by.ts).
    setupFiles: ['tests/support/produced-events.setup.ts'],
    // The processes under test run Node without this warning too (package.json).
    execArgv: ['--disable-warning=ExperimentalWarning'],
    hookTimeout: 60_000,
    // Waiting ends when it has happened; a busy machine may take long to get there.
    expect: { poll: { timeout: 15_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: [long ? LONG_ONES : 'tests/**/*.test.ts'],
          exclude: long ? [SCENARIOS] : [SCENARIOS, LONG_ONES],
          // Many wait for a time limit to strike, so three of them share two cores well.
          maxWorkers: 3,
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          // Whole systems, one at a time and after the rest: they start processes and compare times.
          name: 'scenarios',
          include: [SCENARIOS],
          exclude: [long ? SHORT_ONES : LONG_ONES],
          maxWorkers: 1,
          testTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
