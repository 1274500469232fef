import path from 'node:path';
import { defineConfig } from '@playwright/test';

// Ports of its own: a running `just demo` is neither disturbed nor mistaken for the lab under test.
const ports = { page: 3100, mcp: 8101, as: 9100 };

const top = path.resolve(__dirname, '..');
const lab = path.resolve(top, process.env.CARGO_TARGET_DIR ?? 'target', 'debug', 'lab');

export default defineConfig({
  testDir: 'tests',
  outputDir: 'test-results',
  // One lab, one sequence of events: and a test that passes only at the second try has failed.
  workers: 1,
  retries: 0,
  forbidOnly: !!process.env.CI,
  reporter: [['list']],
  use: {
    baseURL: `http://localhost:${ports.page}`,
    trace: 'retain-on-failure',
    launchOptions: {
      // The browser of this machine: Playwright downloads none.
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
  webServer: {
    command: `exec "${lab}" --page-port ${ports.page} --mcp-port ${ports.mcp} --as-port ${ports.as} --no-open`,
    cwd: top,
    url: `http://localhost:${ports.page}/`,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 2_000 },
    timeout: 20_000,
    stdout: 'ignore',
    stderr: 'pipe',
  },
});
