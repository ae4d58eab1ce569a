// Operators that need something outside the value. @geoLookup asks the database that the gateway brought. @rbl looks at
// answers about the client that the caller resolved before the transaction (the engine does no I/O); off when there are none.
// Other addresses than the client's are never listed.
// The operators that cannot be had without native libraries or network access are refused, each with the reason.
import { ArgumentError, noGates, type OperatorDefinition } from './contract.ts';

export const geoLookup: OperatorDefinition = {
  kind: 'prepared', name: 'geoLookup',
  prepare: (_argument, sources) => ({
    test: (value, facts) => {
      const record = sources.geo?.lookup(value) ?? null;
      if (record !== null) facts?.setGeo(record);
      return record !== null;
    },
    exec: null, gates: noGates, needsFacts: true,
  }),
};

export const rbl: OperatorDefinition = {
  kind: 'prepared', name: 'rbl',
  prepare: (argument, sources) => {
    const zone = argument.trim().toLowerCase().replace(/\.$/, '');
    if (!/^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/.test(zone) || zone.length > 150) throw new ArgumentError(`not the name of a block list: ${argument}`);
    sources.zone?.(zone);
    return { test: (value, facts) => facts !== null && value === facts.clientAddress && (facts.reputation?.has(zone) ?? false), exec: null, gates: noGates, needsFacts: true };
  },
};

export const unconditionalMatch: OperatorDefinition = {
  kind: 'prepared', name: 'unconditionalMatch', prepare: () => ({ test: () => true, exec: null, gates: noGates, needsFacts: false }),
};
export const noMatch: OperatorDefinition = {
  kind: 'prepared', name: 'noMatch', prepare: () => ({ test: () => false, exec: null, gates: noGates, needsFacts: false }),
};

const refusals: Record<string, string> = {
  validateSchema: 'XML Schema validation is not supported; validate in the application or at an API gateway',
  validateDTD: 'DTDs are never processed, so that entities cannot be expanded',
  validateHash: 'hash tokens in links (SecHashEngine) are not supported',
  inspectFile: 'running a script per file is not supported; use the antivirus inspector',
  fuzzyHash: 'ssdeep digests are not supported',
  gsbLookup: 'Google Safe Browsing is not supported',
  rsub: 'rewriting content with rules is not supported',
};

export const refused: readonly OperatorDefinition[] = Object.entries(refusals).map(([name, why]) => ({ kind: 'refused', name, why }));
