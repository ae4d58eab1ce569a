// What a failure of TLS is called in records and answers: what Node says of it, without its advice to whoever runs the program by hand.

export function tlsFailureText(error: Error): string {
  return `TLS: ${error.message.replace(/; if the root CA is installed locally, .*$/s, '').slice(0, 200)}`;
}
