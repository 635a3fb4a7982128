/** Numbers for people: '1 port', '36,261 ports'. */

export function countText(count: number, noun: string): string {
  return `${numberText(count)} ${noun}${count === 1 ? '' : 's'}`;
}

export function numberText(value: number): string {
  return value.toLocaleString('en-US');
}
