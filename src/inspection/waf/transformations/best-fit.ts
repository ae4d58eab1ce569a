// The best fit of Unicode to US-ASCII (code page 20127), as databases and older frameworks apply it to text that they cannot hold: letters
// lose their marks, quotation marks, dashes and full-width forms become plain. `SecUnicodeMapFile builtin 20127` takes it, so that
// urlDecodeUni sees what such a server would see. ModSecurity's recommended configuration loads the same table from a file.

/** Code points in pairs with what they become. */
const special = '\xa0 \xa1!\xa2c\xa4$\xa5Y\xa6|\xa9C\xaaa\xab<\xad-\xaeR\xb22\xb33\xb7.\xb8,\xb91\xbao\xbb>'
  + 'ÆAÐDØOæaøoĐDđdĦHħhıiŁLłlŒOœoŦTŧtƀbƉDƑFƒfƗIƚlƟOƫtƮTƶzǤGǥgɡg\u02b9\'\u02ba"\u02bc\'\u02c4^\u02c6^\u02c8\'\u02cb`\u02cd_\u02dc~'
  + '\u0300`\u0302^\u0303~\u030e"\u0331_\u0332_\u2000 \u2001 \u2002 \u2003 \u2004 \u2005 \u2006 \u2010-\u2011-\u2013-\u2014-\u2018\'\u2019\''
  + '\u201a,\u201c"\u201d"\u201e"\u2022.\u2026.\u2032\'\u2035`\u2039<\u203a>\u2122T';

function build(): ReadonlyMap<number, number> {
  const map = new Map<number, number>();
  for (let i = 0; i < special.length; i += 2) map.set(special.charCodeAt(i), special.charCodeAt(i + 1));
  // Latin letters with marks, as far as the table goes.
  for (let code = 0xc0; code <= 0x1f0; code++) {
    if (code === 0x17a || (code >= 0x1e0 && code <= 0x1e5)) continue;
    const parts = String.fromCharCode(code).normalize('NFD');
    if (parts.length > 1 && parts.charCodeAt(0) < 128) map.set(code, parts.charCodeAt(0));
  }
  for (let code = 0xff01; code <= 0xff5e; code++) if (code !== 0xff1f) map.set(code, code - 0xfee0);
  return map;
}

export const bestFitAscii = build();
