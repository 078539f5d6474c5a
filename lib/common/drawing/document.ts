import { extname } from 'node:path';
import { commandLine, element, type Markup, text } from './markup';
import { CHART_STYLE, PAGE_STYLE } from './style';

const PAGES: ReadonlySet<string> = new Set(['.html', '.htm']);

/** Whether a chart of this name is an HTML page; otherwise it is a drawing. */
export function isPage(file: string): boolean {
  return PAGES.has(extname(file));
}

/** What is drawn, in pixels. */
export interface Drawing {
  markup: readonly Markup[];
  width: number;
  height: number;
}

/** A drawing as an SVG document, with the command as its title. */
export function svgDocument(
  { markup, width, height }: Drawing,
  command: readonly string[],
  description: string,
): string {
  const svg = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      style: 'max-width:100%;height:auto',
    },
    element('title', {}, text(commandLine(command))),
    element('desc', {}, text(description)),
    element('style', {}, { markup: CHART_STYLE }),
    ...markup,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${svg.markup}\n`;
}

export interface Page {
  title: string;
  body: readonly Markup[];
  /** Beside that of all drawings and pages. */
  style?: string;
  script?: string;
}

/** A page that loads nothing, and runs nothing but `script`. */
export function htmlDocument({ title, body, style = '', script }: Page): string {
  const scripts = script === undefined ? '' : `; script-src 'sha256-${hashOf(script)}'`;
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'${scripts}`;
  const head = element(
    'head',
    {},
    element('meta', { charset: 'utf-8' }),
    // Not made by element(), which would escape the quotes of the policy.
    { markup: `<meta http-equiv="Content-Security-Policy" content="${policy}"/>` },
    element('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    // Without it, a browser would request an icon.
    element('link', { rel: 'icon', href: 'data:,' }),
    element('title', {}, text(title)),
    element('style', {}, { markup: CHART_STYLE + PAGE_STYLE + style }),
  );
  const last = script === undefined ? [] : [element('script', {}, { markup: script })];
  return `<!DOCTYPE html>\n${element('html', { lang: 'en' }, head, element('body', {}, ...body, ...last)).markup}\n`;
}

function hashOf(script: string): string {
  // Loaded here, since it takes long and nothing else needs it.
  const { createHash } = require('node:crypto') as typeof import('node:crypto');
  return createHash('sha256').update(script).digest('base64');
}
