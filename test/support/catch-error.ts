/** The error that an action must end with; it fails the test if there is none or if it is of another class. */
export async function errorOf<T extends Error>(
  // oxlint-disable-next-line typescript/no-explicit-any -- constructors differ in what they take
  type: new (...args: any[]) => T,
  act: () => unknown,
): Promise<T> {
  try {
    await act();
  } catch (error) {
    if (error instanceof type) return error;
    throw error;
  }
  throw new Error(`Nothing was thrown where ${type.name} was expected.`);
}
