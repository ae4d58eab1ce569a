// Commands that need no gateway: check, schema, init, completion, version, help, and what they say when none runs.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sallyport, temporaryDirectory } from './command.ts';

const sound = `listeners: { main: { bind: "127.0.0.1:0", service: site } }
services: { site: { protocol: http, routes: [ { respond: { status: 200, body: hi } } ] } }
policy: [ { id: all, then: allow } ]
`;

test('check says 0 for a sound file, 1 with every place for a faulty one, 2 for wrong usage', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  writeFileSync(join(cwd, 'good.yaml'), sound);
  writeFileSync(join(cwd, 'bad.yaml'), sound.replace('service: site', 'servise: site').replace('then: allow', 'then: perhaps'));
  const [good, bad, json, none, missing] = await Promise.all([
    sallyport(['check', 'good.yaml'], { cwd }), sallyport(['check', 'bad.yaml'], { cwd }), sallyport(['check', 'bad.yaml', '--json'], { cwd }),
    sallyport(['check'], { cwd }), sallyport(['check', 'nowhere.yaml'], { cwd }),
  ]);
  assert.equal(good.code, 0);
  assert.match(good.stdout, /^ok: 1 listener, 1 service, 0 pools, 1 rule; version [0-9a-f]{12}\n$/);
  assert.equal(bad.code, 1);
  assert.match(bad.stdout, /bad\.yaml:1:\d+: error: .*servise/);
  assert.match(bad.stdout, /bad\.yaml:3:\d+: error/);
  assert.doesNotMatch(bad.stdout, /\u001b/);
  const answer = JSON.parse(json.stdout) as { ok: boolean; problems: { line: number; code: string }[] };
  assert.equal(json.code, 1);
  assert.equal(answer.ok, false);
  assert.ok(answer.problems.some(({ line, code }) => line === 1 && code === 'schema.unknown-key'));
  assert.equal(none.code, 2);
  assert.match(none.stderr, /missing required argument/);
  assert.equal(missing.code, 1);
  assert.match(missing.stdout, /nowhere\.yaml.*no such file/);
});

test('run does not start with a faulty file', async () => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, 'bad.yaml'), 'listeners: [');
  const ended = await sallyport(['run', 'bad.yaml'], { cwd: directory.path });
  assert.equal(ended.code, 1);
  assert.match(ended.stderr, /bad\.yaml:1:\d+: error/);
  assert.equal(existsSync(join(directory.path, '.sallyport')), false);
});

test('with --json whatever goes wrong is one line of JSON, and nothing else is printed', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  writeFileSync(join(cwd, 'bad.yaml'), 'listeners: [');
  const wrong = [
    { args: ['run', 'bad.yaml'], code: 1, error: /nothing was started/, more: 'problems' },
    { args: ['run', 'missing.yaml'], code: 1, error: /nothing was started/, more: 'problems' },
    { args: ['run'], code: 2, error: /^missing required argument 'files'$/ },
    { args: ['rnu', 'bad.yaml'], code: 2, error: /^unknown command 'rnu'$/ },
    { args: ['run', 'bad.yaml', '--wokers', '2'], code: 2, error: /^unknown option '--wokers'$/ },
    { args: ['logs', '--follow'], code: 3, error: /no running gateway was found/ },
  ];
  await Promise.all(wrong.map(async ({ args, code, error, more }) => {
    const ended = await sallyport([...args, '--json'], { cwd, environment: { SALLYPORT_SOCKET: './nowhere.sock' } });
    assert.equal(ended.code, code, args.join(' '));
    assert.equal(ended.stderr, '');
    assert.match(ended.stdout, /^\{.*\}\n$/);
    const answer = JSON.parse(ended.stdout) as Record<string, unknown>;
    assert.equal(answer['ok'], false);
    assert.match(String(answer['error']), error);
    if (more !== undefined) assert.ok(Array.isArray(answer[more]) && answer[more].length > 0);
  }));
});

