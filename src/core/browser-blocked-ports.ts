/**
 * The WHATWG Fetch standard's "bad ports" from 1024 up, to which browsers and Node's own `fetch` refuse to connect.
 * Source: https://fetch.spec.whatwg.org/#port-blocking at whatwg/fetch commit 586cd2a (July 2026). undici 6.28 and
 * Node 26.10 refuse exactly the same. Ports below 1024 are never server ports unless the user's spec names them.
 */
const BAD_PORTS = [
  1719, // h323gatestat
  1720, // h323hostcall
  1723, // pptp
  2049, // nfs
  3659, // apple-sasl
  4045, // npp
  4190, // sieve
  5060, // sip
  5061, // sips
  6000, // x11
  6566, // sane-port
  6665, // ircu
  6666, // ircu
  6667, // ircu
  6668, // ircu
  6669, // ircu
  6679, // osaut
  6697, // ircs-u
  10_080, // amanda
];

/** Ports that no browser connects to, so a test's server must not have them. Cannot be changed. */
export const browserBlockedPorts: ReadonlySet<number> = readOnlySet(BAD_PORTS);

/** Object.freeze alone leaves a Set's `add` working, and every user of the package in a process shares this one. */
function readOnlySet(values: readonly number[]): ReadonlySet<number> {
  const refuseChange = {
    value: (): never => {
      throw new TypeError(
        'browserBlockedPorts cannot be changed; copy it first: new Set(browserBlockedPorts).',
      );
    },
  };
  const set = new Set(values);
  return Object.freeze(
    Object.defineProperties(set, { add: refuseChange, delete: refuseChange, clear: refuseChange }),
  );
}
