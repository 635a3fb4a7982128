/** States that were seen, in the order of their discovery: rows of integers, found again by their first columns. */

const FIRST_ROWS = 1 << 16;

export class StateStore {
  readonly #keyColumns: number;
  readonly #columns: number;
  #rows: Int32Array;
  #places: Int32Array;
  #count = 0;

  /** @param keyColumns how many of the columns make a state; the others tell how it was reached */
  constructor(keyColumns: number, columns: number) {
    this.#keyColumns = keyColumns;
    this.#columns = columns;
    this.#rows = new Int32Array(FIRST_ROWS * columns);
    this.#places = new Int32Array(FIRST_ROWS * 2);
  }

  get count(): number {
    return this.#count;
  }

  at(row: number, column: number): number {
    return this.#rows[row * this.#columns + column] as number;
  }

  /** @returns the row, or -1 if there is one with this key */
  add(values: readonly number[]): number {
    if (this.#count * 2 >= this.#places.length) this.#grow();
    const place = this.#place(values);
    if (this.#places[place] !== 0) return -1;
    this.#rows.set(values, this.#count * this.#columns);
    this.#places[place] = ++this.#count;
    return this.#count - 1;
  }

  #place(values: ArrayLike<number>): number {
    const mask = this.#places.length - 1;
    for (let place = this.#hash(values) & mask; ; place = (place + 1) & mask) {
      const row = this.#places[place] as number;
      if (row === 0 || this.#isSame(values, (row - 1) * this.#columns)) return place;
    }
  }

  #isSame(values: ArrayLike<number>, at: number): boolean {
    for (let column = 0; column < this.#keyColumns; column++) {
      if (this.#rows[at + column] !== values[column]) return false;
    }
    return true;
  }

  #hash(values: ArrayLike<number>): number {
    let hash = 0;
    for (let column = 0; column < this.#keyColumns; column++) {
      hash = Math.imul(hash ^ (values[column] as number), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash >>> 0;
  }

  #grow(): void {
    const rows = new Int32Array(this.#rows.length * 2);
    rows.set(this.#rows);
    this.#rows = rows;
    this.#places = new Int32Array(this.#places.length * 2);
    for (let row = 0; row < this.#count; row++) {
      const at = row * this.#columns;
      this.#places[this.#place(rows.subarray(at, at + this.#keyColumns))] = row + 1;
    }
  }
}