test('init writes what check accepts, keeps what is there, and refuses wrong answers', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const flags = ['--listen', '127.0.0.1:8085', '--origin', '127.0.0.1:9001', '--origin', '127.0.0.1:9002',
    '--host', 'shop.example', '--admin-network', '10.0.0.0/8', '--health-path', '/healthz'];
  const made = await sallyport(['init', ...flags], { cwd });
  assert.equal(made.code, 0, made.stderr);
  const text = readFileSync(join(cwd, 'sallyport.yaml'), 'utf8');
  assert.match(text, /^#/m);
  assert.match(text, /shop\.example/);
  const [checked, again, wrong, printed] = await Promise.all([
    sallyport(['check', '--strict', 'sallyport.yaml'], { cwd }), sallyport(['init', ...flags], { cwd }),
    sallyport(['init', '--origin', 'no port', '--output', 'x.yaml'], { cwd }), sallyport(['init', '--output', '-'], { cwd }),
  ]);
  assert.equal(checked.code, 0, checked.stdout);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /exists already[\s\S]*--force/);
  assert.equal(wrong.code, 2);
  assert.equal(existsSync(join(cwd, 'x.yaml')), false);
  assert.equal(printed.code, 0);
  assert.match(printed.stdout, /listeners:/);
});

test('schema is JSON Schema; completions are valid shell and name the commands', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const [schema, bash, fish, odd, version] = await Promise.all([
    sallyport(['schema'], { cwd }), sallyport(['completion', 'bash'], { cwd }), sallyport(['completion', 'fish'], { cwd }), sallyport(['completion', 'tcsh'], { cwd }),
    sallyport(['version', '--json'], { cwd }),
  ]);
  assert.ok('properties' in (JSON.parse(schema.stdout) as object));
  assert.equal(spawnSync('bash', ['-n'], { input: bash.stdout }).status, 0);
  // Beside files whose names are like those of commands, and with blanks in them.
  mkdirSync(join(cwd, 'logs'));
  writeFileSync(join(cwd, 'a b.yaml'), '');
  const complete = (...words: string[]): string[] => {
    const script = `${bash.stdout}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sallyport; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return spawnSync('bash', ['-c', script, 'bash', 'sallyport', ...words], { encoding: 'utf8', cwd }).stdout.trim().split('\n');
  };
  assert.deepEqual(complete('ex'), ['explain']);
  assert.deepEqual(complete('lo'), ['logs']);
  assert.deepEqual(complete('backends', 'dr'), ['drain']);
  assert.deepEqual(complete('backends', 'drain', '--rea'), ['--reason']);
  assert.deepEqual(complete('waf', 'exclude', '--rem'), ['--remove']);
  assert.deepEqual(complete('logs', '--outcome', 'de'), ['denied']);
  assert.deepEqual(complete('logs', '--since', ''), ['']);
  assert.deepEqual(complete('run', '').sort(), ['a b.yaml', 'logs']);
  assert.deepEqual(complete('run', 'a'), ['a b.yaml']);
  assert.deepEqual(complete('run', '--st'), ['--state-dir']);
  assert.match(bash.stdout, /compopt -o filenames/);
  assert.doesNotMatch(bash.stdout, /complete .*-o filenames/, 'a directory named like a command would be completed as a directory');
  assert.match(fish.stdout, /-a sessions/);
  assert.equal(odd.code, 2);
  assert.match((JSON.parse(version.stdout) as { version: string }).version, /^\d+\.\d+\.\d+/);
});

test('without a running gateway commands say where they looked and what to do', async () => {
  using directory = temporaryDirectory();
  const cwd = directory.path;
  const [plain, json, unknown, help] = await Promise.all([
    sallyport(['status'], { cwd }), sallyport(['sessions', '--json', '--socket', './nowhere.sock'], { cwd }), sallyport(['stauts'], { cwd }), sallyport(['help', 'logs'], { cwd }),
  ]);
  assert.equal(plain.code, 3);
  assert.match(plain.stderr, /\.sallyport\/admin\.sock[\s\S]*sallyport run/);
  assert.equal(json.code, 3);
  assert.equal((JSON.parse(json.stdout) as { ok: boolean }).ok, false);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /Did you mean status\?/);
  assert.equal(help.code, 0);
  assert.match(help.stdout, /--follow[\s\S]*Examples:/);
});
