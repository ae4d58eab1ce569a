// Which matches are of rules on trial. The engine takes their scores away when it loads; this says so in records.

export class LogOnly {
  readonly #ranges: readonly (readonly [number, number])[];
  readonly #tags: readonly string[];

  constructor(rules: readonly string[], tags: readonly string[]) {
    this.#ranges = rules.map((text) => text.split('-').map(Number)).map(([from = 0, to = from]) => [from, to] as const);
    this.#tags = tags;
  }

  has(rule: number, tags: readonly string[]): boolean {
    return this.#ranges.some(([from, to]) => rule >= from && rule <= to) || this.#tags.some((tag) => tags.includes(tag));
  }
}
