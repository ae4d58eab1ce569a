// Limits of the HTTP/1 codec: what one message may cost at most before its meaning is known. All are on by default.
// Body size is not here (the gateway's), nor are times.

export interface Http1Limits {
  /** Empty lines (CRLF) ignored before a request line; RFC 9112 s2.2 asks for at least one. */
  maxLeadingCrlf: number;
  maxMethodBytes: number;
  /** Request line or status line without its CRLF. */
  maxRequestLineBytes: number;
  /** First line, field lines and the empty line, with their CRLFs. */
  maxHeadBytes: number;
  maxHeaderCount: number;
  /** One field line without its CRLF. */
  maxHeaderLineBytes: number;
  maxHeaderNameBytes: number;
  /** Hexadecimal digits of a chunk size, leading zeros included. */
  maxChunkSizeDigits: number;
  /** Extension bytes of one chunk, from ';' to before its CRLF. */
  maxChunkExtensionBytes: number;
  /** Extension bytes of all chunks of one body. */
  maxBodyChunkExtensionBytes: number;
  /** Chunks below `tinyChunkBytes` in one request body; a server may stream small events for days. */
  maxTinyChunks: number;
  /** A chunk with fewer data bytes than this is tiny. Not a limit by itself. */
  tinyChunkBytes: number;
  /** All trailer lines with their CRLFs, the empty line included. */
  maxTrailerBytes: number;
  maxTrailerCount: number;
}

export const defaultHttp1Limits: Readonly<Http1Limits> = Object.freeze({
  maxLeadingCrlf: 2,
  maxMethodBytes: 32,
  maxRequestLineBytes: 8192,
  maxHeadBytes: 32768,
  maxHeaderCount: 100,
  maxHeaderLineBytes: 16384,
  maxHeaderNameBytes: 256,
  maxChunkSizeDigits: 12,
  maxChunkExtensionBytes: 256,
  maxBodyChunkExtensionBytes: 16384,
  maxTinyChunks: 20000,
  tinyChunkBytes: 16,
  maxTrailerBytes: 8192,
  maxTrailerCount: 32,
});
