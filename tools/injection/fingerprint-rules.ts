// Which fingerprints are attacks by SQL's grammar: the shapes in which a value can leave the place it was pasted into (end of a
// literal or parenthesis) and go on with another clause. Letters: 1 number, s string, v variable or NULL, n name, f function, o operator,
// & logic, U union, E statement (SELECT, CASE, ...), T other statement, B GROUP BY and the like, k keyword, c comment, t type.
// Fingerprints are cut at five tokens, so every rule also takes its own beginnings from where it can be nothing else. Names (n) are
// what prose is made of: rules that begin with one, or go on with one, ask for more. Input of generate.ts; not shipped.

/** Each rule is matched against a whole fingerprint. */
export const attackShapes: readonly { what: string; shape: RegExp }[] = [
  // UNION SELECT behind a value, with or without parentheses.
  { what: 'union select', shape: /^[1sv]\)?U\(?E([^.:].?|)$/ },
  { what: 'union select, behind a parenthesis', shape: /^[1svn]\)U\(?E[^.:]?$/ },
  { what: 'union select behind a name', shape: /^nU(E|\(E.?|E[1svf(k].?|En[k,c(B;)&])$/ },
  { what: 'union and a comment, or its beginning', shape: /^[1sv](\)?U|Uc|U1c|Uo\(E)$/ },
  { what: 'union select in front', shape: /^U\(?E([1svf(]..?|n[k,(].?)$/ },
  { what: 'union select behind an expression', shape: /^[1svn]\)?[o&B]\(?[1sv]\)?U(E.?|\(E?)?$/ },
  { what: 'union select behind an expression, cut', shape: /^[1svn](&[1sv]|o[sv]|B[1n])U$|^[1svn](\)[o&B][1sv]|[o&][1sv]\))U$/ },
  { what: 'union select behind a clause', shape: /^[1svn]\)?[okn]\)?U\(?E.?$|^[1svn]B[n1sv]U\(?E?$|^[1sv]EU[1(E].?$|^[1svn]&nUE$/ },
  { what: 'union select behind a function or query', shape: /^(f\([1svn]?\)|[1sv]f\(\)|E[1svn]\)|E\([1sv]\)?)U\(?E?$|^nk[1sv]UE$|^&\(?[1sv]UE.?$/ },

  // AND/OR.
  { what: 'logic and a parenthesis', shape: /^[1sv]\)?&\((E.?|f\(?|\(?|[1sv][)o&,Bk]?)$/ },
  { what: 'logic and a parenthesis behind a name', shape: /^n\)?&\((E[^n]?|f\(?|[1v][)o&]|s\))$/ },
  { what: 'logic and a call', shape: /^[1sv]\)?&f\([1svnEf()t]?$|^n\)?&f\([1svEf()]?$/ },
  { what: 'logic and a comparison', shape: /^[1sv]&[1sv]o[(fvsEk1]$|^[1sv]&no[sv(f1]$|^[1sv]&ko[sv(f1k]$|^n&[1sv]o[(fvsE]$|^[1svn]\)&[1sv]o$|^s\)&no$/ },
  { what: 'logic and a clause', shape: /^[1sv]&[1sv]B[1svfn(]?$|^[1sv]&nB[1f(]$|^n&[1sv]B[1f(]$|^[1svn]\)&[1sv]B$/ },
  { what: 'logic and a comment', shape: /^[1svn]&[1sv]\)?c$|^[1svn]\)&[1sv]c$|^[1s]&kc$|^s&nc$/ },
  { what: 'logic that closes a parenthesis', shape: /^[1sv]&[1sv]\)[o&UB;)]$|^[1sv]\)&[1sv]\)?$/ },
  { what: 'logic and a statement', shape: /^[1sv]&[1sv];[TE]?$|^[1sv]&[1sv]T[nv(]$|^[1sv]&E[1svfkn(][k(1sv,]$|^[1sv]\)&E[1svfk(]$/ },
  { what: 'logic and a fulltext match', shape: /^[sv1]&kn?[k(]$|^[sv1]&k\([1svn]$|^[1sv]&knk$/ },
  { what: 'short logic behind a quote', shape: /^s&[1snv]$|^1&[1vs]$|^n&1$/ },
  { what: 'logic in front', shape: /^&f\([1svfE]\)?$|^&f\([1svfE]|^&\(E.{0,2}$|^&[1sv]o[(fE].?$/ },

  // Operators that glue an expression to a literal.
  { what: 'operator and a parenthesis', shape: /^[1sv]\)?o\((E.?|f\(?|[1sv][)o&,]?|n\)?|\()$|^no\(E[1svfk(]$/ },
  { what: 'operator and a call', shape: /^[1sv]\)?of\([1svEf)]?$|^[sn]of\(f$|^sof\([n]$|^s\)?on\([1sv]$/ },
  { what: 'operator and logic', shape: /^[1sv]o[1svk]&[1svnf(E]$|^[1sv]\)o[1sv][&BU)]$|^n\)o1&$|^1\)on[&B]$/ },
  { what: 'operator and a comment', shape: /^[sv]o[1v]c$|^vosc$|^[1sv]o[1sv]\)c$|^[sv]o[1svn]B[1f(]$|^[sv]o[1sv]B$|^sov[Bo][(1]$|^[1v]ovB[1(]$/ },
  { what: 'operator that leaves a string', shape: /^s(os|ov)$|^vos$|^sosB.?$|^[1sv]os;[TE]$|^so[1v];[TE]$|^s&so[1sv(]$|^[1sv]osos$|^sos&[(1svf]$/ },

  // Stacked statements.
  { what: 'statement behind a semicolon', shape: /^[1sv]\);T.?$|^[1sv];T([^n.:]?|[^n.:&].|n[kv1s;(cT])$|^s;Tn?n?$/ },
  { what: 'query behind a semicolon', shape: /^[1sv]\)?;E[1svf(k].?$|^[1sv];En[kE(,o;c]$|^[1sv]\);En$|^[1sv]\)?;\(E.?$/ },
  { what: 'statement behind a name', shape: /^n\);(T[nfv(1]?|E[f(1])$|^n;(T[(fv1][^n.:]?|E[f(]\(?[1svf(En]?)$|^n;Ef\($/ },
  { what: 'statement in front', shape: /^;T(\(E?|f\()[1svfEk(]?.?$|^;Ef\(.$/ },
  { what: 'procedure call, declaration', shape: /^Tnvo[1sv]$|^Tv(f\(1|tos)$|^T\(v[v,)o&]$/ },
  { what: 'delay behind a value', shape: /^([1svn]|[1svn]\))Esc$|^[1svn]\)?;Es[c;]$/ },
  { what: 'script behind a quote', shape: /^sE[1sv];?T[nv1(]?$|^sT(n[ET:;].?|nn:|[v(]\(?[1sv]\)?|E1[nk]|nsc)$|^sT[nv][E].?$/ },

  // Clauses behind a value.
  { what: 'clause behind a value', shape: /^[1sv]\)?B(1|1[cBUk;)]|1of|1B.|\(?[1vfE]?|\([1svfE][)(1,o&]?|f\([1svfE]?|n[UcB])$/ },
  { what: 'clause behind a name', shape: /^n\)?B(\([1sE][&o)1]?|f\([1svfE])$/ },
  { what: 'clause behind a clause', shape: /^[1sv]B[1n]B[1s(fv]$/ },
  { what: 'comment behind a value', shape: /^([1sv]|[1sv]\)|[1sv]\)[1sv])c$/ },
  { what: 'into a file', shape: /^[1sv](ks|ksc|knc|k\([sf][)(]|kf\([1svf])$|^[1sv]\)k(UE|nk|nc|ns|sc|s)$|^[1sv]k\(E.$/ },
  { what: 'procedure', shape: /^[1sv]\)?f\(f\(?$|^sf\([1sv]\)$|^[1sv]\(E(f\(?|[1sv]k?)$|^[1sv]f\(\)[Ukc]$|^1knc$/ },
  { what: 'list and a query', shape: /^[1svn],\((E.?|f\()$|^[1sv]\),\(E.$/ },

  // Queries and calls that are the whole value.
  { what: 'call alone, or behind a value', shape: /^[1sv]?f\([1svn]\)$|^f\([1svn]\)[;n1&ocUBk]$/ },
  { what: 'call inside a string', shape: /^sf\([1svn]n$|^sof\([1svn]$/ },
  { what: 'list and a call', shape: /^[1svn],f\([1svnf)]$|^so[1sv],f$|^1n,f\($/ },
  { what: 'query or call behind a name', shape: /^1n(E|\()f\($|^n&f\(n$|^no\([1sv]\)$|^nos,f$|^f\(f\([1svn]$|^sEf\([1svn]$/ },
  { what: 'union whose SELECT is broken or cut', shape: /^so[1sv](Uo|n[(E&])$|^1Uon1$|^E1UE[1f]$|^nUE[1f][,(o&]$/ },
  { what: 'comment in C style behind a name', shape: /^nc$/ },
  { what: 'query with logic', shape: /^E[1sv]\)?&(\(?[1svfE]|\(f|\(E|[1sv][)o]|f\()$|^E[1sv]&\([1svfE]$/ },
  { what: 'query that closes a parenthesis', shape: /^E[1sv]\)(c|;E|o[1sv(]|k[1svn(]|,[(1f])$|^E(1|s|v)o(s|v)\)$/ },
  { what: 'query with more of them', shape: /^E[1sv];\(?E[1svfnk]?$|^E[1sv]o\(?[s(Ef]?[(E1svf]?E?$|^E[1svn],(f\(|\([1E])$|^En[,k]f\($/ },
  { what: 'query with a source', shape: /^E[1sv]k([1svn][ckB);,1sv]?|\(E|f\()$|^En?k(n[B)]|\(E)$|^Enkn[Bc;)]$|^Enk\(E$|^Eok(n|\(E)$/ },
  { what: 'query with a clause', shape: /^E[1sv]nk[n(1]$|^E[1sv]B[1f][);cU(]$|^EnUE[1svf(]?$/ },
  { what: 'query of calls', shape: /^Ef\([1svnEfot()][)(&,1vsof]?$|^E[1sv]f\($/ },
  { what: 'query in parentheses', shape: /^E\(E.?.?$|^E\(([1sv][&o][(1svf]|[1svf]\)[ck,&U;]|f\([1svfEn)]|n\),|so[1sv]|[1sv]o[sv])$/ },
  { what: 'case', shape: /^Ek[1sv]k[1svn(]$|^Ek[1sv][nvf][kf(]$|^Ekn\([1svf]$/ },
  { what: 'calls with logic', shape: /^f\([1sv]?[&)]?&[(1svfE]$|^f\([1sv]&[(1svfE]$|^f\([1sv]\)[&BUc,k]$|^f\([1v]\);$|^f\(\)(&[f1sv(]|ok|c)$|^f\(v\)$/ },
  { what: 'nested calls', shape: /^f\((E(f\(?|[1sv][&)]|ok|\(E|[1sv])|f\([1svfE()]|[1sv],f|1of|t,[f(])$/ },
  { what: 'evil comment', shape: /^X$/ },
];

/** Letters that a rule may be tried with; the others make no attack of their own. */
export const ruleAlphabet = 'kUBEtfn1vso&c(),;:T';
