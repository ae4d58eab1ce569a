// Settings of the firewall as they are when a configuration says nothing but `ruleset`.
import type { WebInspectionSettings } from '#contract/web-inspection.ts';

export function plainInspectionSettings(): WebInspectionSettings {
  const nothing: readonly never[] = [];
  return {
    ruleset: ['own.conf'], path: '', setup: '', plugins: '', mode: 'block', geoDatabase: '',
    askBlockLists: false, blockListServers: nothing, blockListTimeoutMs: 300,
    paranoia: 0, inboundThreshold: 0, outboundThreshold: 0, allowedMethods: nothing, allowedContentTypes: nothing, allowedVersions: nothing,
    exclusions: nothing, logOnlyRules: nothing, logOnlyTags: nothing,
    inspectRequestBody: true, requestBodyLimit: -1, requestBodyNoFilesLimit: -1, requestBodyOnLimit: 'reject',
    inspectResponseBody: false, responseBodyLimit: -1, responseBodyTypes: ['text/html'], responseBodyOnLimit: 'process-partial',
    onEngineError: 'block', keepRequests: 'no', keepBodyBytes: 0,
  };
}
