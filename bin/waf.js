// What `import ... from 'sallyport/waf'` gives: the engine's public face. In a checkout its sources run as they are; below
// node_modules, where Node strips no types, the build does (npm run build:waf, which packing runs).
const packed = import.meta.url.includes('/node_modules/');
const engine = await import(packed ? '../dist/waf/inspection/waf/index.js' : '../src/inspection/waf/index.ts');
const baseline = await import(packed ? '../dist/waf/inspection/waf/baseline/index.js' : '../src/inspection/waf/baseline/index.ts');

export const { loadRuleSet, RuleSet, Transaction, MemoryStore, defaultMaxRecords, formatFault, memorySource } = engine;
export const { baselineParts } = baseline;
