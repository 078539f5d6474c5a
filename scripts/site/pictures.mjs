// A picture is a link to itself: on a phone the letters of a screen are small, and alone it can be made larger.
import { cpSync } from 'node:fs';
import { basename, join, posix } from 'node:path';

const FOLDER = 'docs/images';

/** @param {import('vitepress').MarkdownRenderer} md */
export function linkPictures(md) {
  const { image } = md.renderer.rules;
  md.renderer.rules.image = (tokens, at, options, env, self) => {
    const target = `${FOLDER}/${basename(tokens[at].attrGet('src'))}`;
    const href = posix.relative(posix.dirname(env.relativePath), target);
    return `<a class="picture" href="${href}" target="_blank">${image(tokens, at, options, env, self)}</a>`;
  };
}

/** Those in the pages have other names, or are within the page. */
export function writePictures(directory) {
  cpSync(join(import.meta.dirname, '../..', FOLDER), join(directory, FOLDER), { recursive: true });
}
