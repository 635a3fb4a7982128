import { describe, expect, test } from 'vitest';
import { checkDistinct, fillIn, parseWantedPort } from '../../src/cli/port-arguments.ts';
import { InvalidOptionError } from '../../src/index.ts';

describe('--port', () => {
  test('is a name, and perhaps the number that is insisted on', () => {
    expect(parseWantedPort('WEB')).toEqual({ name: 'WEB', port: undefined });
    expect(parseWantedPort('web-2=3000')).toEqual({ name: 'web-2', port: 3000 });
  });

  test.each(['', '3000', '=3000', 'WEB=', 'WEB=x', 'WEB=0x10', 'WEB=0', 'WEB=65536', 'WEB=1=2', 'W B'])(
    'cannot be %j',
    (text) => {
      expect(() => parseWantedPort(text)).toThrow(InvalidOptionError);
    },
  );

  test('has each name once, in whatever case', () => {
    const wanted = ['web', 'API', 'Web'].map(parseWantedPort);
    expect(() => checkDistinct(wanted)).toThrow("--port has the name 'Web' twice; expected each name once.");
    expect(() => checkDistinct(wanted.slice(0, 2))).not.toThrow();
  });
});

test('a name in braces is replaced by its port, and other braces stay', () => {
  const ports = [
    { name: 'web', port: 20_123 },
    { name: 'ADMIN-API', port: 20_124 },
  ];
  expect(fillIn('--port={WEB} {web}:{admin_api} {port} {} ${WEB} {"a":1}', ports)).toBe(
    '--port=20123 20123:20124 {port} {} ${WEB} {"a":1}',
  );
});
