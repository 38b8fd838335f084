// One oldest compiler, said where each tool looks for it.
import { OLDEST } from '../rust.mjs';

export const toolchain = {
  name: 'oldest Rust',
  about: 'the workspace, the tools and clippy agree on the oldest Rust',
  find({ texts }) {
    const wanted = OLDEST.join('.');
    const places = [
      ['native/Cargo.toml', /^rust-version = "([^"]+)"/m],
      ['native/clippy.toml', /^msrv = "([^"]+)"/m],
    ];
    return places.flatMap(([path, pattern]) => {
      const [, found] = pattern.exec(texts[path] ?? '') ?? [];
      return found === wanted ? [] : [`${path} says ${found ?? 'nothing'}, src/tools/rust.mjs says ${wanted}`];
    });
  },
};
