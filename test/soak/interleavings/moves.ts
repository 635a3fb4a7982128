/** The ways on from a state, as numbers that a state store can keep, and in words. */
import type { ModelKernel, Operation } from './model-kernel.ts';

export const MoveKind = {
  /** An actor takes its next step. */
  step: 0,
  /** An actor is killed, or its thread terminated. */
  crash: 1,
  /** From now on its number is nobody's. */
  die: 2,
  /** The kernel closes a descriptor of a process that was killed. */
  tearDown: 3,
  /** A server ends that listens on a port which its test does not own any more. */
  stopServer: 4,
  listenLate: 5,
  /** The system gives a stranger a port, without his listening on it yet. */
  strangerBinds: 6,
  strangerListens: 7,
  strangerEnds: 8,
  leftoversEnd: 9,
} as const;
type MoveKind = (typeof MoveKind)[keyof typeof MoveKind];

export function moveOf(kind: MoveKind, subject: number, object = 0): number {
  return (kind * 16 + subject) * 16 + object;
}

export function kindOf(move: number): MoveKind {
  return Math.floor(move / 256) as MoveKind;
}

export function subjectOf(move: number): number {
  return Math.floor(move / 16) % 16;
}

export function objectOf(move: number): number {
  return move % 16;
}

export function nameOf(actor: number): string {
  return String.fromCharCode(65 + actor);
}

const STATE_NAMES = ['free', 'claiming', 'held', 'releasing', 'sealed'];

/** @param operation the actor's, if the move is a step */
export function describeMove(
  model: ModelKernel,
  move: number,
  operation: Operation | undefined,
  shared: readonly number[],
): string {
  const [subject, object] = [subjectOf(move), objectOf(move)];
  switch (kindOf(move)) {
    case MoveKind.step:
      return `${nameOf(subject)} ${describeOperation(model, operation as Operation, subject, shared)}`;
    case MoveKind.crash:
      return `${nameOf(subject)} is killed`;
    case MoveKind.die:
      return `${nameOf(subject)} is seen to be gone`;
    case MoveKind.tearDown:
      return `the kernel closes descriptor ${3 + object} of process ${subject}`;
    case MoveKind.stopServer:
      return `the server on port ${subject} ends`;
    case MoveKind.listenLate:
      return `a late server of ${nameOf(subject)} listens on port ${object}`;
    case MoveKind.strangerBinds:
      return `the system gives a stranger port ${subject}`;
    case MoveKind.strangerListens:
      return `the stranger listens on port ${subject}`;
    case MoveKind.strangerEnds:
      return `the stranger on port ${subject} ends`;
    default:
      return `the leftovers of port ${subject} end`;
  }
}

function describeOperation(
  model: ModelKernel,
  operation: Operation,
  actor: number,
  shared: readonly number[],
): string {
  const { name, a, b, c } = operation;
  let answer: string;
  try {
    answer = ` = ${describeAnswer(model, name, a, model.apply([...shared], actor, operation))}`;
  } catch {
    answer = '';
  }
  switch (name) {
    case 'load':
      return `loads ${wordName(model, a)}${answer}`;
    case 'store':
      return `stores ${valueName(model, a, b)} in ${wordName(model, a)}`;
    case 'swap':
      return `swaps ${wordName(model, a)} from ${valueName(model, a, b)} to ${valueName(model, a, c)}, finds${answer.slice(2)}`;
    case 'add':
      return `adds ${b} to ${wordName(model, a)}`;
    default:
      return `${name} ${a}${answer}`;
  }
}

function describeAnswer(model: ModelKernel, name: string, word: number, answer: number): string {
  if (name === 'load' || name === 'swap') return valueName(model, word, answer);
  return answer === -1 ? 'none' : String(answer);
}

function wordName({ words, portCount }: ModelKernel, word: number): string {
  const port = word % portCount;
  if (word < words.releasedAtMs) return `the state of port ${port}`;
  if (word < words.threads) return `the release time of port ${port}`;
  if (word < words.currentClaims) return `the thread of port ${port}`;
  if (word === words.currentClaims) return 'the count of claims';
  return word === words.pressure ? 'the pressure' : `the owner of slice ${word - words.sliceOwners}`;
}

function valueName({ words }: ModelKernel, word: number, value: number): string {
  return word < words.releasedAtMs ? `${STATE_NAMES[value & 15]}#${value >> 4}` : String(value);
}
