import { InvalidArgumentError } from 'commander';

/** An option's value as a whole number from 1. @throws InvalidArgumentError, which the command line shows, if it is none */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) {
    throw new InvalidArgumentError('it must be a whole number from 1.');
  }
  return value;
}
