// Which fingerprints are attacks: the shapes in which a value leaves the place that it was pasted into (end of a literal or
// parenthesis) and goes on with another clause, and those of queries and calls that are the whole value. They were found by comparing
// readings with libinjection over some twelve million generated strings, samples with mutations, prose and source text (test/peers/waf
// does the same in small), and made general: where one kind of value stands, any other may. Input of generate.ts; not shipped.
//
// A rule is a line `HEADS: TAILS`, and stands for every head with every tail. Letters: 1 number, s string, v variable or NULL, n name,
// f function, o operator, & logic, U union, E query (SELECT, CASE, ...), T other statement or type, B GROUP BY and the like, k keyword,
// c comment, A COLLATE, X a comment that servers read differently; V is any value (1, s, v or n), L one that is no name; `[..]` one of
// several. Fingerprints are cut at five tokens.

export const attackShapes: readonly { what: string; shapes: string }[] = [
  {
    what: 'AND, OR and the like behind a value',
    shapes: `
      V&: (E( (EV (Ef (Ek (Eo (V& (V) (V, (Vo (f( E(V EV EV; EVc EVk EVo Ef( EkU EkV Ekf V V)& V)U V)c V)o V; V;E V;T V;c VB(
        VBV VBf LEn VEk LTn VU VU( VU; VUE VUc sL [sv]s s[sv]o Vc Vf( Vk( VkV Vkf Vo( VoV Vof f() f(E f(V f(f k(V k(f kVo kc kf(
        ko( koV kof kok
      1&: EUE
      L&: nEn nTn
      [1s]&: sLc
      [sn]&: [sv]sc
      [1sn]&: [sv]so knk
    `,
  },
  {
    what: 'operator behind a value',
    shapes: `
      Vo: (E( (EE (EV (Ef (Ek (Eo (V& (V) (V, (Vo (f( U(E UEn UEk V&( V&E V&U V&V V&f V&k V(E V(U n(L n(f V)& V), V); V)B V)E
        V)U V)c V)f V)k V)o V,( V,f V; V;E V;T V;c VA( VAT VA[sv] VAf VB( VBE VBV VBf VE( VEU VEV VEf VEk VEo VT( VTE VTT VTV
        VTf VU VU( VU; VUE VUT VUV VUc VUf VUk VUo 1n& sL( [sv]s( 1[vn]( n1( 1n, 1nE VsU 1[vn]U n1U sLf [sv]sf 1vf [1s]vo [sv]so
        n1o Vc Vf( Vk( Vk) VkB VkU VkV Vkf f() f(E f(V f(f k&( k&V k&f k(V k(f kVc kVo kf( koV
      [sv]o: [sv] 1vs
      so: 1sv
      [1v]o: [1vn]
      Vo: s1L vs[1v] s1n
      so: vss vsn
      Lo: V;n
      [vn]o: [1vn];n
      [1sn]o: sLU
      [svn]o: vo(
    `,
  },
  {
    what: 'keyword behind a value',
    shapes: `
      Vk: (V) (Vo (f( )&( )&V )&f );T )B( )BV )Bf )EV )Ef )Ek )UE )f( )o( )of UE( UEV UEf UEk V V&( V&V V&f V; V;E V;T V;c VB(
        VBV VBf VE( VEV VEf VEk VU( VUE Vc Vo( VoV Vof f() f(V f(f
    `,
  },
  {
    what: 'GROUP BY, LIMIT and the like behind a value',
    shapes: `
      nB: ([1n]&
      VB: (V) (Vo (f( E(V E(f V V&( V&V V&f V,( V,f V; V;c VBV VBf VU( VUE Vc Vk( VkV Vkf Vo( VoV Vof f() f(V f(f
    `,
  },
  {
    what: 'UNION behind a value',
    shapes: `
      [1v]U
      VU: (E( (EV (Ef (Ek (V) (Vo (f( ; ;c E E(E E(V E(f E(o E; E;c EV EV& EV( EV) EV, EV; EVB EVU E[1v][sn] E[sn][1s] E[1s]v
        EVc EVf EVk EVo Ec Ef Ef( Ef, Ef; Efc Ek Ek( Ek; EkV Ekc Ekf Eko Eon Eok TnV V,f Vc Vo( VoV Vof c f() f(V f(f k(E o(E
        on( on[1s] onf
      1U: Enn
      [1sn]U: Tn(
      [sn]U: Tnf
      [1n]U: 1,(
    `,
  },
  {
    what: 'query behind a value',
    shapes: `
      VE: (V) (Vo (f( U(V UEf UEk UVc UVo V;T VT( VTV VTf VUE Vc Vo( VoV Vof f() f(V f(f k(f kV; kVT kVc kf( kok okn
      [1s]E: U1, k([1n] kU[1s]
      LE: nEn knE kLo
      sE: k[1v]U
    `,
  },
  {
    what: 'statement or type behind a value',
    shapes: `
      VT: (V) (Vo (f( E(V EVn EVo Ef( EkV Ekf Tnn Tnk [vn](1 V(f V;E V;T n;n nEV nEf nTV nVc nVo nf( nkn Vo( VoV Vof f() f(V f(f
      [1sn]T: TnE TnT nTf nn:
      [svn]T: n(s
      1T: nE(
      [sn]T: nT(
    `,
  },
  {
    what: 'statement stacked behind a value',
    shapes: `
      V;: E(V E(f EV, EV; EVT EVc EVk EVo Ef( EkV Eko T(E T(V T(c T(f T; T;c TTV TV( TV, TV; TVT TVc TVf TVk TVo Tf( Tk( TkV Tkf
        Tkk Tko To( V:T
      [1n];: EnE
      [sn];: TnE
      [1sn];: TnV
    `,
  },
  {
    what: 'value that closes a parenthesis',
    shapes: `
      V): &(E &(V &(f &V &V) &V; &VB &VU &Vc &Vf &Vo &f( ,(V ;EV ;Ef ;Eo ;T( ;TV ;Tf ;Tk ;To B(V B(f BV BV& BV; BVU BVc BVk BVo
        Bf( E(V EVc EVo Ef( EkV Ekf U(E UE( UEV UEf UEk c f(f k(V k(f kB( kBV kUE kV& kV; kVB kVE kVU knc knk kVo kf( o(E o(V
        o(f oV oV& oV) oV; oVB oVU oVc oVk of(
      [1sn]): B1n
    `,
  },
  {
    what: 'value and a parenthesis',
    shapes: `
      L(: Enk
      V(: Ef( U(E
      1(: Ekn
    `,
  },
  { what: 'list that goes on with a call or a query', shapes: `V,: (E( (EV (Ef (Ek (V) (Vo (f( f() f(V f(f` },
  {
    what: 'call behind a value',
    shapes: `
      Vf: ()U ()V ()f ()k ()o (E( (EV (Ef (Ek (V) (Vo (f(
      [1sn]f: (n,
      Lf: (1n
    `,
  },
  {
    what: 'collation behind a value',
    shapes: `
      VA: (V) (Vo (f( ToV Tof VoV f() f(V f(f
      [1s]A: sof
    `,
  },
  { what: 'comment behind a value', shapes: `Vc` },
  {
    what: 'two values side by side',
    shapes: `
      1n: &f( ([sv]) (Lo (f( )UE ,f( E(V E(f EVc EVo Ef( U(E UE UE( UEV UEf
      [1s][sv]: UE [sv]; s;c sc so( sof f([1vn] f(f
      [sn][1s]: UE
      [1n][sn]: UE;
      VV: UEc UEk
      [1s]v: soV
      [1ns]1: vos
      [1s]s: [sv] [sv]c [sv]o( [sv]of
      1[sv]: s f()
      s[1s]: v nc f() f(V f(f
      [sn]1: [sv]; [sv];c [sv]c vof
      [1s]v: o([1sn] o(f oV( oVf of(
      n1: o(V o(f oV( oVf of(
      n[1s]: oVU
    `,
  },
  {
    what: 'query in front',
    shapes: `
      E(: E(E E(V EV& EV) EVo Ef( Ek( EkV Ekf V&( V&V V&f n(L n(f V)& V), V); V)B V)U V)V V)c V)f V)k V)o V,f [1s][sv]) [sn]1)
        [sv]s) 1n) n1o Vf( Vo( VoV Vof f() f(E f(V f(f
      EV: &(E &(V &(f &V) &Vo &f( ) )&( )&V )&f ); );E );T );c )UE )c )kn )o( )oV )of ,(V ,(f ,f( ;(E B(V BV) BVo Bf( U(E UE(
        UEV UEf V)U V; f() f(V f(f k(E k(V k(f kV) kV; kVU knc kVk kVo kf( o(E o(V o(f oV& oV( oV) oV, oV; oVB oVU osL oLs
        o1[vn] on1 oVf oVk of(
      En: ([sv]) (Lo (f( 1;c 1o( 1oV 1of kn, knB
      E[1s]: v vc vof
      Ev: [sn] [sn]o( [sn]oV [sn]of
      Es: [1s] [1s]c
      E[1v]: [sn];c [sn]c nkn
      E1: voV
      EL: kn
      Ef: ()& (), ()B ()V ()k ()o (E( (EV (Ef (V& (V) (V, (Vo (f( (o)
      Ek: (E( (EV (Ef (V) (VV (Vf (Vo (f( V&V V&f n(1 V(f V) V); V)U V)c V)k V)o V,f V;( VBV VBf VUE L[sv] [sn]1 1n 1n) 1[svn]c
        [sn]1c 1[sv]f s[1s]f 1[svn]k [sn]1k [1s]vo [sv]so n1o Vf( Vk( VkV Vkf VoV Vof f(V o(V o(f okn
      Eo: k(E knk
    `,
  },
  {
    what: 'call in front',
    shapes: `
      f(: )&( )&E )&V )&f )&k ),( ),V ),f );V )BV )Bf )EV )Ef )Ek )UE )V( )n) )n, )VE )VU )1[vn] )n1 )Vf )Vo )c )f( )k( )kV )kf
        )o( )oU )oV )of )ok E(E E(V E(f EV& EV) EVk EVo Ef( Ek( Eok T,( T,f V&( V&V V&f V) V)& V), V); V)B V)E V)T V)U V)V V)c
        V)f V)k V)o V,( V,f Vo( VoV Vof f() f(E f(V f(f
    `,
  },
  {
    what: 'statement or type in front',
    shapes: `
      T(: n(s V)f V)o VV) VVo Vo( VoV Vof f(V f(f
      Tn: (L) [1sn]; V;c [1sn]o( VoV Vof
      TV: (f( f() f(V f(f o(V o(f oVf of(
      Tf: ()o (V) (Vo (f(
    `,
  },
  {
    what: 'UNION in front',
    shapes: `
      U(: E(V EV) Enk EVo EkV Eok
      UE: (V) (V, (Vo (f( V n() V,( V,f V; V;c Vc Vk( VkV Vkf Vo( VoV Vof f() f(V f(f kV kV; kVc kVk kf(
      Uf: (f(
    `,
  },
  {
    what: 'AND, OR in front',
    shapes: `
      &(: V)U V)o Vo( VoV Vof f() f(V f(f
      &V: UE( UEV UEf UEk o(V oV( oVU osL oLs o1[vn] on1 oVf of(
      &f: ()o (V) (Vo (f(
    `,
  },
  {
    what: 'keyword in front',
    shapes: `
      k(: V), V)k V)o Vo( VoV Vof f() f(V
      kV: ,(V ,f( k(V k(f kVU kVo kf( o(V o(f oV( oV, oVA o1[svn] on1 oVf oVk of(
      k[1n]: A[sv]o
      kL: osL o[sv]s
      kf: (), ()k ()o (V) (Vo (f(
    `,
  },
  { what: 'closing parenthesis in front', shapes: `)U: E(V EVk EVo Ef(` },
  { what: 'semicolon in front', shapes: `;T: (Ef` },
  { what: 'comment that servers read differently', shapes: `X` },
];

