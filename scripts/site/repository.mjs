// The links to the repository, which are there once package.json says where it is.

/** @param {string} url `repository.url` of package.json */
export function editLink(url) {
  const address = url.replace(/^git\+/, '').replace(/\.git$/, '');
  const host = URL.canParse(address) ? new URL(address).host : undefined;
  if (host === 'github.com') return { pattern: `${address}/edit/main/:path`, text: 'Edit this page' };
  return host === 'gitlab.com' ? { pattern: `${address}/-/edit/main/:path`, text: 'Edit this page' } : undefined;
}

/** What is made from elsewhere can't be edited: the pages of the API, and those of other files. */
export const isWritten = ({ filePath }) => !filePath.startsWith('docs/api/') && !filePath.includes('[');
