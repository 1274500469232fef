import { test } from "@playwright/test";

/** One figure: what was measured, what came out, and the most (or the least) that it is to be. */
export type Figure = { what: string; value: number; unit: string; atMost?: number; atLeast?: number };

/** Hands a figure to the reporter. */
export function figure(figure: Figure): void {
  test.info().annotations.push({ type: "figure", description: JSON.stringify(figure) });
}

/** Whether it is as it is to be. */
export function isKept({ value, atMost = Infinity, atLeast = -Infinity }: Figure): boolean {
  return value <= atMost && value >= atLeast;
}

export function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Kilobytes of 1000 bytes, with one decimal. */
export function kilobytes(bytes: number): number {
  return Math.round(bytes / 100) / 10;
}
