// Makes the packages that are published: sidewire itself, and the platform's package with the addon. The platform
// package's manifest is generated here, so that a clone never names a package that does not exist.
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ADDON, build } from './build.mjs';
import { platformName } from './platform.mjs';
import { Failed, isMain, main, NATIVE, output, ROOT, say } from './shell.mjs';

/** What is in the main package beside package.json, as `files` there says it. */
const SHIPPED = [
  'dist',
  'rules',
  'src/schema',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'native/THIRD_PARTY_NOTICES.md',
];

/** Packs both into `folder`; the paths of the tarballs. */
export function pack(folder) {
  const platform = platformName();
  const stage = join(ROOT, '.sidewire', 'pack');
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return [
    stageAddon(join(stage, 'platform'), platform, manifest),
    stageMain(join(stage, 'main'), platform, manifest),
  ].map((staged) => tarball(staged, folder));
}

function stageAddon(stage, platform, { version, license, engines, description }) {
  const [os, cpu, libc] = platform.split('-');
  const file = `sidewire.${platform}.node`;
  mkdirSync(stage, { recursive: true });
  copyFileSync(ADDON, join(stage, file));
  const notices = join(NATIVE, 'THIRD_PARTY_NOTICES.md');
  if (existsSync(notices)) copyFileSync(notices, join(stage, 'THIRD_PARTY_NOTICES.md'));
  copyFileSync(join(ROOT, 'LICENSE'), join(stage, 'LICENSE'));
  const library = { gnu: 'glibc', musl: 'musl' }[libc];
  write(stage, {
    name: `@sidewire/${platform}`,
    version,
    description: `${description} The native addon for ${platform}.`,
    license,
    main: file,
    os: [os],
    cpu: [cpu],
    ...(library ? { libc: [library] } : {}),
    engines,
  });
  return stage;
}

function stageMain(stage, platform, manifest) {
  mkdirSync(stage, { recursive: true });
  for (const path of SHIPPED)
    if (existsSync(join(ROOT, path))) cpSync(join(ROOT, path), join(stage, path), { recursive: true });
  const { scripts: _, devDependencies: __, overrides: ___, ...published } = manifest;
  write(stage, { ...published, optionalDependencies: { [`@sidewire/${platform}`]: manifest.version } });
  return stage;
}

function write(stage, manifest) {
  writeFileSync(join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

function tarball(stage, folder) {
  const text = output('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: stage });
  if (text === null) throw new Failed(`\`npm pack\` failed in ${stage}.`);
  const answer = JSON.parse(text);
  const [packed] = Array.isArray(answer) ? answer : Object.values(answer);
  return join(folder, packed.filename.replace('@', '').replace('/', '-'));
}

if (process.argv[1] && isMain(import.meta.url))
  await main(async () => {
    await build();
    for (const file of pack(resolve(process.argv[2] ?? join(ROOT, '.sidewire', 'packages')))) say(`pack: ${file}`);
  });
