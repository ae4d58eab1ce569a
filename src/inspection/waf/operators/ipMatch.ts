// @ipMatch (addresses and networks, comma separated), @ipMatchFromFile and @ipMatchF (one a line, # comments).
import ipaddr from 'ipaddr.js';
import { ArgumentError, prepared, type OperatorDefinition, type OperatorSources, type PreparedOperator } from './contract.ts';
import { phrasesOf } from './pm.ts';

type Network = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

function networkOf(text: string): Network {
  try {
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    const address = ipaddr.parse(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  } catch {
    throw new ArgumentError(`not an address or network: ${text}`);
  }
}

function matcher(entries: readonly string[]): PreparedOperator {
  const networks = entries.map(networkOf);
  if (networks.length === 0) throw new ArgumentError('no address given');
  return prepared((value) => {
    if (!ipaddr.isValid(value)) return false;
    const address = ipaddr.process(value);
    return networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
  });
}

function fromFile(argument: string, sources: OperatorSources): PreparedOperator {
  const text = sources.readFile(argument.trim());
  if (text === null) throw new ArgumentError(`cannot read the address file ${argument.trim()}`);
  return matcher(phrasesOf(text));
}

export const ipMatch: OperatorDefinition = {
  kind: 'prepared', name: 'ipMatch', prepare: (argument) => matcher(argument.split(',').map((part) => part.trim()).filter((part) => part !== '')),
};
export const ipMatchFromFile: OperatorDefinition = { kind: 'prepared', name: 'ipMatchFromFile', prepare: fromFile };
export const ipMatchF: OperatorDefinition = { kind: 'prepared', name: 'ipMatchF', prepare: fromFile };
