import { defineConfig } from 'vitest/config';

const SCENARIOS = 'tests/scenarios/**/*.test.ts';

export default defineConfig({
  test: {
    globals: false,
    pool: 'forks',
    // The processes under test run Node without this warning too (package.json).
    execArgv: ['--disable-warning=ExperimentalWarning'],
    maxWorkers: 2,
    hookTimeout: 60_000,
    // Waiting ends when it has happened; a busy machine may take long to get there.
    expect: { poll: { timeout: 15_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['tests/**/*.test.ts'],
          exclude: [SCENARIOS],
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
          maxWorkers: 1,
          testTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
