/** The tools of a suite. Their own scripts do not run: none of them is needed. */
export const npmInstall = ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
