import path from 'node:path';
import { defineConfig } from '@playwright/test';
import { pageOrigin, program, programArguments, top } from './lab';

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  // One lab, one sequence of events: and a test that passes only at the second try has failed.
  workers: 1,
  retries: 0,
  forbidOnly: !!process.env.CI,
  reporter: [['list']],
  use: { baseURL: pageOrigin, actionTimeout: 10_000 },
  // The browsers of this machine: Playwright downloads none.
  projects: [
    {
      name: 'chromium',
      testIgnore: 'firefox.spec.ts',
      use: {
        trace: 'retain-on-failure',
        launchOptions: {
          executablePath: process.env.CHROMIUM,
          args: [
            '--no-sandbox',
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync',
          ],
        },
      },
    },
    {
      name: 'firefox',
      testMatch: 'firefox.spec.ts',
      use: {
        browserName: 'firefox',
        // The Firefox that Mozilla and Debian make, not one that was changed for Playwright.
        channel: 'moz-firefox',
        launchOptions: { executablePath: path.join(__dirname, 'firefox.mjs') },
      },
    },
  ],
  webServer: {
    command: `exec ${[program, ...programArguments].map((word) => `"${word}"`).join(' ')}`,
    cwd: top,
    url: `${pageOrigin}/`,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 2_000 },
    timeout: 20_000,
    stdout: 'ignore',
    stderr: 'pipe',
  },
});
