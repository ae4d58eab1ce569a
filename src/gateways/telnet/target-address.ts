// Addresses that a typed name must not resolve to: this machine and its own link. Whoever means one has to type it, and
// policy then sees it.

export function addressOnlyTyped(address: string): boolean {
  return /^(?:127\.|0\.|169\.254\.)/.test(address) || /^(?:::1?$|fe[89ab][0-9a-f]:|::ffff:(?:127\.|0\.|169\.254\.))/i.test(address);
}
