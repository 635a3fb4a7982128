/** Kernels that were built without something, or sandboxes that stand for one: what is missing is named when a run starts. */
import { describe, expect, test } from 'vitest';
import { needNamespace } from '../../support/needs.ts';
import { needRestriction } from '../../support/restricted.ts';
import { scriptOutput } from '../../support/run-script.ts';

interface Answers {
  readonly created: string;
  readonly claimed: string;
  readonly warnings: readonly string[];
}

const SCRIPT = `
  import { PortPool, TCPPortOwner } from './src/index.ts';
  const warnings = [];
  process.on('warning', ({ code, message }) => warnings.push(code + ': ' + message));
  const attempt = (act) => {
    try { act(); return 'done'; } catch ({ code, message }) { return code + ': ' + message; }
  };
  const created = attempt(() => PortPool.create({ ports: '20000-20039' }));
  const claimed = attempt(() => new TCPPortOwner().cleanup());
  setImmediate(() => console.log(JSON.stringify({ created, claimed, warnings })));`;

function missing(what: string): unknown {
  return expect.stringMatching(
    new RegExp(
      `^PORTSLICE_SYSTEM_CALL: ${what}\\. This kernel, or a sandbox that stands for it, does not have it`,
    ),
  );
}

describe('a kernel', () => {
  test.for([
    {
      without: 'memfd_create',
      rules: ['memfd_create::ENOSYS'],
      named: String.raw`memfd_create failed with ENOSYS \(errno 38\)`,
    },
    {
      without: 'AF_UNIX',
      rules: ['socket:0=1:EAFNOSUPPORT'],
      named: String.raw`socket\(AF_UNIX\) failed with EAFNOSUPPORT \(errno 97\)`,
    },
  ])('without $without is named, and no port is claimed', async ({ rules, named }, context) => {
    const wrapper = [...needNamespace(context), ...needRestriction(context, ...rules)];
    const answers = await scriptOutput<Answers>(SCRIPT, { wrapper, env: { PORTSLICE_PORTS: '20000-20039' } });
    expect(answers).toEqual({ created: missing(named), claimed: missing(named), warnings: [] });
  });

  test.for([
    { option: 'SO_REUSEADDR', rule: 'setsockopt:1=1,2=2:ENOPROTOOPT' },
    { option: 'SO_REUSEPORT', rule: 'setsockopt:1=1,2=15:ENOPROTOOPT' },
  ])('without $option is named, by the test of the hold too', async ({ option, rule }, context) => {
    const wrapper = [...needNamespace(context), ...needRestriction(context, rule)];
    const { created, claimed, warnings } = await scriptOutput<Answers>(SCRIPT, {
      wrapper,
      env: { PORTSLICE_PORTS: '20000-20039' },
    });
    const named = String.raw`setsockopt\(${option}\) failed with ENOPROTOOPT \(errno 92\)`;
    expect([created, claimed]).toEqual([missing(named), missing(named)]);
    expect(warnings).toEqual([
      expect.stringMatching(
        new RegExp(
          `^PORTSLICE_WEAK_HOLD: .*could not be tested: ${named}.*npx portslice doctor tests it again\\.$`,
        ),
      ),
    ]);
  });

  test.for([
    { option: 'IP_FREEBIND', rule: 'setsockopt:1=0,2=15:ENOPROTOOPT' },
    { option: 'IPV6_FREEBIND', rule: 'setsockopt:1=41,2=78:ENOPROTOOPT' },
    { option: 'SO_COOKIE', rule: 'getsockopt:1=1,2=57:ENOPROTOOPT' },
  ])('without $option has everything that a port needs', async ({ rule }, context) => {
    const wrapper = [...needNamespace(context), ...needRestriction(context, rule)];
    const answers = await scriptOutput<Answers>(SCRIPT, { wrapper, env: { PORTSLICE_PORTS: '20000-20039' } });
    expect(answers).toEqual({ created: 'done', claimed: 'done', warnings: [] });
  });
});
