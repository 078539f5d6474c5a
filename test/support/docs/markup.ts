import { SaxesParser } from 'saxes';

/** An element of a document, with all the text inside. */
export interface Element {
  name: string;
  attributes: Readonly<Record<string, string>>;
  text: string;
}

/** All elements of an XML document, in order. Throws if it is not well-formed. */
export function parseXml(document: string): Element[] {
  const elements: Element[] = [];
  const open: Element[] = [];
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const values = Object.fromEntries(Object.entries(attributes).map(([key, { value }]) => [key, value]));
    const element = { name, attributes: values, text: '' };
    elements.push(element);
    open.push(element);
  });
  parser.on('text', (text) => {
    for (const element of open) element.text += text;
  });
  parser.on('closetag', () => open.pop());
  parser.write(document).close();
  return elements;
}
