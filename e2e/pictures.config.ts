import { defineConfig } from '@playwright/test';
import tests from './playwright.config';

// The same lab and the same Chromium as the tests.
export default defineConfig({
  ...tests,
  testDir: 'pictures',
  testMatch: '*.picture.ts',
  timeout: 5 * 60_000,
  projects: tests.projects?.filter(({ name }) => name === 'chromium').map((project) => ({ ...project, testIgnore: [] })),
  use: { ...tests.use, trace: 'off' },
});
