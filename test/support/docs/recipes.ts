import { type Block, blocksOf, pageText } from './doc-examples';
import type { UserProject } from './user-project';

/** A block marked `recipe`: code that a test puts into a program, or a file of its own. */
export interface Recipe extends Block {
  /** The heading that it is below. */
  heading: string;
}

export function recipesOf(page: string): Recipe[] {
  const lines = pageText(page).split('\n');
  return blocksOf(page)
    .filter(({ words }) => words.includes('recipe'))
    .map((block) => {
      const above =
        lines
          .slice(0, block.line - 1)
          .filter((line) => /^#+ /.test(line))
          .at(-1) ?? '';
      return { ...block, heading: above.replace(/^#+ /, '') };
    });
}

/** The code of the recipe below a heading; the `index`th if there are several. */
export function recipe(page: string, heading: string, index = 0): string {
  const found = recipesOf(page).filter((each) => each.heading === heading)[index];
  if (found === undefined) throw new Error(`${page} has no recipe ${index} below "${heading}"`);
  return found.text;
}

/** A block marked `program NAME`: the file NAME of the program of its page. */
export interface ProgramFile extends Block {
  name: string;
}

export function programFilesOf(page: string): ProgramFile[] {
  return blocksOf(page)
    .filter(({ words }) => words.includes('program'))
    .map((block) => ({ ...block, name: block.words[block.words.indexOf('program') + 1] ?? '' }));
}

/** Writes all files of the program of a page. */
export function writeProgram(page: string, project: UserProject): void {
  const files = programFilesOf(page);
  if (files.length === 0) throw new Error(`${page} has no program`);
  for (const { name, text } of files) project.write(name, text);
}

/** One file of the program of a page. */
export function programFile(page: string, wanted: string): string {
  const found = programFilesOf(page).find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`${page} has no file ${wanted}`);
  return found.text;
}
