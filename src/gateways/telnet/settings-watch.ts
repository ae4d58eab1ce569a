// Schemas of command control, recording and watching of a Telnet service.
import { z } from 'zod';
import { duration, resourceName } from '#core/settings/primitives.ts';

const commandPattern = z.string().min(1).max(500)
  .meta({ title: 'command pattern', examples: ['reload', 'wr[ite] erase', 'rm -rf *', '/^no\\s+ip/i'] });

const commandRule = z.strictObject({
  id: resourceName().describe('Name of the rule in records and notices.'),
  commands: z.array(commandPattern).min(1).max(500)
    .describe('What it is about: the first words of a command, where `*` stands for any text and letters in square brackets may be left out from the end '
      + '(`rel[oad]` is rel, relo, reloa and reload). Or a regular expression between slashes. A line is taken apart at `;`, `|`, `&` and the like.'),
  users: z.array(z.string().min(1).max(64)).min(1).optional()
    .describe('Only for these users: of the gateway\'s login, else the name that was typed at the host\'s login prompt. `*` stands for any text.'),
  then: z.enum(['allow', 'alert', 'block', 'approve', 'close'])
    .describe('`allow`: no further rule is looked at. `alert`: passes, and is recorded as noticed. `block`: the line is cleared and the user told. `approve`: waits for '
      + 'a second person (`sallyport approve`). `close`: ends the session.'),
  message: z.string().max(200).optional().describe('Text for the user.'),
});

export const commandControlSettings = z.strictObject({
  rules: z.array(commandRule).max(500).prefault([]).describe('Looked at from top to bottom; the first that fits decides. Then policy is asked (action COMMAND).'),
  otherwise: z.enum(['policy', 'block']).prefault('policy').describe('For lines that no rule fits: `policy` asks policy, `block` blocks them.'),
  match: z.enum(['typed', 'echo', 'both']).prefault('both')
    .describe('What is compared: the line as reassembled from what was typed, as the host echoed it, or both. With `typed` nothing waits for echo, and it is '
      + 'believed that erase and kill do what they ask for.'),
  echoWait: duration().prefault('300ms')
    .describe('How long Enter waits for the host to show what typing alone does not tell: a line that was recalled from history, completed, or edited within, and '
      + 'that erase, kill and the clearing of a blocked line have done what they ask for. Set it above the longest round trip to a host.'),
  unknown: z.enum(['allow', 'alert', 'block']).prefault('alert')
    .describe('What becomes of a line that typing does not tell and that the host has not shown by then, when no rule fits what is known of it. With `block` a '
      + 'permission fits such a line only if it is one for everything.'),
  caseSensitive: z.boolean().prefault(false).describe('Whether upper and lower case differ in patterns.'),
  clear: z.enum(['^U', '^C', '^U^K', 'none']).prefault('^U').describe('What is sent to a host to clear a line that was blocked.'),
  approvalTimeout: duration().prefault('5m').describe('A line that nobody has approved by then is blocked.'),
  approvers: z.enum(['anyone', 'token']).prefault('anyone')
    .describe('Who may approve: `token`: only whoever a token of the admin API proves to be somebody. `anyone`: also whoever reaches the admin socket, under the '
      + 'name that they give, which is recorded as claimed. Never the user of the session.'),
  record: z.boolean().prefault(true).describe('Whether each line is recorded as an operation. Lines typed at a password prompt or without echo are masked.'),
});

export const recordingSettings = z.strictObject({
  output: z.boolean().prefault(true).describe('What the terminal shows.'),
  input: z.boolean().prefault(false).describe('What is typed, line by line; passwords are masked.'),
  notice: z.string().max(500).prefault('').describe('Text for the user at the beginning, such as that the session is recorded.'),
});

export const watchSettings = z.strictObject({
  allow: z.boolean().prefault(true).describe('Whether operators may follow a session read-only.'),
  notice: z.boolean().prefault(false).describe('Whether the user is told when somebody begins to follow.'),
});

export type CommandControlSettings = z.output<typeof commandControlSettings>;
export type CommandRuleSettings = CommandControlSettings['rules'][number];
