import { defineConfig } from '@playwright/test';
import tests from './playwright.config';

// The same lab and the same Chromium as the tests.
export default defineConfig({
  ...tests,
  testDir: 'measure',
  testMatch: '*.measure.ts',
  timeout: 20 * 60_000,
  reporter: [['./measure/reporter.ts']],
  projects: tests.projects?.filter(({ name }) => name === 'chromium').map((project) => ({ ...project, testIgnore: [] })),
  use: { ...tests.use, trace: 'off' },
});
