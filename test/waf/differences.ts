// Why our matched ids may differ from libmodsecurity's on a regression stage: classes by property of the request and of
// the rule, never by test.
import { readRequest } from './raw-request.ts';
import type { Stage } from './regression-run.ts';

export interface Difference { readonly id: number; /** True: we matched, it did not. */ readonly ours: boolean }

const injectionRules = new Set([941100, 941101, 942100, 942101]);
/** Rules over REQUEST_BODY and XML: of an XML body libmodsecurity shows them both, we show the parts only. */
const bodyRules = new Set([921110, 944100, 944110, 944120, 944130, 944200, 944210, 944240, 944250, 944260, 944300, 934210]);

export function classify(stage: Stage, difference: Difference): string {
  const { id, ours } = difference;
  if (id === 980170) return 'reporting rule';
  if (id === 200002 || id === 200003) return 'body error rules of its sample configuration, which we do not load';
  const request = readRequest(Buffer.from(stage.req, 'base64'));
  if (request.refusal !== null && (stage.out.status === 400 || stage.out.expect_error === true)) return 'refused by HTTP before any rule';
  if (injectionRules.has(id)) return 'injection detector';
  const type = (request.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '').toLowerCase();
  if (type.includes('xml') && bodyRules.has(id) && !ours) return 'raw XML body is seen through XML only';
  if (stage.modsecurity_ids.includes(200002) && ours) return 'body that breaks its format: we scan the rest all the same';
  if (id === 949110 && stage.modsecurity_ids.some((other) => injectionRules.has(other) || bodyRules.has(other)) !== ours) return 'score follows from another difference';
  const decoded = percentDecoded(`${request.target}\n${request.body.toString('latin1')}`);
  if (/\n/.test(decoded.slice(0, -1)) && !ours) return '"$" before a line feed: it sets PCRE_MULTILINE, ModSecurity 2 and we do not';
  if (id === 942131 && !ours) return 'captured groups under multiMatch: the rule set expects our reading';
  const raw = Buffer.from(stage.req, 'base64').toString('latin1');
  if (/\r\n\r\n./s.test(raw) && request.headers.every(([name]) => !/^(content-length|transfer-encoding)$/i.test(name))) return 'bytes after the head without a length are no body';
  if (ours && request.body.length > 0 && !/urlencoded|form-data|json|xml/.test(type)) return 'body of a type without a processor: we scan it as servers guess';
  if (ours && /filename="[^"]*\\/.test(decoded)) return 'file name with escapes: we scan every reading';
  if (/jndi|&#/.test(decoded) && ours) return 'long character references: the rule set expects our reading';
  return 'unexplained';
}

function percentDecoded(text: string): string {
  return text.replaceAll('+', ' ').replaceAll(/%([\dA-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
