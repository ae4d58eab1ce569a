// Resources of the admin API for recordings of sessions: which there are, and the files as they are (encrypted ones stay so).
import { createReadStream } from 'node:fs';
import { z } from 'zod';
import { recordingAnswer } from '../answers.ts';
import { ApiProblem } from '../problem.ts';
import { route, type AnyRoute } from '../route.ts';

export const recordingRoutes: readonly AnyRoute[] = [
  route({
    method: 'GET', url: '/v1/recordings', role: 'viewer', tag: 'recordings', summary: 'Recordings of sessions, the newest first',
    query: z.object({ limit: z.coerce.number().int().min(1).max(100_000).default(1000) }),
    answer: z.strictObject({ total: z.number(), recordings: z.array(recordingAnswer) }),
    handle: async ({ plane, query }) => {
      const recordings = await plane.recordings();
      return { total: recordings.length, recordings: recordings.slice(0, query.limit) };
    },
  }),
  route({
    method: 'GET', url: '/v1/recordings/:session', role: 'operator', tag: 'recordings', summary: 'One recording, as it is on disk',
    description: 'Asciicast version 2. One that was encrypted is given encrypted: its key stays with whoever may see it.',
    params: z.object({ session: z.string().min(1).max(100) }), answer: z.string().describe('The file.'), answerType: 'application/octet-stream',
    handle: async ({ plane, params, reply, author }) => {
      const recording = await plane.recording(params.session);
      if (recording === undefined) {
        const detail = `there is no recording of session ${params.session}`;
        throw new ApiProblem('not-found', detail, 'it may be past recordings.maxAge, or nothing was recorded; the list is at /v1/recordings');
      }
      plane.recordControl('replay', author, params.session, 'the recording was read', 'allowed');
      await reply.type('application/octet-stream').send(createReadStream(recording.path, { end: Math.max(0, recording.bytes - 1) }));
      return undefined;
    },
  }),
];
