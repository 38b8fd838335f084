// What is depended on is used: of crates by their sources, of npm packages by ours.
import { nodes } from './tree.mjs';

export const rustDependencies = {
  name: 'unused crates',
  about: 'every dependency of a crate is named in its sources',
  find({ rust, metadata, texts }) {
    const ours = metadata.packages.filter(({ id }) => metadata.workspace_members.includes(id));
    const libraries = new Map(metadata.packages.map((one) => [one.name, libraryOf(one)]));
    return ours.flatMap(({ name, dependencies, manifest_path: manifest }) => {
      const folder = /native\/crates\/[^/]+/.exec(manifest)?.[0];
      const all = rust.filter(({ path }) => path.startsWith(`${folder}/`));
      const unused = new Set();
      for (const { name: dependency, rename, kind } of dependencies) {
        const word = new RegExp(`\\b${(rename ?? libraries.get(dependency) ?? dependency).replaceAll('-', '_')}\\b`);
        const isUsed = all.some(
          (file) => belongs(file.path, kind) && word.test(kind === 'dev' ? file.text : file.code),
        );
        if (!isUsed && !isFeature(texts[`${folder}/Cargo.toml`], dependency))
          unused.add(`${name}: ${dependency}${kind ? ` (${kind})` : ''}`);
      }
      return [...unused];
    });
  },
};

/** What a package is called in sources: `md-5` is `md5` there. */
function libraryOf({ name, targets }) {
  return targets?.find(({ kind }) => kind.some((one) => /^(lib|rlib|proc-macro)$/.test(one)))?.name ?? name;
}

/** Files that a kind of dependency is for. */
function belongs(path, kind) {
  if (kind === 'build') return path.endsWith('/build.rs');
  return !path.endsWith('/build.rs');
}

/** A dependency that is there to switch a feature on says so in its manifest: `# for its feature`. */
function isFeature(manifest, dependency) {
  return new RegExp(`^${dependency}\\b.*#.*feature`, 'm').test(manifest ?? '');
}

export const npmDependencies = {
  name: 'unused npm packages',
  about: 'every npm package is imported, run, or types what runs',
  find({ ts, texts }) {
    const manifest = JSON.parse(texts['package.json']);
    const imported = new Set(ts.flatMap((file) => [...importsOf(file)]));
    const scripts = ts
      .filter(({ path }) => path.endsWith('.mjs'))
      .map(({ text }) => text)
      .join('\n');
    const isUsed = (name) =>
      imported.has(name) ||
      new RegExp(`['"\`/]${name}(?:['"\`/]|$)`, 'm').test(scripts) ||
      isProgram(name, scripts) ||
      name === '@types/node';
    return Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }).filter((name) => !isUsed(name));
  },
};

/** Whether the tools run the package's program: `@biomejs/biome` is run as `biome`. */
function isProgram(name, scripts) {
  const program = { '@biomejs/biome': 'biome', '@napi-rs/cli': 'napi', typescript: 'tsc' }[name];
  return program !== undefined && new RegExp(`['"]${program}['"]`).test(scripts);
}

/** Packages that a file imports. */
function* importsOf({ ast }) {
  for (const [{ type, source }] of nodes(ast.body)) {
    if (!/^(Import|Export\w*)(Declaration|Expression)$/.test(type) || typeof source?.value !== 'string') continue;
    const [, name] = /^((?:@[^/]+\/)?[^./][^/]*)/.exec(source.value) ?? [];
    if (name) yield name;
  }
}
