// Programs of the pairs: those of the machine, else of packages that were unpacked, each in a root of its own. Remembers which
// roots are in use, so that programs find libraries, modules and one another.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { unpackedPackages, type Unpacked } from '../packages.ts';

export interface Needed { readonly file: string; readonly package: string }

const places = ['usr/sbin', 'usr/bin', 'sbin', 'bin'];

function inRoot(root: string, file: string): string | undefined {
  return (file.includes('/') ? [file] : places.map((place) => join(place, file))).map((path) => join(root, path)).find((path) => existsSync(path));
}

export class Programs {
  readonly #found = new Map<string, string>();
  readonly #unpacked = new Set<Unpacked>();

  /** The first of them that cannot be had, or undefined. */
  missing(needed: readonly Needed[]): Needed | undefined {
    return needed.find((one) => this.#path(one) === undefined);
  }

  #path({ file, package: name }: Needed): string | undefined {
    const known = this.#found.get(file) ?? inRoot('/', file);
    if (known !== undefined) return known;
    const unpacked = unpackedPackages([name]);
    const path = unpacked === undefined ? undefined : inRoot(unpacked.root, file);
    if (path === undefined) return undefined;
    this.#unpacked.add(unpacked!);
    this.#found.set(file, path);
    return path;
  }

  /** @throws Error for one that `missing` was not asked about. */
  path(file: string): string {
    const found = this.#found.get(file) ?? inRoot('/', file);
    if (found === undefined) throw new Error(`${file} was not asked for`);
    return found;
  }

  get roots(): string[] { return [...this.#unpacked].map(({ root }) => root); }

  environment(home: string): NodeJS.ProcessEnv {
    const everywhere = (...paths: string[]): string => this.roots.flatMap((root) => paths.map((path) => join(root, path))).filter((path) => existsSync(path)).join(':');
    const lib = process.arch === 'arm64' ? 'usr/lib/aarch64-linux-gnu' : 'usr/lib/x86_64-linux-gnu';
    const libraries = [...this.#unpacked].map(({ environment }) => environment.LD_LIBRARY_PATH ?? '');
    const more = everywhere('usr/lib/dovecot', ...['pulseaudio', 'samba', 'blas', 'lapack'].map((path) => join(lib, path)));
    return {
      ...process.env, HOME: home, LD_LIBRARY_PATH: [...libraries, more].filter((one) => one !== '').join(':'), PERL5LIB: everywhere('usr/share/perl5'),
      PYTHONPATH: everywhere('usr/lib/python3/dist-packages'), GI_TYPELIB_PATH: everywhere(join(lib, 'girepository-1.0')), GST_PLUGIN_PATH: everywhere(join(lib, 'gstreamer-1.0')),
    };
  }
}
