/** The test that the address names: `#test=<id>`. Links and the back button change it. */
import { useEffect, useState } from 'preact/hooks';

const PREFIX = '#test=';

export function hashOf(testId: string): string {
  return `${PREFIX}${encodeURIComponent(testId)}`;
}

export function useSelectedTest(): string | undefined {
  const [testId, setTestId] = useState(readHash);
  useEffect(() => {
    const update = (): void => setTestId(readHash());
    addEventListener('hashchange', update);
    return () => removeEventListener('hashchange', update);
  }, []);
  return testId;
}

export function selectTest(testId: string): void {
  location.hash = hashOf(testId);
}

/** A step in the history, as choosing was. */
export function deselectTest(): void {
  history.pushState(null, '', location.pathname + location.search);
  dispatchEvent(new HashChangeEvent('hashchange'));
}

function readHash(): string | undefined {
  if (!location.hash.startsWith(PREFIX)) return undefined;
  const text = location.hash.slice(PREFIX.length);
  try {
    return decodeURIComponent(text);
  } catch {
    // Not written by us: then it is the id as it is.
    return text;
  }
}