/** What folding takes out (`1+1`, `1,1`, two strings) cannot be left of a value, so no shape means it. */
export const foldedAway = /1o1|1on|no1|non|vo[1vn]|[1svn],[1svn]|ss/;

/** One of these every attack has; sqli-gate.ts relies on it. Three tokens about a keyword are INTO OUTFILE and the like. */
export const telling = /[UEBTX&c()s]|ov|^.k.$/;

/** Fingerprints that a shape covers, but that prose or code makes. */
export const seenHarmless = `
  1&kno 1&n 1&nEk 1)kno 1)on 11UEc 11UEk 1;TTv 1A1os 1A1ov 1Anos 1B(n) 1EUnc 1EUno 1Un,f 1Unc 1Uno( 1Unof 1Unos 1Unov 1k(1) 1knEk 1kno( 1knos
  1knov 1osUn 1ovUn E11; E1kno E1ks; Ek(sn Eknof Eknos Eknov Enk1; Enk1U Enkno Enn; Ens; Eskno EskvU Ev1; Evk1; Evkno T(1no T(1so T(v1o T(vn) UEn
  kno(1 kno(f kno(n kno(s kno(v knof( knos( knos, knosA knosf knosk knov( knov, knovA knovf knovk kskno n&En n&kno n&n n&n; n&nBn n&nEk n&nc n&nkn
  n&s n(Ef( n(U(E n)c n)kno n)o1 n)on n,(n) n;1:T n;TT1 n;Tkn nA(1) nA1os nA1ov nAnos nB(n) nBn nEUno nEk1; nEk1T nEk1c nEkf( nEkn; nEknT nEknc
  nEkok nEksT nEksc nEkvc nEnc nT1;T nUn,f nUnc nUno( nUnof nUnos nUnov nf(n) nk(n) nkn&n nknEk nknEn nknc nkno( nknos nknov nnUEc nnUEk nok&1
  nok&f nok&n nok&s nok&v nosUn novUn s&kno s&nEk s)kno s)on sA1os sA1ov sAnos sB(n) sEUnc sEUno sTs;T sUn,f sUnc sUno( sUnof sUnos sUnov sknEk
  skno( sknof sknos sknov snUEc snUEk so1Un sokno sonEk sonUn sonc sonkn sosUn sovUn v&kno v)kno vB(n) vEUno vUn,f vUnc vUno( vUnof vUnos vUnov
  vknos vknov vosUn
`;
