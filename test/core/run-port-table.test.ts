import { describe, expect, test } from 'vitest';
import { canonicalName, isRunPortName, variableOf } from '../../src/core/run-port-name.ts';
import {
  formatRunPortTable,
  parseRunPortTable,
  type RunPortTable,
  runPortKey,
} from '../../src/core/run-port-table.ts';

const TABLE: RunPortTable = {
  processId: 4711,
  kind: 'run',
  folder: '0123456789abcdef',
  ports: { [runPortKey('0123456789abcdef', 'web')]: 20_123 },
};

describe('The table of run ports', () => {
  test('comes back as it was written', () => {
    expect(parseRunPortTable(formatRunPortTable(TABLE))).toEqual(TABLE);
  });

  test.each([
    '',
    '{',
    'null',
    '7',
    '{}',
    JSON.stringify({ ...TABLE, processId: 'x' }),
    JSON.stringify({ ...TABLE, kind: 'other' }),
    JSON.stringify({ ...TABLE, folder: 1 }),
    JSON.stringify({ ...TABLE, ports: null }),
    JSON.stringify({ ...TABLE, ports: { 'a/web': 65_536 } }),
    JSON.stringify({ ...TABLE, ports: { 'a/web': '20123' } }),
  ])('is not read from %j', (text) => {
    expect(parseRunPortTable(text)).toBeUndefined();
  });
});

describe('The name of a run port', () => {
  test.each(['web', 'WEB', 'a', 'web-2', 'admin_api'])('can be %j', (name) => {
    expect(isRunPortName(name)).toBe(true);
  });

  test.each(['', '2web', '-web', 'web/2', 'wéb', 'web api', 'a'.repeat(33), undefined, 7])(
    'cannot be %j',
    (name) => {
      expect(isRunPortName(name)).toBe(false);
    },
  );

  test('is a variable, too, whatever its case', () => {
    expect(['web-api', 'WEB_API', 'Web-Api'].map(canonicalName)).toEqual(Array(3).fill('web_api'));
    expect(variableOf('web-api')).toBe('WEB_API');
  });
});
