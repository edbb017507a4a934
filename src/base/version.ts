/** The version of this package, equal to that of `package.json`. It is in the source because bundles of this code have no `package.json`. */
export const VERSION = '0.1.0';
