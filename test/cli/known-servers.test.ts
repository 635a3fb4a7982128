import { describe, expect, test } from 'vitest';
import { withPortFlag } from '../../src/cli/known-servers.ts';

const PORT = 20_123;

function flagsOf(command: string): string {
  const words = command.split(' ');
  const all = withPortFlag(words, PORT);
  expect(all.slice(0, words.length)).toEqual(words);
  return all.slice(words.length).join(' ');
}

describe('A server that ignores PORT', () => {
  test.each([
    ['vite', '--port 20123 --strictPort'],
    ['vite dev --host', '--port 20123 --strictPort'],
    ['vite app', '--port 20123 --strictPort'],
    ['vite --open', '--port 20123 --strictPort'],
    ['vite preview', '--port 20123 --strictPort'],
    ['npx vite', '--port 20123 --strictPort'],
    ['npx --yes vite', '--port 20123 --strictPort'],
    ['pnpm exec vite', '--port 20123 --strictPort'],
    ['yarn vite', '--port 20123 --strictPort'],
    ['npm exec -- vite', '--port 20123 --strictPort'],
    ['./node_modules/.bin/vite', '--port 20123 --strictPort'],
    ['vite.cmd', '--port 20123 --strictPort'],
    ['vitepress dev docs', '--port 20123'],
    ['astro dev', '--port 20123'],
    ['ng serve', '--port 20123'],
    ['react-router dev', '--port 20123 --strictPort'],
    ['webpack serve', '--port 20123'],
    ['storybook dev', '--port 20123 --exact-port'],
  ])('is given its flag: %s', (command, flags) => {
    expect(flagsOf(command)).toBe(flags);
  });

  test.each([
    'node server.js',
    'next dev',
    'vite build',
    'astro build',
    'ng test',
    'webpack',
    'npm run dev',
    'npx',
    'vite --port 4000',
    'vite --port=4000',
    'storybook dev -p 6006',
  ])('is given none where it has one, or serves nothing: %s', (command) => {
    expect(flagsOf(command)).toBe('');
  });
});
