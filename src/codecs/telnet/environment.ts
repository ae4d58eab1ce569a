// NEW-ENVIRON suboptions: the grammar of RFC 1572 section 2 with its escapes, read strictly and written anew, and the rules
// on values. Which variables may pass is asked of an allow list; some names never pass, whatever the list says.

const IS = 0;
const SEND = 1;
const INFO = 2;
const VAR = 0;
const VALUE = 1;
const ESC = 2;
const USERVAR = 3;

export interface EnvironmentEntry {
  /** USERVAR instead of VAR: not one of the well-known names of RFC 1572 section 6. */
  readonly user: boolean;
  /** '' in a SEND: every variable of this kind. */
  readonly name: string;
  /** Undefined: the variable is not defined, or only asked for. */
  readonly value: string | undefined;
}

export interface EnvironmentSuboption {
  readonly kind: 'environment';
  readonly verb: 'is' | 'info' | 'send';
  readonly entries: readonly EnvironmentEntry[];
}

const verbs = ['is', 'send', 'info'] as const;
const maxEntries = 64;
const maxNameLength = 64;

export function readEnvironment(bytes: Buffer, length: number): EnvironmentSuboption | undefined {
  if (length < 1 || bytes[0]! > INFO) return undefined;
  const verb = verbs[bytes[0]!]!;
  const entries: EnvironmentEntry[] = [];
  let user = false;
  let name = '';
  let value: string | undefined;
  let open = false;
  for (let at = 1; at < length; at++) {
    let byte = bytes[at]!;
    if (byte === VAR || byte === USERVAR) {
      if (open && !push(entries, verb, user, name, value)) return undefined;
      open = true;
      user = byte === USERVAR;
      name = '';
      value = undefined;
    } else if (byte === VALUE) {
      // A value without a variable, or a second one: two readers could disagree about whose it is.
      if (!open || value !== undefined || verb === 'send') return undefined;
      value = '';
    } else {
      if (byte === ESC) {
        at++;
        if (at >= length) return undefined;
        byte = bytes[at]!;
      }
      if (!open) return undefined;
      if (value === undefined) name += String.fromCharCode(byte);
      else value += String.fromCharCode(byte);
    }
  }
  if (open && !push(entries, verb, user, name, value)) return undefined;
  return { kind: 'environment', verb, entries };
}

function push(entries: EnvironmentEntry[], verb: string, user: boolean, name: string, value: string | undefined): boolean {
  if (entries.length >= maxEntries || name.length > maxNameLength || (name === '' && verb !== 'send')) return false;
  entries.push({ user, name, value });
  return true;
}

function escaped(text: string): string { return text.replaceAll(/[\u0000-\u0003]/g, (c) => `\u0002${c}`); }

/** The payload behind the option, as latin1 text. */
export function writeEnvironment({ verb, entries }: EnvironmentSuboption): string {
  let text = String.fromCharCode(verb === 'is' ? IS : verb === 'send' ? SEND : INFO);
  for (const { user, name, value } of entries) {
    text += String.fromCharCode(user ? USERVAR : VAR) + escaped(name);
    if (value !== undefined) text += String.fromCharCode(VALUE) + escaped(value);
  }
  return text;
}

/**
 * Names that no list can allow: they make the loader, the shell, the C library or login(1) of the host do something else.
 * CREDENTIALS_DIRECTORY: CVE-2026-28372; LD_*: CVE-1999-0073.
 */
const neverPattern = new RegExp(`^(?:${[
  'LD_.*', 'DYLD_.*', '_RLD.*', 'PYTHON.*', 'PERL.*', 'RUBY.*', 'NODE_.*', 'JAVA_.*', 'BASH_.*', 'TERMINFO.*', 'GCONV_PATH', 'GETCONF_DIR', 'CREDENTIALS_DIRECTORY',
  'PATH', 'CDPATH', 'IFS', 'ENV', 'SHELL', 'SHELLOPTS', 'TZ', 'TZDIR', 'NLSPATH', 'LOCPATH', 'LOCALDOMAIN', 'RES_OPTIONS', 'HOSTALIASES', 'MALLOC_.*', 'GLIBC_TUNABLES',
  'RESOLV_.*', 'TERMCAP', 'TERMPATH', 'HOME', 'MAIL', 'LOGNAME', 'TMPDIR', 'EDITOR', 'VISUAL', 'PAGER', 'LESS.*', 'GIT_.*', 'SSH_.*', 'SUDO_.*', 'HTTPS?_PROXY', 'PS[0-4]',
  'PROMPT_COMMAND',
].join('|')})$`, 'i');

export function neverAllowed(name: string): boolean { return neverPattern.test(name) || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name); }

/** LANGUAGE is a list, most wanted first (gettext manual, "The LANGUAGE variable"). */
const languageValue = /^[A-Za-z0-9][A-Za-z0-9_.@:-]{0,127}$/;
const localeValue = /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$/;
const termValue = /^[A-Za-z0-9][A-Za-z0-9_.+-]{0,39}$/;
const userValue = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/;
const displayValue = /^[A-Za-z0-9.-]{0,64}:\d{1,4}(?:\.\d{1,2})?$/;
const otherValue = /^[A-Za-z0-9_.,:@%+=/ -]{0,128}$/;

/** True for a value that this variable may have. A leading `-` never passes (CVE-2026-24061, USER="-f root"). */
export function valueAllowed(name: string, value: string): boolean {
  if (value.startsWith('-') || value.includes('..')) return false;
  if (name === 'LANGUAGE') return languageValue.test(value);
  if (name === 'LANG' || name.startsWith('LC_')) return localeValue.test(value);
  if (name === 'TERM' || name === 'COLORTERM') return termValue.test(value);
  if (name === 'USER') return userValue.test(value);
  if (name === 'DISPLAY') return displayValue.test(value);
  return otherValue.test(value);
}
